"""The bundle's graphs under ONNX Runtime, fed in batches."""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

# Before the import: it starts telemetry otherwise, which writes a device id into the user's cache and files into the
# temporary folder, and reports to the maker. Nothing of a site goes anywhere that its operator did not configure.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from monitor.domain.comparison import Relation
from monitor.domain.displacement import Displacement
from monitor.vision.bundle import Bundle, BundleError

Floats = NDArray[np.float32]


@dataclass(slots=True)
class _Waiting:
    """One picture on its way through the network."""

    image: Floats
    done: threading.Event = field(default_factory=threading.Event)
    result: Mapping[str, Floats] | None = None
    error: Exception | None = None


class Network:
    """Runs the encoder and, where the bundle has one, the relation head.

    Calls of `encode` that arrive while a batch runs form the next batch: the first of them leads it, the others
    wait. An idle service thus adds no delay, and a busy one batches by itself.

    Args:
        bundle: What to run.
        threads: Threads of one forward pass.
        largest_batch: Pictures in one forward pass at most.

    Raises:
        BundleError: The graphs do not load.
    """

    def __init__(self, bundle: Bundle, threads: int = 1, largest_batch: int = 16) -> None:
        self.bundle = bundle
        self._largest_batch = largest_batch
        self._encoder = _session(bundle.encoder_onnx, threads, bundle.id)
        self._head = _session(bundle.head_onnx, threads, bundle.id) if bundle.head_onnx else None
        self._outputs = [output.name for output in self._encoder.get_outputs()]
        self._waiting: list[_Waiting] = []
        self._lock = threading.Lock()
        self._running = threading.Lock()

    def encode(self, image: Floats) -> Mapping[str, Floats]:
        """Outputs by name, each without its batch axis, for one prepared image (3, h, w)."""
        mine = _Waiting(image)
        with self._lock:
            self._waiting.append(mine)
        while not mine.done.is_set():
            if self._running.acquire(timeout=0.05):
                try:
                    if not mine.done.is_set():
                        self._run_batch()
                finally:
                    self._running.release()
        if mine.error is not None:
            raise mine.error
        if mine.result is None:
            raise RuntimeError("a batch ended without a result")
        return mine.result

    def _run_batch(self) -> None:
        with self._lock:
            batch, self._waiting = self._waiting[: self._largest_batch], self._waiting[self._largest_batch :]
        try:
            outputs = self._encoder.run(self._outputs, {"images": np.stack([one.image for one in batch])})
            for index, one in enumerate(batch):
                one.result = {
                    name: output[index] for name, output in zip(self._outputs, outputs, strict=True)
                }
        except Exception as error:  # noqa: BLE001 - handed to every caller who waits for this batch
            for one in batch:
                one.error = error
        finally:
            for one in batch:
                one.done.set()

    def relate(
        self, pairs: Sequence[tuple[Mapping[str, Floats], Mapping[str, Floats]]]
    ) -> list[tuple[Relation, Displacement]]:
        """Judge pairs of (reference grids, frame grids); empty without a head."""
        if self._head is None or not pairs:
            return []
        feed = {
            f"{role}_{grid}": np.stack([pair[side][grid] for pair in pairs]).astype(np.float32)
            for side, role in enumerate(("reference", "frame"))
            for grid in ("coarse", "fine")
        }
        temperature = self.bundle.card.relation_temperature
        relation, displacement, log_sigma = self._head.run(["relation", "displacement", "log_sigma"], feed)
        return [
            (_relation(logits / temperature), _displacement(measured, uncertainty))
            for logits, measured, uncertainty in zip(relation, displacement, log_sigma, strict=True)
        ]


def _session(graph: bytes, threads: int, bundle_id: str) -> ort.InferenceSession:
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    # Spinning buys microseconds of latency with whole cores; a thousand-camera service wants the cores.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        return ort.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime raises its own, undocumented kinds
        raise BundleError(
            f"The network in bundle {bundle_id} does not load: {str(error).splitlines()[0]}",
            "The file is damaged or made for another version: install the bundle again.",
        ) from error


def _relation(logits: Floats) -> Relation:
    shifted = np.exp(logits - logits.max())
    same, moved, different, obstructed = (float(value) for value in shifted / shifted.sum())
    return Relation(same, moved, different, obstructed)


def _displacement(measured: Floats, log_sigma: Floats) -> Displacement:
    dx, dy, roll_deg, log_zoom = (float(value) for value in measured)
    sigma = np.exp(np.clip(log_sigma, -10, 3))
    zoom = float(np.exp(np.clip(log_zoom, -2, 2)))
    return Displacement(
        dx, dy, roll_deg, zoom, float(max(sigma[0], sigma[1])), float(sigma[2]), float(sigma[3]) * zoom
    )
