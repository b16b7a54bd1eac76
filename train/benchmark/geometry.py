"""How well displacements are measured, and how small ones may be and still be found."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from monitor.domain.verdict import VerdictKind
from train.benchmark.bootstrap import interval_by_camera
from train.benchmark.rows import Row
from train.benchmark.tables import NOTHING, Cell, Results, Table, is_same_view, percent
from train.benchmark.targets import ROLL_MEDIAN_DEG, SHIFT_MEDIAN_FOV, Measure

STILL = 1e-6
"""Below this a component of a known displacement counts as none: one is drawn as exactly none, or much larger."""
WHOLE = 0.98
"""Part of its kind's displacement that a pair must have to count for the kind's step of a curve: where a picture is
too narrow for real content under the whole of it, the displacement was shrunk."""
FOUND = 0.95


@dataclass(frozen=True, slots=True)
class Axis:
    """One way to displace a view.

    Attributes:
        name: As tables show it.
        unit: Of its sizes.
        size: Of a pair's known displacement, in that unit, without sense.
    """

    name: str
    unit: str
    size: Callable[[Row], float]


AXES = (
    Axis("shift", "% of the view", lambda row: math.hypot(row.true_dx or 0.0, row.true_dy or 0.0) * 100),
    Axis("roll", "°", lambda row: abs(row.true_roll_deg or 0.0)),
    Axis("zoom", "%", lambda row: math.expm1(abs(math.log(row.true_zoom or 1.0))) * 100),
)


@dataclass(frozen=True, slots=True)
class Error:
    """Absolute errors of one measured displacement: per cent of the view, degrees, per cent of zoom."""

    dx: float
    dy: float
    roll_deg: float
    zoom: float


COMPONENTS = (
    ("dx", "dx (% of view)"),
    ("dy", "dy (% of view)"),
    ("roll_deg", "roll (°)"),
    ("zoom", "zoom (%)"),
)


def error_of(row: Row) -> Error | None:
    """How far a measurement is off; None where nothing is known, or nothing was measured."""
    true = (row.true_dx, row.true_dy, row.true_roll_deg, row.true_zoom)
    measured = (row.dx, row.dy, row.roll_deg, row.zoom)
    if any(value is None for value in (*true, *measured)):
        return None
    off = [
        abs(one - other)
        for one, other in zip(measured, true, strict=True)
        if one is not None and other is not None
    ]
    assert row.true_zoom is not None
    return Error(off[0] * 100, off[1] * 100, off[2], off[3] / row.true_zoom * 100)


def axis_of(row: Row) -> str:
    """Which way a pair was displaced: `none`, the name of an axis, `mixed`, or `unknown`."""
    if row.true_dx is None or row.true_zoom is None:
        return "unknown"
    moved = [axis.name for axis in AXES if axis.size(row) > STILL]
    return "none" if not moved else moved[0] if len(moved) == 1 else "mixed"


def measuring(results: Results) -> list[str]:
    """The methods that measured a displacement of any pair."""
    return [method for method in results.methods if any(row.dx is not None for row in results.of(method))]


def error_table(results: Results) -> Table:
    """Median / 90th percentile of the errors by method, over the same view and over each way to move it.

    Errors are those of measured pairs; the share of pairs that were measured at all stands beside them. Methods that
    measure nothing are left out.
    """
    groups: dict[str, Callable[[Row], bool]] = {"same view": is_same_view}
    for name in ("shift", "roll", "zoom", "mixed"):
        groups[name] = _moved_along(name)
    groups["all moved"] = _is_move
    lines: list[tuple[Cell, ...]] = []
    for group, belongs in groups.items():
        for method in measuring(results):
            rows = [row for row in results.of(method) if row.true_dx is not None and belongs(row)]
            if rows:
                lines.append((group, method, len(rows), *_error_cells(rows)))
    columns = ("pairs that are", "method", "pairs", "measured", *(title for _, title in COMPONENTS))
    return Table(columns, tuple(lines))


def error_list(results: Results) -> Table:
    """The same by kind and in long form, for the CSV."""
    lines: list[tuple[Cell, ...]] = []
    for method in results.methods:
        for kind in results.kinds:
            rows = [row for row in results.of(method, kind) if row.true_dx is not None]
            errors = [error for error in map(error_of, rows) if error is not None]
            for name, _ in COMPONENTS:
                values = [getattr(error, name) for error in errors]
                figures = (
                    (float(np.median(values)), float(np.quantile(values, 0.9))) if values else (None, None)
                )
                if rows:
                    lines.append((method, kind, name, len(rows), len(errors), *figures))
    return Table(
        ("method", "kind", "component", "pairs", "measured", "median_error", "p90_error"), tuple(lines)
    )


def target_table(results: Results) -> Table:
    """Median errors over all moved kinds with 95 % intervals by camera, against their targets."""
    lines: list[tuple[Cell, ...]] = []
    for method in measuring(results):
        rows = [row for row in results.of(method) if row.true_dx is not None and _is_move(row)]
        known = [(row.camera, error) for row in rows if (error := error_of(row)) is not None]
        if not known:
            lines.append((method, f"0 of {len(rows)}", NOTHING, NOTHING, NOTHING))
            continue
        cameras = [camera for camera, _ in known]
        cells, met = [], True
        for values, largest in (
            ([(error.dx, error.dy) for _, error in known], SHIFT_MEDIAN_FOV * 100),
            ([(error.roll_deg,) for _, error in known], ROLL_MEDIAN_DEG),
        ):
            table = np.array(values)
            median = _median_of(table)(np.arange(len(table)))
            interval = interval_by_camera(_median_of(table), cameras, results.seed)
            span = "" if interval is None else f" ({interval.low:.2f}–{interval.high:.2f})"
            cells.append(f"{median:.2f}{span}")
            met = met and median <= largest
        lines.append((method, f"{len(known)} of {len(rows)}", *cells, "yes" if met else "no"))
    columns = (
        "method",
        "moved pairs measured",
        f"shift (≤ {SHIFT_MEDIAN_FOV * 100:.1f} % of view)",
        f"roll (≤ {ROLL_MEDIAN_DEG:.1f}°)",
        "met",
    )
    return Table(columns, tuple(lines))


def detection_curve(results: Results, method: str, axis: Axis) -> list[tuple[float, float]]:
    """(size, share reported as any change) at each of the protocol's steps along one axis, in rising order.

    The first kind of untouched same views is the step of size 0.
    """
    steps: dict[float, float] = {}
    for kind in results.kinds:
        rows = results.of(method, kind)
        if not rows or any(row.true_dx is None for row in rows):
            continue
        axes = {axis_of(row) for row in rows}
        if axes == {"none"} and all(map(is_same_view, rows)):
            steps.setdefault(0.0, _alarms(rows))
        elif axes == {axis.name} and all(map(_is_move, rows)):
            largest = max(map(axis.size, rows))
            whole = [row for row in rows if axis.size(row) >= WHOLE * largest]
            steps[round(largest, 6)] = _alarms(whole)
    return sorted(steps.items())


def smallest_found(curve: Sequence[tuple[float, float]], found: float = FOUND) -> str:
    """The size from which on at least that share is found, for a person.

    Interpolated between the last step that falls short and the next; `≤ 1` where even the smallest step is found
    and `> 15` where the largest is not: nothing is said beyond the steps. `–` without steps.
    """
    steps = [(size, share) for size, share in curve if size > 0]
    if not steps:
        return NOTHING
    short = [index for index, (_, share) in enumerate(steps) if share < found]
    if not short:
        return f"≤ {steps[0][0]:.3g}"
    last = short[-1]
    if last == len(steps) - 1:
        return f"> {steps[-1][0]:.3g}"
    (low, share_low), (high, share_high) = steps[last], steps[last + 1]
    return f"{low + (found - share_low) / (share_high - share_low) * (high - low):.1f}"


def smallest_table(results: Results) -> Table:
    """The smallest displacement along each axis that is reported as a change in 95 % of the pairs."""
    lines = tuple(
        (method, *(smallest_found(detection_curve(results, method, axis)) for axis in AXES))
        for method in results.methods
    )
    return Table(("method", *(f"{axis.name} ({axis.unit})" for axis in AXES)), lines)


def curves(results: Results, axis: Axis) -> Mapping[str, list[tuple[float, float]]]:
    """Method to its curve along one axis."""
    return {method: detection_curve(results, method, axis) for method in results.methods}


def curve_list(results: Results) -> Table:
    """All curves in long form, for the CSV."""
    lines = tuple(
        (method, axis.name, axis.unit, size, share)
        for axis in AXES
        for method in results.methods
        for size, share in detection_curve(results, method, axis)
    )
    return Table(("method", "axis", "unit", "size", "share_reported"), lines)


def _is_move(row: Row) -> bool:
    return row.truth is VerdictKind.MOVED


def _alarms(rows: Sequence[Row]) -> float:
    return sum(Measure.ALARM.of(row) for row in rows) / len(rows)


def _moved_along(name: str) -> Callable[[Row], bool]:
    return lambda row: _is_move(row) and axis_of(row) == name


def _median_of(errors: NDArray[np.float64]) -> Callable[[NDArray[np.int64]], float]:
    """The larger of the columns' medians, over some of the rows."""
    return lambda picked: float(np.median(errors[picked], axis=0).max())


def _error_cells(rows: Sequence[Row]) -> tuple[Cell, ...]:
    errors = [error for error in map(error_of, rows) if error is not None]
    measured = f"{percent(len(errors) / len(rows))} %"
    if not errors:
        return (measured, *[NOTHING] * len(COMPONENTS))
    cells = []
    for name, _ in COMPONENTS:
        values = [getattr(error, name) for error in errors]
        cells.append(f"{np.median(values):.2f} / {np.quantile(values, 0.9):.2f}")
    return (measured, *cells)
