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


class BundleRunner:
    """A bundle under ONNX Runtime.

    Args:
        bundle: What to run; must have a head.
        threads: Threads of a forward pass.

    Raises:
        BundleError: The bundle has no head.
    """

    def __init__(self, bundle: Bundle, threads: int = 1) -> None:
        if bundle.head_onnx is None:
            raise BundleError(f"{bundle.id} has no head to evaluate.", "Export it with one.")
        self.bundle = bundle
        self._encoder = open_session(bundle.encoder_onnx, threads)
        self._head = open_session(bundle.head_onnx, threads)

    def encode(self, pictures: Sequence[NDArray[np.uint8]]) -> dict[str, Floats]:
        """Pictures (H, W, 3) RGB, of any sizes, to outputs by name, first axis the pictures."""
        images = np.stack([prepare(p, self.bundle.card.input) for p in pictures])
        return dict(
            zip(ENCODER_OUTPUTS, self._encoder.run(list(ENCODER_OUTPUTS), {"images": images}), strict=True)
        )

    def compare(
        self, encoded: dict[str, Floats], reference: Sequence[int], frame: Sequence[int]
    ) -> dict[str, Floats]:
        """Head outputs by name for pairs of encoded pictures."""
        feed = {
            "reference_coarse": encoded["coarse"][list(reference)],
            "reference_fine": encoded["fine"][list(reference)],
            "frame_coarse": encoded["coarse"][list(frame)],
            "frame_fine": encoded["fine"][list(frame)],
        }
        return dict(zip(HEAD_OUTPUTS, self._head.run(list(HEAD_OUTPUTS), feed), strict=True))


def open_session(graph: bytes, threads: int = 1) -> ort.InferenceSession:
    """A CPU session of a graph."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    return ort.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
