"""What was found, as one picture: the query, and the nearest of the gallery beside it."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from train.data.manifest import DataError, read_picture
from train.retrieval.figures import blank_figure, save_figure, shrink
from train.retrieval.search import Distance, Hit

COLUMNS = 5
CELL_IN, GAP_IN, PICTURE_IN, CAPTION_IN, HEAD_IN = 2.2, 0.2, 1.6, 0.68, 0.45
LONGEST_PX = 320
CAPTION_LETTERS = 26
QUERY_COLOUR = "#0072B2"


def draw_sheet(image: Path, hits: Sequence[Hit], distance: Distance, path: Path) -> None:
    """Draw the query with a coloured frame, and the hits in rows of five with rank, distance, title and style.

    A gallery picture that went away since it was embedded is drawn as an empty field.

    Args:
        image: What was looked for.
        hits: At least one.
        distance: For the heading.
        path: The picture to write.

    Raises:
        DataError: The query cannot be read.
        DrawingError: The sheet cannot be written.
    """
    rows = -(-len(hits) // COLUMNS)
    figure = blank_figure((min(len(hits), COLUMNS) + 1) * CELL_IN, rows * (PICTURE_IN + CAPTION_IN) + HEAD_IN)
    title = f"The nearest {len(hits)} of the gallery, {distance.value} distance"
    figure.suptitle(title, x=0.01, y=1 - 0.1 / figure.get_figheight(), ha="left", va="top", fontsize=11)
    query = _place(figure, 0, 0)
    _show(query, read_picture(image), f"query\n{_short(image.stem)}")
    for spine in query.spines.values():
        spine.set(visible=True, color=QUERY_COLOUR, linewidth=3)
    for index, hit in enumerate(hits):
        axes = _place(figure, index // COLUMNS, index % COLUMNS + 1)
        entry = hit.entry
        caption = f"{hit.rank}.  {hit.distance:.3f}\n{_short(entry.title)}\n{_short(entry.style)}"
        try:
            _show(axes, read_picture(entry.path), caption)
        except DataError:
            _show(axes, np.full((3, 4, 3), 235, np.uint8), caption)
    save_figure(figure, path)


def _place(figure: Figure, row: int, column: int) -> Axes:
    """A field for a picture, with room for its caption below."""
    width, height = figure.get_figwidth(), figure.get_figheight()
    bottom = height - HEAD_IN - row * (PICTURE_IN + CAPTION_IN) - PICTURE_IN
    left = column * CELL_IN + GAP_IN / 2
    return figure.add_axes((left / width, bottom / height, (CELL_IN - GAP_IN) / width, PICTURE_IN / height))


def _show(axes: Axes, pixels: NDArray[np.uint8], caption: str) -> None:
    axes.imshow(shrink(pixels, LONGEST_PX), interpolation="antialiased")
    axes.set(xticks=[], yticks=[], anchor="S")
    for spine in axes.spines.values():
        spine.set_visible(False)
    # A dollar sign in a title is a dollar sign, not the begin of a formula.
    axes.set_xlabel(caption, fontsize=8.5, parse_math=False, linespacing=1.3)


def _short(text: str) -> str:
    return textwrap.shorten(text, CAPTION_LETTERS, placeholder="…") if " " in text else _cut(text)


def _cut(text: str) -> str:
    return text if len(text) <= CAPTION_LETTERS else text[: CAPTION_LETTERS - 1] + "…"
