"""Runs an exported bundle as the service would, for evaluation and parity."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from monitor.vision.bundle import Bundle, BundleError
from monitor.vision.preprocess import prepare

Floats = NDArray[np.float32]
ENCODER_OUTPUTS = ("embedding", "coarse", "fine")
HEAD_INPUTS = ("reference_coarse", "reference_fine", "frame_coarse", "frame_fine")
HEAD_OUTPUTS = ("relation", "displacement", "log_sigma", "agreement")
"""Names of the default network's graphs; others have the grids of their cards, and the outputs of their heads."""


class BundleRunner:
    """A bundle under ONNX Runtime, with all outputs of its graphs.

    Args:
        bundle: What to run.
        threads: Threads of a forward pass.
    """

    def __init__(self, bundle: Bundle, threads: int = 1) -> None:
        self.bundle = bundle
        self._encoder = open_session(bundle.encoder_onnx, threads)
        self._head = None if bundle.head_onnx is None else open_session(bundle.head_onnx, threads)

    def encode(self, pictures: Sequence[NDArray[np.uint8]]) -> dict[str, Floats]:
        """Pictures (H, W, 3) RGB, of any sizes, to outputs by name, first axis the pictures."""
        images = np.stack([prepare(p, self.bundle.card.input) for p in pictures])
        return _run(self._encoder, {"images": images})

    def compare(
        self, encoded: dict[str, Floats], reference: Sequence[int], frame: Sequence[int]
    ) -> dict[str, Floats]:
        """Head outputs by name for pairs of encoded pictures.

        Raises:
            BundleError: The bundle has no head.
        """
        if self._head is None:
            raise BundleError(f"{self.bundle.id} has no head to evaluate.", "Compare its embeddings.")
        feed = {}
        for wanted in self._head.get_inputs():
            side, _, grid = wanted.name.partition("_")
            feed[wanted.name] = encoded[grid][list(reference if side == "reference" else frame)]
        return _run(self._head, feed)


def _run(session: ort.InferenceSession, feed: dict[str, Floats]) -> dict[str, Floats]:
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(names, feed), strict=True))


def open_session(graph: bytes, threads: int = 1) -> ort.InferenceSession:
    """A CPU session of a graph."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    return ort.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
