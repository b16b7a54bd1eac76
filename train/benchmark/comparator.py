"""The product itself as a method of the benchmark, and its network without the geometry beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from monitor.domain.decision import decide
from monitor.domain.displacement import Displacement
from monitor.domain.frame import Frame
from monitor.domain.orientation import Orientation
from monitor.domain.reference import Encoding, Reference
from monitor.domain.thresholds import Thresholds
from monitor.domain.verdict import Verdict, VerdictKind
from monitor.domain.view import ViewKey
from monitor.vision.bundle import BundleError, load_bundle, shipped_bundle_path
from monitor.vision.encoder import NetworkEncoder
from monitor.vision.likeness import CHANGED, SAME
from monitor.vision.network import Network
from train.benchmark.method import Answer, Pixels

HEALTH = frozenset(
    {VerdictKind.BLURRED, VerdictKind.OBSTRUCTED, VerdictKind.OVEREXPOSED, VerdictKind.STREAM_FAULT}
)
"""Changes that the picture's quality may tell, whatever is believed of the view."""

COMPARATOR = "comparator"


def method_name(label: str, bundle_id: str) -> str:
    """What a method of a bundle is called: answers of two bundles are never mixed."""
    return f"{label} ({bundle_id})"


class Comparator:
    """What the service does with one reference and one frame, without its memory: no debounce, no learned masks.

    Args:
        bundle: The file; the shipped one when None.
        thresholds: Limits of the decision; the service's own, with those of the bundle's card, when None.
        label: Stands before the bundle's id in the method's name; tell variants of the thresholds apart by it.

    Raises:
        BundleError: The bundle is missing, damaged or does not load.
    """

    def __init__(
        self, bundle: Path | None = None, thresholds: Thresholds | None = None, label: str = COMPARATOR
    ) -> None:
        network = _open(bundle)
        self._encoder = NetworkEncoder(network)
        self._thresholds = thresholds or network.bundle.card.thresholds
        self.name = method_name(label, self._encoder.bundle_id)

    def enroll(self, reference: Pixels) -> Reference:
        """The reference as the service keeps it."""
        return _enroll(self._encoder, reference)

    def judge(self, enrolled: Reference, frame: Pixels) -> Answer:
        """The service's verdict on a single frame; for `change` see `change_of`."""
        captured = frame_of(frame)
        encoding = self._encoder.encode(captured)
        comparison = self._encoder.compare(encoding, captured, enrolled)
        verdict = decide(encoding.quality, [comparison], self._thresholds)
        return Answer(verdict.kind, change_of(verdict), verdict.confidence, verdict.displacement)


def change_of(verdict: Verdict) -> float:
    """How surely the view is not the same, 0–1.

    One minus the posterior of "same", which counts in the upright orientation alone: in any other it speaks of the
    turned view. A fault of lens or light is as sure as its verdict, for it leaves that posterior where it was.
    """
    belief = verdict.evidence.get("belief_same")
    if not isinstance(belief, float):
        return 0.5
    upright = verdict.evidence["orientation"] == Orientation.UPRIGHT.value
    change = 1.0 - belief if upright else 1.0
    return max(change, verdict.confidence) if verdict.kind in HEALTH else change


class NetworkOnly:
    """The network's word alone. No geometry, no abstention.

    A network that measures displacements judges by its relation head, and by its bank of embeddings for turns: a turn
    is named where the bank prefers a turned reference by the decision's margin and the head, given the frame turned
    back, knows the place. All else is the likeliest relation of the upright pair.

    Any other judges by its published rule: the likeliest relation of its head; without a head, by whether the
    similarity reaches `changed_below`, and what is changed is the other verdict that its card can tell.

    Args:
        bundle: The file; the shipped one when None.
        turn_margin: By how much more alike a turned reference must be than the upright one.
        label: Stands before the bundle's id in the method's name.

    Raises:
        BundleError: The bundle is missing, damaged or does not load, or has nothing to judge pairs by.
    """

    def __init__(
        self,
        bundle: Path | None = None,
        turn_margin: float = 0.1,
        label: str = "network only",
    ) -> None:
        network = _open(bundle)
        if not network.has_head and network.bundle.card.likeness is None:
            raise BundleError(
                f"Bundle {network.bundle.id} has no relation head, and its card no changed_below, to judge pairs by.",
                "Benchmark it as the whole comparator.",
            )
        self._network = network
        self._encoder = NetworkEncoder(network)
        self._turn_margin = turn_margin
        self.name = method_name(label, self._encoder.bundle_id)

    def enroll(self, reference: Pixels) -> Reference:
        """Embeddings in all orientations, and the upright grids."""
        return _enroll(self._encoder, reference)

    def judge(self, enrolled: Reference, frame: Pixels) -> Answer:
        """What the network says; `change` is 1 - its probability of "same"."""
        captured = frame_of(frame)
        encoding = self._encoder.encode(captured)
        if not self._network.measures_displacement:
            return self._by_rule(enrolled, encoding)
        turned = self._turned(enrolled, captured, encoding)
        said, displacement = self._judge(enrolled, encoding)
        if turned is not None:
            return replace(turned, change=1.0 - said[SAME])
        verdict, probability = _likeliest(said)
        measured = displacement if verdict in (VerdictKind.OK, VerdictKind.MOVED) else None
        return Answer(verdict, 1.0 - said[SAME], probability, measured)

    def _turned(self, enrolled: Reference, captured: Frame, encoding: Encoding) -> Answer | None:
        """The turn that the bank sees and the head confirms; its `change` is still open."""
        bank = {
            turned: float(encoding.embedding @ embedding) for turned, embedding in enrolled.turned.items()
        }
        turned = max(bank, key=lambda orientation: bank[orientation])
        if bank[turned] - float(encoding.embedding @ enrolled.upright.embedding) < self._turn_margin:
            return None
        judged = self._encoder.relate(enrolled.upright, self._encoder.encode_turned(captured, turned).grids)
        known = judged[0].same + judged[0].moved if judged else 0.0
        return Answer(turned.verdict, 1.0, known) if known > 0.5 else None

    def _by_rule(self, enrolled: Reference, encoding: Encoding) -> Answer:
        likeness = self._network.bundle.card.likeness
        if self._network.has_head or likeness is None:
            said, _ = self._judge(enrolled, encoding)
            verdict, probability = _likeliest(said)
            return Answer(verdict, 1.0 - said[SAME], probability)
        similarity = float(encoding.embedding @ enrolled.upright.embedding)
        same = likeness.same(similarity)
        if similarity >= likeness.changed_below:
            return Answer(VerdictKind.OK, 1.0 - same, same)
        return Answer(_other_verdict(self._encoder.tells), 1.0 - same, 1.0 - same)

    def _judge(self, enrolled: Reference, encoding: Encoding) -> tuple[dict[str, float], Displacement | None]:
        return self._network.judge([(enrolled.upright.grids, encoding.grids)])[0]


SAID = {
    SAME: VerdictKind.OK,
    "moved": VerdictKind.MOVED,
    "different": VerdictKind.DIFFERENT_SCENE,
    "obstructed": VerdictKind.OBSTRUCTED,
    "unrelated": VerdictKind.DIFFERENT_SCENE,
    CHANGED: VerdictKind.DIFFERENT_SCENE,
    "rotated": VerdictKind.FLIPPED_180,
}
"""The verdict that each relation of a head stands for, when nobody else is asked."""


def _likeliest(said: Mapping[str, float]) -> tuple[VerdictKind, float]:
    relation = max(said, key=lambda name: (said[name], SAID[name]))
    return SAID[relation], said[relation]


def _other_verdict(tells: frozenset[VerdictKind]) -> VerdictKind:
    """What a network that knows two verdicts means when it is not `ok`; another scene where it knows more, or none."""
    others = tells - {VerdictKind.OK}
    return next(iter(others)) if len(others) == 1 else VerdictKind.DIFFERENT_SCENE


def _open(bundle: Path | None) -> Network:
    return Network(load_bundle(bundle or shipped_bundle_path()), threads=1)


def _enroll(encoder: NetworkEncoder, reference: Pixels) -> Reference:
    return replace(encoder.enroll(frame_of(reference), ViewKey("benchmark")), id=1)


def frame_of(pixels: Pixels) -> Frame:
    """A picture (H, W, 3) as if it had been grabbed just now."""
    height, width = pixels.shape[:2]
    return Frame(pixels, datetime.now(UTC), "", width, height)
