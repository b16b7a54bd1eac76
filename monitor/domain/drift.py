"""Slow drift: a mount that sags by a hair a day, which no single check shows and no alarm should tell at night.

Daily medians of the displacement against one reference, the anchor, get a robust straight line (Theil and Sen: the
median of the slopes between all pairs of days, with the bounds that Kendall's test gives). What comes and goes with the
seasons is left alone: a summer's warmth looks like drift until autumn takes it back, and the forecast says no more than
"if it goes on like this". A sudden change between two days is a step, not drift; the line then begins after it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from monitor.domain.displacement import Displacement, Tolerance

ENOUGH_DAYS = 7
"""A line through fewer days has bounds too wide to say anything."""
WINDOW_DAYS = 90
"""Days that the line is laid through; what was before says little about how it goes on."""
HORIZON_DAYS = 365
STEP_SIDE_DAYS = 3
"""Days on either side of a step that must agree with each other."""
STEP_EXCESS = 0.3
"""A step is at least so large, in units of the tolerance …"""
STEP_SIGMAS = 5.0
"""… and so large against how days scatter."""
MATERIAL_EXCESS = 0.1
"""A drift has gone at least so far since its line begins, in units of the tolerance."""
# Of a normal distribution, all but 5 % / 4 lie within so many standard deviations: four directions are tried at once,
# and a thousand steady views must not give two hundred that drift.
_SURE = 2.50
# Of a normal distribution, the standard deviation is so many median absolute deviations.
_MAD_TO_SIGMA = 1.4826

Floats = NDArray[np.float64]


class Course(StrEnum):
    """How a view lies over the days."""

    STEADY = "steady"
    DRIFTING = "drifting"
    UNTOLD = "untold"


@dataclass(frozen=True, slots=True)
class Pose:
    """Where a view lay on a day, against the anchor."""

    day: date
    displacement: Displacement


@dataclass(frozen=True, slots=True)
class Slope:
    """Change a day, with bounds that hold at 95 % for all four directions together."""

    low: float
    middle: float
    high: float

    @property
    def is_told(self) -> bool:
        """Whether the bounds agree on the direction."""
        return self.low > 0 or self.high < 0


@dataclass(frozen=True, slots=True)
class Forecast:
    """When a view will have left its tolerance, if it goes on as it does.

    Attributes:
        on: The day by the middle of the slopes, or None: not within a year.
        earliest: By the bounds that lead there soonest, or None likewise.
        latest: By those that lead there last, or None likewise.
    """

    on: date | None = None
    earliest: date | None = None
    latest: date | None = None


@dataclass(frozen=True, slots=True)
class Drift:
    """How a view has moved over the days.

    Attributes:
        course: In a word; `untold` where there are too few days.
        days: Days that the line was laid through.
        where: Where it lies by now, against the anchor, by the line; None without any day.
        against_yesterday: What the last day changed, or None where the day before has none.
        excess: `where` in units of the tolerance: 1 is just tolerated.
        dx: Slope of the shift to the right, fraction of the width a day; None where there are too few days.
        dy: Of the shift down, fraction of the height.
        roll_deg: Of the roll, degrees.
        zoom: Of the zoom.
        forecast: When the tolerance is crossed; None unless it drifts.
        stepped_on: The first day after the last sudden change within the window, or None.
        step: How far that went, or None.
    """

    course: Course
    days: int = 0
    where: Displacement | None = None
    against_yesterday: Displacement | None = None
    excess: float = 0.0
    dx: Slope | None = None
    dy: Slope | None = None
    roll_deg: Slope | None = None
    zoom: Slope | None = None
    forecast: Forecast | None = None
    stepped_on: date | None = None
    step: Displacement | None = None


def judge_drift(poses: Sequence[Pose], tolerance: Tolerance) -> Drift:
    """What a series of days says, oldest first, each day once, all against one anchor."""
    if not poses:
        return Drift(Course.UNTOLD)
    poses = [pose for pose in poses if pose.day > poses[-1].day - timedelta(days=WINDOW_DAYS)]
    values = _scaled(poses, tolerance)
    begin = _last_step(poses, values)
    stepped_on = poses[begin].day if begin else None
    step = (
        _difference(_middle(poses[:begin][-STEP_SIDE_DAYS:]), _middle(poses[begin:][:STEP_SIDE_DAYS]))
        if begin
        else None
    )
    since = poses[begin:]
    yesterday = _against_yesterday(poses)
    if len(since) < ENOUGH_DAYS:
        where = _middle(since[-STEP_SIDE_DAYS:])
        return Drift(
            Course.UNTOLD,
            len(since),
            where,
            yesterday,
            where.excess(tolerance),
            stepped_on=stepped_on,
            step=step,
        )
    times = np.array([(pose.day - since[-1].day).days for pose in since], dtype=np.float64)
    lines = [_line(times, values[begin:, column]) for column in range(4)]
    where = _displacement(np.array([level for _, level in lines]), tolerance)
    slopes = [slope for slope, _ in lines]
    span = float(times[-1] - times[0])
    drifts = any(slope.is_told and abs(slope.middle) * span >= MATERIAL_EXCESS for slope in slopes)
    units = (tolerance.shift_fov, tolerance.shift_fov, tolerance.roll_deg, tolerance.zoom)
    dx, dy, roll_deg, zoom = (
        Slope(slope.low * unit, slope.middle * unit, slope.high * unit)
        for slope, unit in zip(slopes, units, strict=True)
    )
    return Drift(
        course=Course.DRIFTING if drifts else Course.STEADY,
        days=len(since),
        where=where,
        against_yesterday=yesterday,
        excess=where.excess(tolerance),
        dx=dx,
        dy=dy,
        roll_deg=roll_deg,
        zoom=zoom,
        forecast=_forecast(since[-1].day, lines) if drifts else None,
        stepped_on=stepped_on,
        step=step,
    )


def theil_sen(times: Floats, values: Floats) -> Slope:
    """The median slope between all pairs, and bounds by Kendall's rank correlation (Sen 1968).

    The bounds take days as independent of each other. Days of one weather are not, so they are a little too narrow.

    Args:
        times: Distinct, ascending, at least two.
        values: As many.
    """
    first, second = np.triu_indices(len(times), 1)
    slopes = np.sort((values[second] - values[first]) / (times[second] - times[first]))
    count, n = len(slopes), len(times)
    reach = _SURE * math.sqrt(n * (n - 1) * (2 * n + 5) / 18)
    low = max(0, math.floor((count - reach) / 2))
    high = min(count - 1, math.ceil((count + reach) / 2))
    return Slope(float(slopes[low]), float(np.median(slopes)), float(slopes[high]))


def _line(times: Floats, values: Floats) -> tuple[Slope, float]:
    """The slope, and where the line is at time 0, the last day."""
    slope = theil_sen(times, values)
    return slope, float(np.median(values - slope.middle * times))


def _scaled(poses: Sequence[Pose], tolerance: Tolerance) -> Floats:
    """Rows of dx, dy, roll and zoom in units of their tolerance, so that all are measured alike."""
    return np.array(
        [
            (
                pose.displacement.dx / tolerance.shift_fov,
                pose.displacement.dy / tolerance.shift_fov,
                pose.displacement.roll_deg / tolerance.roll_deg,
                (pose.displacement.zoom - 1.0) / tolerance.zoom,
            )
            for pose in poses
        ]
    )


def _displacement(scaled: Floats, tolerance: Tolerance) -> Displacement:
    dx, dy, roll, zoom = (float(value) for value in scaled)
    return Displacement(
        dx * tolerance.shift_fov,
        dy * tolerance.shift_fov,
        roll * tolerance.roll_deg,
        1.0 + zoom * tolerance.zoom,
    )


def _last_step(poses: Sequence[Pose], values: Floats) -> int:
    """The index of the first day after the last step, 0 without one.

    Days on either side of a step agree with each other and not with the other side; a drift passes through what lies
    between, and a single odd day (fog, a broom before the lens) is followed by days as before.
    """
    jumps = np.linalg.norm(np.diff(values, axis=0), axis=1)
    noise = _MAD_TO_SIGMA * float(np.median(jumps)) if len(jumps) else 0.0
    least = max(STEP_EXCESS, STEP_SIGMAS * noise)
    for index in range(len(poses) - 1, 0, -1):
        before, after = values[max(0, index - STEP_SIDE_DAYS) : index], values[index : index + STEP_SIDE_DAYS]
        if jumps[index - 1] < least or min(len(before), len(after)) < min(2, len(poses) - 1):
            continue
        apart = np.linalg.norm(np.median(after, axis=0) - np.median(before, axis=0))
        if apart >= least and apart > 2 * max(_reach(before), _reach(after)):
            return index
    return 0


def _reach(values: Floats) -> float:
    """How far days of one side lie from their middle, the worst of three left out."""
    apart = np.sort(np.linalg.norm(values - np.median(values, axis=0), axis=1))
    return float(apart[len(apart) // 2])


def _forecast(last: date, lines: Sequence[tuple[Slope, float]]) -> Forecast:
    def crossing(slopes: Sequence[float]) -> date | None:
        days = np.arange(HORIZON_DAYS + 1)
        dx, dy, roll, zoom = (level + slope * days for slope, (_, level) in zip(slopes, lines, strict=True))
        beyond = np.maximum.reduce([np.hypot(dx, dy), np.abs(roll), np.abs(zoom)]) >= 1.0
        return last + timedelta(days=int(np.argmax(beyond))) if beyond.any() else None

    def leads_away(slope: Slope, level: float) -> list[float]:
        """Both bounds, the one first that ends farther from the anchor."""
        ends = {bound: abs(level + bound * HORIZON_DAYS) for bound in (slope.low, slope.high)}
        return sorted((slope.low, slope.high), key=ends.__getitem__, reverse=True)

    bounds = [leads_away(slope, level) for slope, level in lines]
    return Forecast(
        on=crossing([slope.middle for slope, _ in lines]),
        earliest=crossing([fast for fast, _ in bounds]),
        # A direction that is not told may as well be none.
        latest=crossing(
            [slow if slope.is_told else 0.0 for (_, slow), (slope, _) in zip(bounds, lines, strict=True)]
        ),
    )


def _against_yesterday(poses: Sequence[Pose]) -> Displacement | None:
    if len(poses) < 2 or poses[-1].day - poses[-2].day != timedelta(days=1):
        return None
    return _difference(poses[-2].displacement, poses[-1].displacement)


def _difference(before: Displacement, after: Displacement) -> Displacement:
    return Displacement(
        after.dx - before.dx, after.dy - before.dy, after.roll_deg - before.roll_deg, after.zoom / before.zoom
    )


def _middle(poses: Sequence[Pose]) -> Displacement:
    parts = zip(
        *(
            (p.displacement.dx, p.displacement.dy, p.displacement.roll_deg, p.displacement.zoom)
            for p in poses
        ),
        strict=True,
    )
    return Displacement(*(float(np.median(part)) for part in parts))
