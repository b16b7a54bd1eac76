"""How drift is written, for people and as JSON."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from monitor.domain.displacement import Displacement
from monitor.domain.drift import ENOUGH_DAYS, Course, Drift, Pose
from monitor.reports.compose import forecast, step

_WIDTH, _HEIGHT = 60, 8
_PARTS = ("dx", "dy", "roll_deg", "zoom")


def drift_cell(drift: Drift) -> tuple[str, str]:
    """Drift in a table of views."""
    if drift.course is Course.UNTOLD:
        return f"{drift.days} of {ENOUGH_DAYS} days", "quiet"
    if drift.course is Course.STEADY:
        return "steady", "good"
    near = drift.forecast is not None and drift.forecast.on is not None
    return f"drifts: {forecast(drift)}", "doubt" if near else ""


def sentences(drift: Drift) -> list[str]:
    """What is to be said of one view, most important first."""
    if drift.where is None:
        return ["No day has been summed up yet; the service does that an hour after midnight UTC."]
    told = [f"It lies {drift.where.describe()}: {drift.excess * 100:.0f} % of its tolerance."]
    if drift.against_yesterday is not None:
        told.append(f"Against the day before: {drift.against_yesterday.describe()}.")
    if drift.stepped_on is not None:
        told.append(f"Sudden change on {step(drift)}; what follows counts from there.")
    if drift.course is Course.UNTOLD:
        told.append(f"A line needs {ENOUGH_DAYS} days, and has {drift.days}.")
    elif drift.course is Course.STEADY:
        told.append(f"It has not drifted in {drift.days} days.")
    else:
        told.append(f"It drifts, by {drift.days} days. It leaves its tolerance: {forecast(drift)}.")
    return told


def plot(poses: tuple[Pose, ...], limit: float) -> list[str]:
    """Distance from the reference over the days, drawn with characters; the tolerance is a dashed line."""
    values = [pose.displacement.shift_fov for pose in poses]
    top = max(*values, limit) * 1.05
    first, last = poses[0].day, poses[-1].day
    span = max(1, (last - first).days)
    grid = [[" "] * _WIDTH for _ in range(_HEIGHT)]
    grid[_row(limit, top)] = ["-"] * _WIDTH
    for pose, value in zip(poses, values, strict=True):
        grid[_row(value, top)][round((pose.day - first).days / span * (_WIDTH - 1))] = "•"
    scale = {0: f"{top * 100:.2f} %", _HEIGHT - 1: "0"}
    lines = [f"{scale.get(number, ''):>8} │{''.join(cells)}" for number, cells in enumerate(grid)]
    return [*lines, f"{'':>8} └{'─' * _WIDTH}", f"{'':>10}{first}{last!s:>{_WIDTH - 10}}"]


def drift_json(drift: Drift) -> dict[str, Any]:
    """Drift for machines; slopes are a day."""
    ahead = drift.forecast
    return {
        "course": drift.course.value,
        "days": drift.days,
        "where": _displacement(drift.where),
        "against_yesterday": _displacement(drift.against_yesterday),
        "excess": drift.excess,
        "slopes": {
            part: None if getattr(drift, part) is None else asdict(getattr(drift, part)) for part in _PARTS
        },
        "forecast": None
        if ahead is None
        else {
            name: moment.isoformat() if (moment := getattr(ahead, name)) else None
            for name in ("on", "earliest", "latest")
        },
        "stepped_on": drift.stepped_on.isoformat() if drift.stepped_on else None,
        "step": _displacement(drift.step),
    }


def pose_json(pose: Pose) -> dict[str, Any]:
    """One day for machines."""
    return {"day": pose.day.isoformat(), **(_displacement(pose.displacement) or {})}


def _displacement(where: Displacement | None) -> dict[str, float] | None:
    return None if where is None else {part: getattr(where, part) for part in _PARTS}


def _row(value: float, top: float) -> int:
    return _HEIGHT - 1 - round(value / top * (_HEIGHT - 1))
