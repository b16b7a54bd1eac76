"""A few hundred bytes that tell whether two captures are one and the same picture: mean grey values by cells.

Encoding a picture anew hardly changes them; a live sensor does, by noise, by light, and by anything that moves.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from monitor.domain.view import Rectangle

COLUMNS, ROWS = 24, 18
CLOCK_COLUMNS, CLOCK_ROWS = 48, 6
"""Cells over a burnt-in clock: about two a digit, for the last digit alone must be seen to change."""


@dataclass(frozen=True, slots=True)
class Difference:
    """How far two fingerprints are apart.

    Attributes:
        largest: Of all cells, in grey levels of 255.
        changed: Share of the cells that differ at all.
    """

    largest: int
    changed: float

    def within(self, largest: int, changed: float) -> bool:
        """Whether neither figure is above its limit."""
        return self.largest <= largest and self.changed <= changed


def fingerprint(
    luma: NDArray[Any], hidden: Sequence[Rectangle] = (), columns: int = COLUMNS, rows: int = ROWS
) -> str:
    """Cell means of a grey picture (h, w), as text.

    Args:
        luma: At working size.
        hidden: Parts that have no say, such as a clock that a recorder draws into every picture.
        columns: Cells side by side; as many as there are pixels where those are fewer.
        rows: Cells one above the other, likewise.
    """
    height, width = luma.shape
    lines, posts = (
        np.linspace(0, side, min(count, side) + 1).astype(int)
        for side, count in ((height, rows), (width, columns))
    )
    picture = luma.astype(np.float32)
    for part in hidden:
        bottom, right = part.top + part.height, part.left + part.width
        picture[
            int(part.top * height) : round(bottom * height), int(part.left * width) : round(right * width)
        ] = 0
    sums = np.add.reduceat(np.add.reduceat(picture, lines[:-1], axis=0), posts[:-1], axis=1)
    means = np.rint(sums / np.outer(np.diff(lines), np.diff(posts))).clip(0, 255).astype(np.uint8)
    return base64.b64encode(means.tobytes()).decode("ascii")


def clock_fingerprint(pixels: NDArray[np.uint8], clock: Rectangle) -> str:
    """Cell means of the part of an RGB picture (H, W, 3) where a clock is burnt in; empty where that has no area."""
    height, width = pixels.shape[:2]
    part = pixels[
        int(clock.top * height) : round((clock.top + clock.height) * height),
        int(clock.left * width) : round((clock.left + clock.width) * width),
    ]
    return fingerprint(part.mean(axis=2), (), CLOCK_COLUMNS, CLOCK_ROWS) if part.size else ""


def difference(one: str, other: str) -> Difference | None:
    """How far two fingerprints are apart; None where one is missing or of another shape."""
    if not one or len(one) != len(other):
        return None
    cells = [np.frombuffer(base64.b64decode(text), np.uint8).astype(np.int16) for text in (one, other)]
    apart = np.abs(cells[0] - cells[1])
    return Difference(int(apart.max()), float((apart > 0).mean()))
