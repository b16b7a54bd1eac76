"""Pictures as they come after firmware or a person has changed the camera's format."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import cv2
import numpy as np

from monitor.domain.frame import Pixels

CUT = 0.75
"""Share of the height or width that a picture of another shape keeps."""
BAR = 0.125
"""Share of the width that a black bar has, on either side."""


def half_size(pixels: Pixels) -> Pixels:
    """The same shape, half as wide and high."""
    return _resized(pixels, 0.5, 0.5)


def stretched(pixels: Pixels) -> Pixels:
    """All of the view, squeezed from the sides."""
    return _resized(pixels, CUT, 1.0)


def cut_low(pixels: Pixels) -> Pixels:
    """The same from left to right, without top and bottom."""
    margin = round(len(pixels) * (1 - CUT) / 2)
    return pixels[margin : len(pixels) - margin]


def cut_narrow(pixels: Pixels) -> Pixels:
    """The same from top to bottom, without the sides."""
    margin = round(pixels.shape[1] * (1 - CUT) / 2)
    return pixels[:, margin : pixels.shape[1] - margin]


def barred(pixels: Pixels) -> Pixels:
    """All of the view between black bars at the sides."""
    width = round(pixels.shape[1] * BAR)
    return np.asarray(cv2.copyMakeBorder(pixels, 0, 0, width, width, cv2.BORDER_CONSTANT), np.uint8)


RESHAPED: Mapping[str, Callable[[Pixels], Pixels]] = {
    "half the size": half_size,
    "stretched": stretched,
    "cut at top and bottom": cut_low,
    "cut at the sides": cut_narrow,
    "with bars at the sides": barred,
}


def _resized(pixels: Pixels, across: float, down: float) -> Pixels:
    return np.asarray(cv2.resize(pixels, None, fx=across, fy=down, interpolation=cv2.INTER_AREA), np.uint8)
