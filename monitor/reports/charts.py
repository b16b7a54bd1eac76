"""Where the strokes of a chart go, in a box of 0–1 from the bottom left; the formats only draw them."""

from __future__ import annotations

import math
from dataclasses import dataclass

from monitor.reports.document import Bars, Chart

_GRID_LINES = 4
_LABELS = 8


@dataclass(frozen=True, slots=True)
class Drawing:
    """A chart's strokes.

    Attributes:
        title: Above it.
        ticks: Height and text of each grid line.
        labels: Position and text of each label below.
        bars: Left edge, width and height of each bar.
        points: Of the curve.
        limits: Heights of limits.
    """

    title: str
    ticks: tuple[tuple[float, str], ...]
    labels: tuple[tuple[float, str], ...]
    bars: tuple[tuple[float, float, float], ...] = ()
    points: tuple[tuple[float, float], ...] = ()
    limits: tuple[float, ...] = ()


def draw(chart: Chart) -> Drawing:
    """Scale a chart to its box."""
    if isinstance(chart, Bars):
        top = _round_up(max(chart.values, default=0.0))
        count = max(1, len(chart.values))
        every = math.ceil(count / _LABELS)
        return Drawing(
            chart.title,
            _ticks(top),
            tuple(
                ((index + 0.5) / count, text) for index, text in enumerate(chart.labels) if index % every == 0
            ),
            bars=tuple(
                ((index + 0.15) / count, 0.7 / count, value / top) for index, value in enumerate(chart.values)
            ),
        )
    top = _round_up(max([value for _, value in chart.points] + list(chart.limits)))
    last = max(chart.points[-1][0], 1.0)
    return Drawing(
        chart.title,
        _ticks(top),
        ((0.06, chart.labels[0]), (0.94, chart.labels[1])),
        points=tuple((at / last, value / top) for at, value in chart.points),
        limits=tuple(value / top for value in chart.limits),
    )


def _round_up(value: float) -> float:
    """The next of 1, 2, 4, 5, 10 times a power of ten: its quarters are round as well."""
    if value <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(value))
    return next(step * power for step in (1.0, 2.0, 4.0, 5.0, 10.0) if step * power >= value * (1 - 1e-9))


def _ticks(top: float) -> tuple[tuple[float, str], ...]:
    # Half an incident does not exist: small counts get fewer lines.
    lines = next((n for n in (_GRID_LINES, 5, 2) if top >= n and top / n == int(top / n)), _GRID_LINES)
    if top == 1.0:
        lines = 2
    return tuple((index / lines, f"{top * index / lines:g}") for index in range(lines + 1))
