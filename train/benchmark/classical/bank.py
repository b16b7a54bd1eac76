"""The orientation bank: what a method keeps of a reference as every turned camera would show it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from monitor.domain.orientation import Orientation, turn
from train.benchmark.classical.geometry import canvas_of, grey_on
from train.benchmark.classical.judgement import Evidence, Registration

Entry = TypeVar("Entry")
Prepared = TypeVar("Prepared")


class Bank(Generic[Entry]):
    """The reference in each orientation, with its canvas and its true proportions.

    Args:
        entries: What the method made of each.
        canvases: (width, height) on which each was drawn.
        aspect: Width-to-height ratio of the reference upright.
    """

    def __init__(
        self,
        entries: Mapping[Orientation, Entry],
        canvases: Mapping[Orientation, tuple[int, int]],
        aspect: float,
    ) -> None:
        self.entries = entries
        self.canvases = canvases
        self._aspect = aspect

    def aspect(self, orientation: Orientation) -> float:
        """Width-to-height ratio of the view in that orientation."""
        return 1.0 / self._aspect if orientation.swaps_sides else self._aspect


def make_bank(
    reference: NDArray[np.uint8], long_side: int, prepare: Callable[[NDArray[np.uint8]], Entry]
) -> Bank[Entry]:
    """Turn a reference (H, W, 3), bring it to a canvas of that long side, and prepare each (h, w) grey picture."""
    canvas = canvas_of(reference, long_side)
    canvases = {o: (canvas[1], canvas[0]) if o.swaps_sides else canvas for o in Orientation}
    upright = grey_on(reference, canvas)
    entries = {orientation: prepare(turn(upright, orientation)) for orientation in Orientation}
    return Bank(entries, canvases, reference.shape[1] / reference.shape[0])


class FrameViews(Generic[Prepared]):
    """A frame brought to each canvas of a bank and prepared there: two canvases at most serve five orientations."""

    def __init__(
        self, frame: NDArray[np.uint8], bank: Bank[Any], prepare: Callable[[NDArray[np.uint8]], Prepared]
    ) -> None:
        self._by_canvas: dict[tuple[int, int], Prepared] = {}
        for canvas in bank.canvases.values():
            if canvas not in self._by_canvas:
                self._by_canvas[canvas] = prepare(grey_on(frame, canvas))

    def on(self, canvas: tuple[int, int]) -> Prepared:
        """The frame as prepared on that canvas."""
        return self._by_canvas[canvas]


def strongest(registrations: Mapping[Orientation, Registration]) -> Evidence:
    """The upright registration beside the strongest of the turned ones."""
    turned = {o: r for o, r in registrations.items() if o is not Orientation.UPRIGHT}
    best = max(turned, key=lambda orientation: turned[orientation].strength)
    return Evidence(registrations[Orientation.UPRIGHT], turned[best], best)
