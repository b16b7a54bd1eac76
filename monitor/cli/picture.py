"""A small picture of a frame in the terminal: two pixels a character, one above the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2

if TYPE_CHECKING:
    from rich.text import Text

    from monitor.domain.frame import Pixels

COLUMNS = 56
_UPPER_HALF = "▀"


def miniature(pixels: Pixels, columns: int = COLUMNS) -> Text:
    """The picture (H, W, 3), RGB, as coloured half blocks; a character cell is about twice as high as wide."""
    from rich.color import Color
    from rich.style import Style
    from rich.text import Text

    height, width = pixels.shape[:2]
    rows = max(1, round(columns * height / width / 2))
    small = cv2.resize(pixels, (columns, 2 * rows), interpolation=cv2.INTER_AREA)
    drawn = Text(no_wrap=True)
    for row in range(rows):
        for above, below in zip(small[2 * row].tolist(), small[2 * row + 1].tolist(), strict=True):
            drawn.append(_UPPER_HALF, Style(color=Color.from_rgb(*above), bgcolor=Color.from_rgb(*below)))
        drawn.append("\n")
    return drawn
