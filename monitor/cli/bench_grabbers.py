"""`monitor bench --grabbers`: what it costs that frames are grabbed by processes that can be killed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from monitor.cli.screen import Screen


def bench_grabbers(
    directory: Path,
    pictures: Mapping[tuple[int, int], Sequence[Sequence[bytes]]],
    screen: Screen,
    as_json: bool,
) -> None:
    """Measure, and show.

    Args:
        directory: An empty folder.
        pictures: JPEGs of several cameras, by width and height; the first of each size is grabbed.
        screen: Where to show it.
        as_json: Whether as JSON.
    """
    from monitor.wiring.grabber_cost import measure_grabbers

    screen.note("Grabbing directly and through other processes …")
    by_size = [(size, cameras[0][0]) for size, cameras in pictures.items()]
    costs = measure_grabbers(directory, by_size)
    if as_json:
        screen.json([cost.as_dict() for cost in costs], indent=2)
        return
    screen.table(
        ["JPEG", "direct", "asking", "grabber", "more, core-ms a grab", "memory of a grabber"],
        [
            [
                f"{cost.width} × {cost.height}",
                f"{cost.direct_core_ms:.2f}",
                f"{cost.asking_core_ms:.2f}",
                f"{cost.grabber_core_ms:.2f}",
                f"{cost.extra_core_ms:.2f}",
                "not told" if cost.grabber_pss_mb is None else f"{cost.grabber_pss_mb:.1f} MB",
            ]
            for cost in costs
        ],
    )
