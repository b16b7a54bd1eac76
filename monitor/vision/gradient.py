"""Pictures of structure: gradients with the light taken out, on which day and night look alike."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.float32]

WORKING_LONG_SIDE = 320
"""Pixels of the longer side at which geometry works; 1 % of the view is then about 3 pixels."""


def floats(array: Any) -> Picture:
    """The array as float32; OpenCV's type stubs do not know what kind of numbers it returns."""
    return np.asarray(array, np.float32)


def working_size(width: int, height: int) -> tuple[int, int]:
    """Width and height at which a picture of this size is aligned, its aspect kept within what the FFT likes."""
    scale = WORKING_LONG_SIDE / max(width, height)
    return max(64, 16 * round(width * scale / 16)), max(64, 16 * round(height * scale / 16))


def working_picture(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """An RGB picture (H, W, 3) at working size (h, w, 3); itself where it has that size."""
    height, width = pixels.shape[:2]
    size = working_size(width, height)
    if size == (width, height):
        return pixels
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)


def working_luma(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The grey picture (h, w) at working size of an RGB picture (H, W, 3)."""
    return np.asarray(cv2.cvtColor(working_picture(pixels), cv2.COLOR_RGB2GRAY), np.uint8)


def structure(luma: NDArray[np.uint8]) -> Picture:
    """Log gradient magnitude, normalised by its surroundings (h, w): edges count by shape, not by how bright.

    The logarithm keeps headlights from outweighing houses, the local normalisation keeps the sunny half of a
    picture from outweighing the shaded one.
    """
    smooth = cv2.GaussianBlur(luma, (0, 0), 1.0)
    gx = cv2.Scharr(smooth, cv2.CV_32F, 1, 0, scale=1 / 16)
    gy = cv2.Scharr(smooth, cv2.CV_32F, 0, 1, scale=1 / 16)
    magnitude = floats(cv2.log(cv2.magnitude(gx, gy) + 1.0))
    mean = floats(cv2.blur(magnitude, (31, 31)))
    variance = floats(cv2.blur(magnitude * magnitude, (31, 31))) - mean * mean
    # 0.15 is about what sensor noise leaves after the blur: flat sky must not be blown up to structure.
    return floats((magnitude - mean) / np.sqrt(np.maximum(variance, 0) + np.float32(0.15**2)))
