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
from monitor.vision.likeness import relation_of

Floats = NDArray[np.float32]
Grids = Mapping[str, Floats]
EMBEDDING, RELATION, DISPLACEMENT, LOG_SIGMA = "embedding", "relation", "displacement", "log_sigma"
SIDES = ("reference", "frame")
UNIT_WITHIN = 0.01
"""How far an embedding's length may lie from 1: cosines are taken as plain products."""
TRIED = 2
"""Pictures in the trial pass: a graph that takes only one at a time is found out as well."""


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
        grids: Whether the grids are computed where no head asks for them.

    Raises:
        BundleError: The graphs do not load, or are not what the card says; a trial pass finds that out.
    """

    def __init__(
        self, bundle: Bundle, threads: int = 1, largest_batch: int = 16, grids: bool = False
    ) -> None:
        self.bundle = bundle
        self._largest_batch = largest_batch
        self._encoder = _session(bundle.encoder_onnx, threads, bundle.id)
        self._head = _session(bundle.head_onnx, threads, bundle.id) if bundle.head_onnx else None
        # Grids are for the head: without one, the service computes, keeps and stores nothing but the embedding.
        wanted = bundle.card.grids if self._head or grids else ()
        self._outputs = [EMBEDDING, *(grid.name for grid in wanted)]
        self._said = [RELATION, *([DISPLACEMENT, LOG_SIGMA] if self.measures_displacement else [])]
        self._fed = sorted(_names(self._head.get_inputs())) if self._head else []
        self._check_names()
        self._check_sizes()
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

    @property
    def has_head(self) -> bool:
        """Whether there is a head, which judges pairs of grids."""
        return self._head is not None

    @property
    def measures_displacement(self) -> bool:
        """Whether there is a head that says by how much a view moved, not only how frame and reference relate."""
        return self._head is not None and {DISPLACEMENT, LOG_SIGMA} <= _names(self._head.get_outputs())

    @property
    def judges_for_free(self) -> bool:
        """Whether a word on a pair costs next to nothing: a similarity, or a head over vectors instead of grids."""
        if self._head is None:
            return self.bundle.card.likeness is not None
        return all(grid.rows * grid.columns == 1 for grid in self.bundle.card.grids)

    def judge(
        self, pairs: Sequence[tuple[Grids, Grids]]
    ) -> list[tuple[dict[str, float], Displacement | None]]:
        """Probabilities by the card's names for pairs of (reference grids, frame grids); empty without a head.

        The displacement is None for a head that does not measure one.
        """
        if self._head is None or not pairs:
            return []
        card = self.bundle.card
        said = dict(zip(self._said, self._head.run(self._said, self._feed(pairs)), strict=True))
        probabilities = [_softmax(logits / card.relation_temperature) for logits in said[RELATION]]
        measured: list[Displacement | None] = [None] * len(pairs)
        if self.measures_displacement:
            measured = [
                _displacement(guess, log_sigma)
                for guess, log_sigma in zip(said[DISPLACEMENT], said[LOG_SIGMA], strict=True)
            ]
        return [
            (dict(zip(card.relations, map(float, row), strict=True)), displacement)
            for row, displacement in zip(probabilities, measured, strict=True)
        ]

    def relate(self, pairs: Sequence[tuple[Grids, Grids]]) -> list[tuple[Relation, Displacement | None]]:
        """The same as the decision takes it, see `monitor.vision.likeness`; empty without a head."""
        return [(relation_of(said), displacement) for said, displacement in self.judge(pairs)]

    def _feed(self, pairs: Sequence[tuple[Grids, Grids]]) -> dict[str, Floats]:
        """Every input of the head, `reference_<grid>` or `frame_<grid>`, for these pairs."""
        feed = {}
        for name in self._fed:
            side, _, grid = name.partition("_")
            feed[name] = np.stack([pair[SIDES.index(side)][grid] for pair in pairs]).astype(np.float32)
        return feed

    def _check_names(self) -> None:
        card = self.bundle.card
        if missing := [name for name in self._outputs if name not in _names(self._encoder.get_outputs())]:
            raise self._unfit(f"the encoder has no output {', '.join(missing)}")
        if _names(self._encoder.get_inputs()) != {"images"}:
            raise self._unfit("the encoder's only input must be `images`")
        if self._head is None:
            return
        fed = {f"{side}_{grid.name}" for side in SIDES for grid in card.grids}
        if unknown := sorted(set(self._fed) - fed):
            raise self._unfit(f"the card has no grid for the head's inputs {', '.join(unknown)}")
        if RELATION not in _names(self._head.get_outputs()) or not card.relations:
            raise self._unfit("a head needs an output `relation`, and the card names for its logits")

    def _check_sizes(self) -> None:
        card = self.bundle.card
        expected: dict[str, tuple[int, ...]] = {EMBEDDING: (card.embedding_size,)}
        expected |= {grid.name: (grid.channels, grid.rows, grid.columns) for grid in card.grids}
        outputs, logits = self._try_out()
        for name, output in outputs.items():
            if output.shape != (TRIED, *expected[name]):
                raise self._unfit(f"{name} has the shape {output.shape[1:]}, not {expected[name]}")
        lengths = np.linalg.norm(outputs[EMBEDDING], axis=1)
        if not (abs(lengths - 1.0) < UNIT_WITHIN).all():
            raise self._unfit(f"an embedding has the length {lengths[0]:.3g}, not 1")
        if logits is not None and logits.shape != (TRIED, len(card.relations)):
            raise self._unfit(f"{logits.shape[1:]} logits stand for {len(card.relations)} relations")

    def _try_out(self) -> tuple[dict[str, Floats], Floats | None]:
        """Outputs and logits for pictures of noise: sizes that graphs leave open are only known then."""
        spec = self.bundle.card.input
        noise = np.random.default_rng(0).uniform(0.0, 255.0, (TRIED, 3, spec.height, spec.width))
        images = ((noise - spec.mean) / spec.std).astype(np.float32)
        try:
            found = self._encoder.run(self._outputs, {"images": images})
            outputs = dict(zip(self._outputs, found, strict=True))
            if self._head is None:
                return outputs, None
            grids = [{name: output[index] for name, output in outputs.items()} for index in range(TRIED)]
            return outputs, self._head.run([RELATION], self._feed([(one, grids[0]) for one in grids]))[0]
        except Exception as error:  # onnxruntime raises its own, undocumented kinds
            raise self._unfit(str(error).splitlines()[0]) from error

    def _unfit(self, why: str) -> BundleError:
        return BundleError(
            f"The network in bundle {self.bundle.id} is not what its card says: {why}.",
            "Export it again, with a card of its own.",
        )


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


def _names(arguments: Sequence[ort.NodeArg]) -> set[str]:
    return {argument.name for argument in arguments}


def _softmax(logits: Floats) -> Floats:
    shifted = np.exp(logits - logits.max())
    return np.asarray(shifted / shifted.sum(), np.float32)


def _displacement(measured: Floats, log_sigma: Floats) -> Displacement:
    dx, dy, roll_deg, log_zoom = (float(value) for value in measured)
    sigma = np.exp(np.clip(log_sigma, -10, 3))
    zoom = float(np.exp(np.clip(log_zoom, -2, 2)))
    return Displacement(
        dx, dy, roll_deg, zoom, float(max(sigma[0], sigma[1])), float(sigma[2]), float(sigma[3]) * zoom
    )
