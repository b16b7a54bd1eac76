"""What the benchmark is to reach: single frame, other cameras than trained on, without debounce."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from train.benchmark.bootstrap import Share
from train.benchmark.rows import Row


class Measure(StrEnum):
    """What is counted of an answer. An abstention can be right: a black picture is rightly called dark."""

    RIGHT = "right"
    ALARM = "alarm"
    ABSTAINED = "abstained"

    def of(self, row: Row) -> bool:
        """Whether an answer counts."""
        return {Measure.RIGHT: row.right, Measure.ALARM: row.alarm, Measure.ABSTAINED: row.abstained}[self]


@dataclass(frozen=True, slots=True)
class Target:
    """A bound on a share."""

    share: float
    at_least: bool

    def __str__(self) -> str:
        return f"{'≥' if self.at_least else '≤'} {self.share * 100:.3g} %"

    def met_by(self, value: float) -> bool:
        """Whether a share keeps to the bound."""
        return value >= self.share if self.at_least else value <= self.share

    def judge(self, found: Share | None) -> str:
        """For a person: `yes`, `no`, `yes, not surely` (the interval reaches beyond the bound), or `–`."""
        if found is None:
            return "–"
        if not self.met_by(found.value):
            return "no"
        worst = None if found.interval is None else found.interval[0 if self.at_least else 1]
        return "yes" if worst is not None and self.met_by(worst) else "yes, not surely"


def _right(share: float) -> dict[Measure, Target]:
    return {Measure.RIGHT: Target(share, at_least=True)}


def _alarms(share: float) -> dict[Measure, Target]:
    return {Measure.ALARM: Target(share, at_least=False)}


KIND_TARGETS: Mapping[str, Mapping[Measure, Target]] = {
    "same": _alarms(0.005),
    **dict.fromkeys(("same, jitter", "same, occluder", "same, noise"), _alarms(0.01)),
    **dict.fromkeys(("flip", "flip, occluder", "mirror"), _right(0.995)),
    "shift 2 %": _right(0.97),
    **dict.fromkeys(("shift 5 %", "shift 10 %"), _right(0.995)),
    **dict.fromkeys(("roll 3°", "zoom 1.06", "zoom 1.1", "mixed"), _right(0.97)),
    "other scene": _right(0.995),
    **dict.fromkeys(("covered", "defocused", "black"), _right(0.98)),
}
"""Row of the protocol to what is asked of it; rows that are missing here have no target."""

ABSTENTION_TARGETS = {
    ("same", "day-day"): Target(0.02, at_least=False),
    ("same", "day-night"): Target(0.15, at_least=False),
}
"""Kind and light to the share of abstentions that is tolerated."""

SHIFT_MEDIAN_FOV = 0.003
ROLL_MEDIAN_DEG = 0.2
"""Largest median errors of dx and dy, and of roll, over all moved kinds."""

COST_MS = 15.0
"""Largest median of CPU time for a check beyond decoding."""
