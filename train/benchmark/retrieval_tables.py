"""Retrieval for the report: Rank-1, Rank-5 and mAP with intervals by camera, by light, and swapped cameras."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import astuple, fields
from statistics import fmean

import numpy as np
from numpy.typing import NDArray

from train.benchmark.bootstrap import interval_by_camera, share_by_camera
from train.benchmark.pairs import KNOWN_DOUBTFUL
from train.benchmark.retrieval import Arrangement, Lookup
from train.benchmark.tables import Cell, Table
from train.metrics.bounds import Interval

RANK_CLOSE = 5
LOW_QUANTILE = 0.05
ALL = "all"
SWAPS = (
    "Swapped cameras. *Beaten*: another view is at least as similar as the own one. *Margin*: own minus best other "
    "similarity; the value that 5 % of the queries fall below. *Named*: if the picture came in the place of each other "
    "fixed camera's in turn, how often the service would name the camera that it shows, or a wrong one; else it says "
    "only that the scene is another."
)


def as_markdown(
    arrangement: Arrangement,
    lookups: Sequence[Lookup],
    doubtful: Mapping[str, str] | None = None,
    seed: int = 0,
) -> str:
    """The report's part."""
    known = {picture.camera for picture in arrangement.gallery}
    asked = {picture.camera for picture in arrangement.queries}
    setup = (
        f"{len(arrangement.queries)} later pictures of {len(asked)} fixed cameras, looked for in a gallery of "
        f"{len(arrangement.gallery)} pictures of {len(known)} cameras. Intervals: 95 %, by camera. A wrong entry "
        "that is as similar as the right one counts as found first."
    )
    return "\n\n".join(
        [
            setup,
            ranking(lookups, doubtful, seed).markdown(),
            SWAPS,
            swapped(lookups, doubtful, seed).markdown(),
        ]
    )


def ranking(lookups: Sequence[Lookup], doubtful: Mapping[str, str] | None = None, seed: int = 0) -> Table:
    """Rank-1, Rank-5, mAP by method and light, and without the doubtful cameras."""
    rows: list[tuple[Cell, ...]] = []
    for method, label, some in _groups(lookups, doubtful):
        cameras = [one.camera for one in some]
        first = share_by_camera([one.rank == 1 for one in some], cameras, seed)
        close = share_by_camera([one.rank <= RANK_CLOSE for one in some], cameras, seed)
        precision = np.array([one.average_precision for one in some])
        rows.append(
            (
                method,
                label,
                len(some),
                len(set(cameras)),
                _percent(first.value, first.interval),
                _percent(close.value, close.interval),
                _percent(float(precision.mean()), interval_by_camera(_mean_of(precision), cameras, seed)),
                f"{_by_camera(some) * 100:.1f} %",
            )
        )
    columns = ("method", "light", "queries", "cameras", "Rank-1", "Rank-5", "mAP", "Rank-1, mean of cameras")
    return Table(columns, tuple(rows))


def swapped(lookups: Sequence[Lookup], doubtful: Mapping[str, str] | None = None, seed: int = 0) -> Table:
    """How often another view beats the own one, by how much not, and how swaps would be named."""
    rows: list[tuple[Cell, ...]] = []
    for method, label, some in _groups(lookups, doubtful):
        beaten = share_by_camera([one.beaten for one in some], [one.camera for one in some], seed)
        margin = np.quantile([one.own - one.other for one in some], LOW_QUANTILE)
        right = [one.swap_right for one in some if one.swap_right is not None]
        wrong = [one.swap_wrong for one in some if one.swap_wrong is not None]
        rows.append(
            (
                method,
                label,
                f"{beaten.hits} of {beaten.trials}",
                _percent(beaten.value, beaten.interval),
                f"{margin:.2f}",
                f"{fmean(right) * 100:.1f} %" if right else None,
                f"{fmean(wrong) * 100:.1f} %" if wrong else None,
            )
        )
    return Table(
        ("method", "light", "beaten", "share", "margin", "swap named right", "swap named wrong"), tuple(rows)
    )


def lookup_rows(lookups: Sequence[Lookup]) -> Table:
    """One row a query and method, for the CSV."""
    return Table(tuple(field.name for field in fields(Lookup)), tuple(astuple(one) for one in lookups))


def _groups(
    lookups: Sequence[Lookup], doubtful: Mapping[str, str] | None
) -> list[tuple[str, str, list[Lookup]]]:
    doubted = KNOWN_DOUBTFUL if doubtful is None else doubtful
    groups = []
    for method in dict.fromkeys(one.method for one in lookups):
        mine = [one for one in lookups if one.method == method]
        groups.append((method, ALL, mine))
        sure = [one for one in mine if one.camera not in doubted]
        if sure and len(sure) < len(mine):
            groups.append((method, "without the doubtful", sure))
        for light in sorted({one.light for one in mine}):
            some = [one for one in mine if one.light == light]
            if len(some) < len(mine):
                groups.append((method, light, some))
    return groups


def _mean_of(values: NDArray[np.float64]) -> Callable[[NDArray[np.int64]], float]:
    return lambda indices: float(values[indices].mean())


def _by_camera(lookups: Sequence[Lookup]) -> float:
    """Rank-1 with every camera counted alike, however many pictures it has."""
    cameras: dict[str, list[bool]] = {}
    for one in lookups:
        cameras.setdefault(one.camera, []).append(one.rank == 1)
    return fmean(fmean(hits) for hits in cameras.values())


def _percent(value: float, interval: Interval | None) -> str:
    bounds = "" if interval is None else f" [{interval.low * 100:.1f}, {interval.high * 100:.1f}]"
    return f"{value * 100:.1f} %{bounds}"
