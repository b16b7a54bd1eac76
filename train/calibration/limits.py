"""Which limits of the decision a bundle is given: a ladder of strictness, judged on gathered evidence."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

from monitor.domain.thresholds import Thresholds
from monitor.domain.verdict import VerdictKind
from train.calibration.evidence import Evidence, is_report

CONFIDENCES = (0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95)
"""Values of `Thresholds.confidence` that are tried: below it the verdict is `unsure`."""
MARGINS = (1.0, 1.1, 1.2, 1.35)
"""Factors on `moved_excess` and `unaligned_excess` that are tried; 1.35 lets shifts of 2 % pass as measured noise."""
SET_BY_CALIBRATION = ("confidence", "moved_excess", "unaligned_excess")
"""The limits that calibration writes onto the card."""


@dataclass(frozen=True, slots=True)
class Point:
    """What the decision makes of the evidence under some limits.

    Attributes:
        thresholds: The limits.
        trials: Kind to frames.
        reports: Kind to how many of them were reported as anything.
        right: Kind to how many were named right.
        silent: Kind to how many were told nothing of (`unsure`, `dark`).
    """

    thresholds: Thresholds
    trials: Counter[str] = field(default_factory=Counter)
    reports: Counter[str] = field(default_factory=Counter)
    right: Counter[str] = field(default_factory=Counter)
    silent: Counter[str] = field(default_factory=Counter)

    @property
    def strictness(self) -> tuple[float, float]:
        """Orders points: the more confidence, then the wider margin."""
        return self.thresholds.confidence, self.thresholds.moved_excess

    def share(self, counts: Counter[str], kinds: Iterable[str]) -> float:
        """Share of the frames of these kinds; 0 where there are none."""
        asked = [kind for kind in kinds if self.trials[kind]]
        total = sum(self.trials[kind] for kind in asked)
        return sum(counts[kind] for kind in asked) / total if total else 0.0


def candidates(base: Thresholds) -> list[Thresholds]:
    """All limits that are tried, the loosest first; `base` gives those that calibration leaves alone."""
    return [
        replace(
            base,
            confidence=confidence,
            moved_excess=base.moved_excess * margin,
            unaligned_excess=base.unaligned_excess * margin,
        )
        for confidence, margin in itertools.product(CONFIDENCES, MARGINS)
    ]


def measure(evidence: Sequence[Evidence], thresholds: Thresholds) -> Point:
    """Judge all evidence under these limits."""
    point = Point(thresholds)
    for one in evidence:
        verdict = one.judge(thresholds)
        reported = is_report(verdict.kind)
        point.trials[one.kind] += 1
        point.reports[one.kind] += reported
        point.right[one.kind] += verdict.kind in one.accepted
        point.silent[one.kind] += not reported and verdict.kind is not VerdictKind.OK
    return point


@dataclass(frozen=True, slots=True)
class Demands:
    """What a point must keep.

    Attributes:
        guarded: Kinds whose right verdicts must not fall below `floor`.
        floor: Smallest share of them that is named right.
        kept: Kinds of which at most `largest_loss` may be lost against the loosest point, the guarded ones included.
        largest_loss: Share of a kind's frames; also how much more of the same views may be told nothing of.
    """

    guarded: tuple[str, ...] = ("shift 5 %", "flip")
    floor: float = 0.95
    kept: tuple[str, ...] = ("shift 2 %", "shift 5 %", "flip", "other scene", "covered")
    largest_loss: float = 0.005


@dataclass(frozen=True, slots=True)
class Choice:
    """The point chosen, and why.

    Attributes:
        point: The point.
        is_shown: Whether the budget is shown to be kept there.
        reason: A sentence for the card.
    """

    point: Point
    is_shown: bool
    reason: str


def choose(
    points: Sequence[Point],
    same_kinds: Sequence[str],
    demands: Demands,
    budget: float,
    upper_alarms: Callable[[Point], float],
) -> Choice:
    """Choose limits for a budget.

    Where the budget is shown to be kept (its upper bound is within), the loosest such point is taken, as it finds
    most. Else, of the points that keep what is demanded, the one with the fewest false reports, and of those the
    strictest: what these cameras did not show, others may.

    Args:
        points: The loosest first, as `candidates` orders them.
        same_kinds: Kinds in which nothing happened.
        demands: What must be kept.
        budget: Alarms per camera-year.
        upper_alarms: Upper bound of a point's alarms per camera-year.
    """
    best = {kind: max(point.share(point.right, [kind]) for point in points) for kind in demands.kept}
    quietest = min(point.share(point.silent, same_kinds) for point in points)

    def keeps(point: Point) -> bool:
        lost = (best[kind] - point.share(point.right, [kind]) for kind in demands.kept)
        silent = point.share(point.silent, same_kinds) - quietest
        return max(*lost, silent) <= demands.largest_loss + 1e-9

    def is_above_floor(point: Point) -> bool:
        return all(
            point.share(point.right, [kind]) >= demands.floor
            for kind in demands.guarded
            if point.trials[kind]
        )

    fit = [point for point in points if is_above_floor(point)]
    floor = f"{demands.floor:.0%} of {' and '.join(demands.guarded)} named right"
    shown = [point for point in fit if upper_alarms(point) <= budget]
    if shown:
        loosest = min(shown, key=lambda point: point.strictness)
        return Choice(loosest, True, f"The loosest limits that keep the budget and {floor}.")
    kept = [point for point in fit if keeps(point)]
    loss = f"at most {demands.largest_loss:.1%} lost of what the loosest limits find or tell"
    if kept:
        reason = f"The fewest false reports, then the strictest limits, with {floor} and {loss}."
    else:
        kept = [point for point in points if keeps(point)] or list(points[:1])
        reason = f"No limits have {floor}; the fewest false reports, then the strictest limits, with {loss}."
    chosen = min(
        kept, key=lambda point: (_false_reports(point, same_kinds), *(-value for value in point.strictness))
    )
    return Choice(chosen, False, reason)


def _false_reports(point: Point, same_kinds: Sequence[str]) -> int:
    return sum(point.reports[kind] for kind in same_kinds)
