"""What the checks of one view said in one day, summed up: small enough to keep for years."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from statistics import median
from typing import NamedTuple

from monitor.domain.displacement import Displacement
from monitor.domain.verdict import PICTURELESS, VerdictKind

ENOUGH_CHECKS = 5
"""A day's pose rests on at least so many measurements; fewer say more about weather than about the mount."""
MEASURED = frozenset({VerdictKind.OK, VerdictKind.MOVED})
# Of a normal distribution, the standard deviation is so many median absolute deviations.
_MAD_TO_SIGMA = 1.4826


class DayCheck(NamedTuple):
    """As much of a check as a day's sum needs.

    Attributes:
        at: The slot that it served, aware UTC.
        kind: Its verdict.
        reference_id: The reference that spoke, or None.
        displacement: As measured by an alignment that held, or None.
    """

    at: datetime
    kind: VerdictKind
    reference_id: int | None = None
    displacement: Displacement | None = None


@dataclass(frozen=True, slots=True)
class DayPose:
    """Where a view lay on a day, against one reference: medians of its displacements, and how they scattered.

    Attributes:
        reference_id: The reference.
        checks: Measurements.
        dx: Fraction of the view's width, positive to the right.
        dy: Fraction of the view's height, positive down.
        roll_deg: Degrees, counter-clockwise positive.
        zoom: Ratio of sizes.
        spread_dx: Robust standard deviation of `dx` within the day; the following ones likewise.
        spread_dy: Of `dy`.
        spread_roll_deg: Of `roll_deg`.
        spread_zoom: Of `zoom`.
    """

    reference_id: int
    checks: int
    dx: float = 0.0
    dy: float = 0.0
    roll_deg: float = 0.0
    zoom: float = 1.0
    spread_dx: float = 0.0
    spread_dy: float = 0.0
    spread_roll_deg: float = 0.0
    spread_zoom: float = 0.0

    @property
    def displacement(self) -> Displacement:
        """The medians as a displacement."""
        return Displacement(self.dx, self.dy, self.roll_deg, self.zoom)


@dataclass(frozen=True, slots=True)
class ViewDay:
    """One view's day, from midnight to midnight UTC.

    Attributes:
        day: Which.
        checks: Checks recorded.
        kinds: How many came to which verdict.
        hours: Bit h is set when there was a check in the hour from h o'clock.
        poses: Where the view lay, by reference; only of references with enough measurements.
    """

    day: date
    checks: int
    kinds: Mapping[VerdictKind, int] = field(default_factory=dict)
    hours: int = 0
    poses: tuple[DayPose, ...] = ()

    @property
    def usable(self) -> int:
        """Checks that had a usable picture."""
        return self.checks - sum(self.kinds.get(kind, 0) for kind in PICTURELESS)

    def pose(self, reference_id: int) -> DayPose | None:
        """Where the view lay against one reference, or None where that did not speak often enough."""
        return next((pose for pose in self.poses if pose.reference_id == reference_id), None)


def sum_up(day: date, checks: Iterable[DayCheck]) -> ViewDay:
    """One day of a view; checks of other days are left out."""
    kinds: Counter[VerdictKind] = Counter()
    measured: dict[int, list[Displacement]] = {}
    hours = 0
    for check in checks:
        at = check.at.astimezone(UTC)
        if at.date() != day:
            continue
        kinds[check.kind] += 1
        hours |= 1 << at.hour
        where = check.displacement
        if (
            check.kind in MEASURED
            and check.reference_id is not None
            and where is not None
            and _is_finite(where)
        ):
            measured.setdefault(check.reference_id, []).append(where)
    poses = tuple(
        _pose(reference_id, found)
        for reference_id, found in sorted(measured.items())
        if len(found) >= ENOUGH_CHECKS
    )
    return ViewDay(day, kinds.total(), dict(sorted(kinds.items())), hours, poses)


def _is_finite(where: Displacement) -> bool:
    return all(map(math.isfinite, (where.dx, where.dy, where.roll_deg, where.zoom)))


def _pose(reference_id: int, found: Sequence[Displacement]) -> DayPose:
    dx, dy, roll, zoom = (
        [getattr(where, name) for where in found] for name in ("dx", "dy", "roll_deg", "zoom")
    )
    return DayPose(
        reference_id,
        len(found),
        *(median(values) for values in (dx, dy, roll, zoom)),
        *(_spread(values) for values in (dx, dy, roll, zoom)),
    )


def _spread(values: Sequence[float]) -> float:
    """A standard deviation that single wild values do not move."""
    middle = median(values)
    return _MAD_TO_SIGMA * median(abs(value - middle) for value in values)
