"""The map of a projection: thumbnails at the places of their pictures, framed in the colour of their label."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import zip_longest
from pathlib import Path

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.lines import Line2D
from matplotlib.offsetbox import AnnotationBbox, OffsetImage
from numpy.typing import NDArray

from train.data.manifest import DataError, read_picture
from train.retrieval.figures import DPI, blank_figure, save_figure, shrink

WIDTH_IN, HEIGHT_IN, LEGEND_IN = 12.0, 9.0, 2.6
THUMBNAIL_PX = 62
APART_PX = 70.0
"""Two thumbnails are drawn only if their middles are so far apart in x or in y."""
LARGEST_LEGEND = 20
PLAIN = "#7C7C7C"


def draw_map(
    places: NDArray[np.float64], pictures: Sequence[Path], labels: Sequence[str], title: str, path: Path
) -> int:
    """Draw a dot for each picture, and the thumbnails of as many as do not overlap, each label in turn.

    With at most twenty labels each has a colour and a line in the legend; with more, all are grey.

    Args:
        places: (N, 2).
        pictures: N files; one that cannot be read any more stays a dot.
        labels: N names.
        title: Above the map.
        path: The picture to write.

    Returns:
        How many thumbnails were drawn.

    Raises:
        DrawingError: The map cannot be written.
    """
    colours = label_colours(labels)
    # With room at its right for the names only where there are any.
    total_in = WIDTH_IN + (LEGEND_IN if colours else 0.0)
    figure = blank_figure(total_in, HEIGHT_IN)
    axes = figure.add_axes((0.01, 0.01, (WIDTH_IN - 0.2) / total_in, 0.94))
    axes.set(xticks=[], yticks=[])
    axes.set_title(title, fontsize=11, loc="left", parse_math=False)
    low, high = places.min(axis=0), places.max(axis=0)
    margin = np.maximum((high - low) * 0.05, 1e-9)
    axes.set_xlim(low[0] - margin[0], high[0] + margin[0])
    axes.set_ylim(low[1] - margin[1], high[1] + margin[1])
    dots = [colours.get(label, PLAIN) for label in labels]
    axes.scatter(places[:, 0], places[:, 1], s=14, c=dots, linewidths=0, alpha=0.8, zorder=1)
    drawn = 0
    for index in thumbnails_apart(axes.transData.transform(places), labels):
        drawn += _draw_thumbnail(axes, places[index], pictures[index], colours.get(labels[index], PLAIN))
    if colours:
        marks = [Line2D([], [], marker="s", linestyle="", color=colour) for colour in colours.values()]
        names = [name if len(name) <= 26 else name[:25] + "…" for name in colours]
        legend = axes.legend(
            marks, names, loc="upper left", bbox_to_anchor=(1.0, 1.0), frameon=False, fontsize=9
        )
        for text in legend.get_texts():
            text.set_parse_math(False)
    save_figure(figure, path)
    return drawn


def label_colours(labels: Sequence[str]) -> Mapping[str, str]:
    """A colour for each label, in the labels' order; empty where there are too many to tell apart."""
    names = sorted(set(labels))
    if len(names) > LARGEST_LEGEND:
        return {}
    palette = colormaps["tab10" if len(names) <= 10 else "tab20"]
    return {name: to_hex(palette(index)) for index, name in enumerate(names)}


def thumbnails_apart(middles_px: NDArray[np.float64], labels: Sequence[str]) -> list[int]:
    """Which of N places (N, 2) on the canvas get a thumbnail, so that none covers another.

    Labels take turns, so that a large one leaves places to the small ones.
    """
    kept: list[int] = []
    for index in _in_turn(labels):
        others = middles_px[kept]
        if not kept or (np.abs(others - middles_px[index]).max(axis=1) >= APART_PX).all():
            kept.append(index)
    return kept


def _in_turn(labels: Sequence[str]) -> Iterator[int]:
    members: dict[str, list[int]] = {}
    for index, label in enumerate(labels):
        members.setdefault(label, []).append(index)
    for turn in zip_longest(*members.values()):
        yield from (index for index in turn if index is not None)


def _draw_thumbnail(axes: Axes, place: NDArray[np.float64], picture: Path, colour: str) -> bool:
    try:
        pixels = shrink(read_picture(picture), THUMBNAIL_PX)
    except DataError:
        return False
    # An OffsetImage is in points of 1/72 inch; this makes a pixel of the thumbnail one of the canvas.
    image = OffsetImage(pixels, zoom=72 / DPI, interpolation="nearest")
    frame = {"edgecolor": colour, "linewidth": 3.0, "facecolor": "white"}
    axes.add_artist(AnnotationBbox(image, (place[0], place[1]), pad=0.0, bboxprops=frame, zorder=2))
    return True
