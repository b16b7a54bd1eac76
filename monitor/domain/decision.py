"""From evidence to a verdict on one frame: pure functions, every limit in `Thresholds`.

Two witnesses speak about where the camera points: the network, whose probabilities know night, fog and other places,
and the gradients' alignment, which measures exactly where it locks and is silent where it does not. Their words are
added as log-odds over four hypotheses (same, moved, different, obstructed). Where the sum is not clear, the verdict
is `unsure`; it is never a guess.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from monitor.domain.comparison import Alignment, Comparison
from monitor.domain.displacement import Displacement, Tolerance
from monitor.domain.evidence import evidence_of, is_finite
from monitor.domain.frame import FrameQuality
from monitor.domain.orientation import Orientation
from monitor.domain.thresholds import Thresholds
from monitor.domain.verdict import Verdict, VerdictKind


@dataclass(frozen=True, slots=True)
class Belief:
    """Probabilities over what a comparison shows; they sum to 1."""

    same: float
    moved: float
    different: float
    obstructed: float

    @property
    def recognised(self) -> float:
        """That the reference's place is seen at all."""
        return self.same + self.moved


def decide(quality: FrameQuality, comparisons: Sequence[Comparison], thresholds: Thresholds) -> Verdict:
    """Judge a frame by its quality and its comparisons with the references of its view.

    The reference that the frame resembles most counts: a view has one for the day and one for the night.

    Args:
        quality: Measures of the frame.
        comparisons: One a reference; at least one.
        thresholds: Limits.

    Raises:
        ValueError: Nothing to compare with.
    """
    if not comparisons:
        raise ValueError("A frame can only be judged against at least one reference.")
    usable = [comparison for comparison in comparisons if is_finite(comparison)]
    if not usable or not is_finite(quality):
        return Verdict(VerdictKind.UNSURE, 1.0, ("A measurement is not a number.",))
    judged = [(weigh(comparison, thresholds), comparison) for comparison in usable]
    belief, best = max(judged, key=lambda pair: _preference(*pair))
    evidence = evidence_of(quality, best, asdict(belief), thresholds)
    kind, confidence, reasons = (
        _fault_of_light(quality, best, belief, thresholds)
        or _fault_of_lens(quality, best, belief, thresholds)
        or _vouched(_aim(best, belief, thresholds), best, thresholds)
    )
    return Verdict(
        kind=kind,
        confidence=confidence,
        reasons=reasons,
        displacement=_displacement(best, thresholds) if belief.recognised >= thresholds.confidence else None,
        similarity=best.similarity,
        reference_id=best.reference_id,
        evidence=evidence,
    )


def weigh(comparison: Comparison, thresholds: Thresholds) -> Belief:
    """Add up what the network and the alignment say about one comparison."""
    relation, alignment = comparison.relation, comparison.alignment
    if relation is not None:
        same, moved = relation.same, relation.moved
        if _is_tolerated_here(comparison.network_displacement, thresholds):
            same, moved = same + moved, 0.0
        spoken = [same, moved, relation.different, relation.obstructed]
    else:
        # Likeness only says that it is the place; whether the view has moved is for the alignment to say.
        like = _ramp(comparison.similarity, 0.3, 0.9)
        spoken = [like * 0.6, like * 0.4, (1 - like) * 0.8, (1 - like) * 0.2]
    kept = thresholds.network_trust
    logs = [math.log(kept / 4 + (1 - kept) * max(probability, 0.0)) for probability in spoken]
    if alignment is not None:
        lock = _lock(alignment, thresholds)
        weight = thresholds.alignment_weight * lock
        moved = _moved_share(alignment.displacement, thresholds)
        supported = _ramp(alignment.support, 0.3 * thresholds.support_floor, thresholds.support_floor)
        absence = thresholds.absence_weight * (1 - max(supported, _landmarks(alignment, thresholds)))
        # What is left visible of a covered view aligns as well: agreement in few cells speaks for that too.
        hidden = 1 - _ramp(alignment.spread, thresholds.hidden_spread, thresholds.open_spread)
        logs[0] += weight * (1 - moved) - absence
        logs[1] += weight * moved - absence
        logs[3] += thresholds.hidden_weight * weight * hidden
        far = alignment.displacement.shift_fov > thresholds.network_reach
        if far and alignment.landmarks > thresholds.landmarks_floor:
            # The network sees no match out there, so it says "different" of what the landmarks show.
            logs[1] = max(logs[1], math.log(thresholds.unseen_move) + weight * moved - absence)
    highest = max(logs)
    odds = [math.exp(value - highest) for value in logs]
    total = sum(odds)
    return Belief(*(value / total for value in odds))


def _preference(belief: Belief, comparison: Comparison) -> tuple[float, float]:
    upright = 1.0 if comparison.orientation is Orientation.UPRIGHT else 0.0
    return belief.same * upright + 0.5 * belief.recognised, comparison.similarity


def _ramp(value: float, low: float, high: float) -> float:
    return min(1.0, max(0.0, (value - low) / (high - low)))


def _moved_share(displacement: Displacement, thresholds: Thresholds) -> float:
    """0 where a displacement is surely tolerated, 1 where it surely is not, between them around the margin."""
    excess = displacement.excess(thresholds.tolerance)
    return _ramp(excess, 0.8 * thresholds.moved_excess, 1.2 * thresholds.moved_excess)


def _is_tolerated_here(guess: Displacement | None, thresholds: Thresholds) -> bool:
    """Whether the network measures a move that these limits tolerate, and that it was trained to call one.

    "Moved" is beyond 1 % of the view to the network, whatever the limits of a view are.
    """
    if guess is None or guess.excess(Tolerance()) < Thresholds().moved_excess:
        return False
    return _moved_share(guess, thresholds) == 0


def _displacement(comparison: Comparison, thresholds: Thresholds) -> Displacement | None:
    """The alignment's where it locks, for it is far more exact; else the network's, if it measures any."""
    if comparison.alignment is not None and _is_locked(comparison, thresholds):
        return comparison.alignment.displacement
    return comparison.network_displacement


Judgement = tuple[VerdictKind, float, tuple[str, ...]]


def _fault_of_light(
    quality: FrameQuality, best: Comparison, belief: Belief, thresholds: Thresholds
) -> Judgement | None:
    if quality.flat_rows >= thresholds.flat_rows:
        reason = (
            f"{quality.flat_rows * 100:.0f} % of the picture is one flat block, as a broken line leaves it."
        )
        return VerdictKind.STREAM_FAULT, 1.0, (reason,)
    if quality.dark_fraction >= thresholds.dark_share and quality.texture < thresholds.dark_texture:
        return VerdictKind.DARK, 1.0, (f"{quality.dark_fraction * 100:.0f} % of the picture is black.",)
    if quality.bright_fraction >= thresholds.bright_fraction and belief.recognised < thresholds.confidence:
        return (
            VerdictKind.OVEREXPOSED,
            0.9,
            (f"{quality.bright_fraction * 100:.0f} % of the picture is blown out.",),
        )
    return None


def _fault_of_lens(
    quality: FrameQuality, best: Comparison, belief: Belief, thresholds: Thresholds
) -> Judgement | None:
    soft = best.sharpness_ratio < thresholds.blur_ratio and quality.sharpness < thresholds.blur_sharpness
    # Of a night few cells hold more than darkness and the glow of lamps.
    soft = soft and quality.dark_fraction < thresholds.blur_dark_share
    # Fog softens most cells; what is near still agrees line by line, which no lens out of focus leaves.
    soft = soft and (best.alignment is None or best.alignment.support < thresholds.support_lock)
    # Defocus leaves the large shapes and their contrast; a cover leaves neither.
    if soft and quality.contrast >= thresholds.cover_contrast and belief.different < thresholds.confidence:
        if best.similarity < thresholds.blur_similarity:
            reason = "What is seen is soft, and unlike the reference: something close before the lens."
            return VerdictKind.OBSTRUCTED, 0.8, (reason,)
        reason = f"Sharpness is {best.sharpness_ratio * 100:.0f} % of the reference's."
        return VerdictKind.BLURRED, 0.9, (reason,)
    if best.texture_ratio < thresholds.covered_texture:
        reason = f"Only {best.texture_ratio * 100:.0f} % of the reference's texture is left."
        return VerdictKind.OBSTRUCTED, 0.95, (reason,)
    return None


def _aim(best: Comparison, belief: Belief, thresholds: Thresholds) -> Judgement:
    displacement = _displacement(best, thresholds)
    if (
        best.orientation is not Orientation.UPRIGHT
        and belief.recognised >= thresholds.confidence
        and _turn_is_plain(best, thresholds)
    ):
        reason = f"The reference matches when it is {best.orientation.value.replace('_', ' ')}."
        return best.orientation.verdict, belief.recognised, (reason,)
    ranked = [
        (belief.same, VerdictKind.OK, "The view is where it was."),
        (belief.moved, VerdictKind.MOVED, "The place is the same, the aim is not."),
        (belief.different, VerdictKind.DIFFERENT_SCENE, "The reference's place is not recognised."),
        (belief.obstructed, VerdictKind.OBSTRUCTED, "Most of the view is hidden."),
    ]
    if best.orientation is not Orientation.UPRIGHT:
        ranked = ranked[2:]
    probability, kind, reason = max(ranked)
    if probability < thresholds.confidence and _is_strange(best, belief, thresholds):
        probability, kind, reason = max(ranked[-2:])
        return kind, probability, (reason, "It may as well be the other of covered and different.")
    if probability < thresholds.confidence:
        return VerdictKind.UNSURE, 1 - probability, (f"At most {probability * 100:.0f} % for {kind.value}.",)
    if kind is VerdictKind.MOVED and not _move_is_plain(best, displacement, thresholds):
        return VerdictKind.UNSURE, 1 - probability, ("A small move is suspected, and cannot be measured.",)
    if kind is VerdictKind.MOVED and displacement is not None:
        reason = f"{reason} Content lies {displacement.describe()}."
    return kind, probability, (reason,)


def _vouched(judgement: Judgement, best: Comparison, thresholds: Thresholds) -> Judgement:
    """A judgement of the aim, or `unsure` where it rests on the word of a network that cannot tell as much.

    An `ok` says that no other place is seen: a network that tells turns alone cannot say that.
    """
    kind, probability, _ = judgement
    needed = {kind, VerdictKind.DIFFERENT_SCENE} if kind is VerdictKind.OK else {kind}
    if kind is VerdictKind.UNSURE or needed <= best.told_by_network or _is_carried(kind, best, thresholds):
        return judgement
    said = kind.value.replace("_", " ")
    reason = f'Only the network says "{said}", and by its card it cannot tell that by itself.'
    return VerdictKind.UNSURE, 1 - probability, (reason,)


def _is_carried(kind: VerdictKind, best: Comparison, thresholds: Thresholds) -> bool:
    """Whether the alignment speaks for a judgement too; for another scene it never can."""
    alignment = best.alignment
    if alignment is None or kind is VerdictKind.DIFFERENT_SCENE:
        return False
    if best.orientation is not Orientation.UPRIGHT and kind is best.orientation.verdict:
        return alignment.support >= thresholds.support_lock
    if kind is VerdictKind.OBSTRUCTED:
        return _is_locked(best, thresholds) and alignment.spread < thresholds.open_spread
    moved = _moved_share(alignment.displacement, thresholds) >= 0.5
    return _is_locked(best, thresholds) and moved is (kind is VerdictKind.MOVED)


def _move_is_plain(best: Comparison, displacement: Displacement | None, thresholds: Thresholds) -> bool:
    """Whether a move is measured by the alignment, or is too large for the network's rougher measure to be noise."""
    if displacement is None or _is_locked(best, thresholds):
        return True
    return displacement.excess(thresholds.tolerance) >= thresholds.unaligned_excess


def _is_locked(comparison: Comparison, thresholds: Thresholds) -> bool:
    return comparison.alignment is not None and _lock(comparison.alignment, thresholds) >= 0.5


def _lock(alignment: Alignment, thresholds: Thresholds) -> float:
    """0–1, how surely the alignment holds: by the agreement under it, by landmarks, or by a peak that stands out.

    Text, dirt and the pattern of the sensor agree at rest however the view has moved, and give the sharpest of all
    peaks there: agreement at rest must be broad to count, and its peak counts for nothing.
    """
    if _moved_share(alignment.displacement, thresholds) == 0:
        return _ramp(alignment.support, thresholds.support_floor, thresholds.rest_lock)
    agreement = _ramp(alignment.support, thresholds.support_floor, thresholds.support_lock)
    agreement = max(agreement, _landmarks(alignment, thresholds))
    if alignment.support < thresholds.support_floor:
        return agreement
    return max(agreement, _ramp(alignment.peak, thresholds.peak_floor, thresholds.peak_lock))


def _landmarks(alignment: Alignment, thresholds: Thresholds) -> float:
    """0–1, how surely corners recognised one by one hold."""
    return _ramp(alignment.landmarks, thresholds.landmarks_floor, thresholds.landmarks_lock)


def _is_strange(best: Comparison, belief: Belief, thresholds: Thresholds) -> bool:
    """Whether the place is surely not seen, by the network's own word too: missing support alone is no evidence."""
    relation = best.relation
    by_network = relation is None or relation.different + relation.obstructed >= thresholds.confidence
    return by_network and 1 - belief.recognised >= thresholds.unrecognised


def _turn_is_plain(best: Comparison, thresholds: Thresholds) -> bool:
    """Whether more than the network's word on one pair speaks for a turn: water and sky look alike upside down."""
    if best.alignment is not None and best.alignment.support >= thresholds.support_lock:
        return True
    return best.similarity - best.similarities[Orientation.UPRIGHT] >= thresholds.turn_margin
