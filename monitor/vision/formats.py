"""Formats of pictures: a frame in the reference's, and whether their sides are exchanged."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from monitor.domain.comparison import Format
from monitor.domain.frame import Pixels
from monitor.domain.view import Rectangle

SAME_SHAPE = 0.04
"""Logarithm of the ratio of two aspects up to which they are one: 704 × 576 and 640 × 480 are 9 % apart."""


def fit_format(luma: NDArray[np.uint8], shape: tuple[int, int]) -> NDArray[np.uint8]:
    """The frame's working picture in the reference's shape.

    A picture of swapped sides (a camera turned by 90° that still delivers its usual format) keeps its scale and is
    cut or padded about its centre; any other shape is a change of format, and is stretched.
    """
    height, width = luma.shape
    if (height, width) == shape:
        return luma
    if (width, height) == shape:
        fitted = np.full(shape, int(luma.mean()), np.uint8)
        side_y, side_x = min(height, shape[0]), min(width, shape[1])
        to_y, to_x = (shape[0] - side_y) // 2, (shape[1] - side_x) // 2
        from_y, from_x = (height - side_y) // 2, (width - side_x) // 2
        fitted[to_y : to_y + side_y, to_x : to_x + side_x] = luma[
            from_y : from_y + side_y, from_x : from_x + side_x
        ]
        return fitted
    return np.asarray(cv2.resize(luma, (shape[1], shape[0]), interpolation=cv2.INTER_AREA), np.uint8)


def sides_swapped(ours: float, theirs: float) -> bool:
    """Whether one of two aspects (width over height) stands upright where the other lies: a turn by 90°."""
    return bool(abs(np.log(ours * theirs)) < 0.08 and abs(np.log(ours)) > 0.1)


def shapes_differ(ours: float, theirs: float) -> bool:
    """Whether two aspects (width over height) are so different that a camera's format was changed."""
    return bool(abs(np.log(ours / theirs)) > SAME_SHAPE)


def in_shape(pixels: Pixels, aspect: float, fitted: Format) -> tuple[Pixels, tuple[Rectangle, ...]]:
    """A frame (H, W, 3) in the reference's aspect, if both share their width or their height of view, and centre.

    What the frame shows beyond the reference is cut off, bars around a smaller picture among it; what it lacks
    becomes grey.

    Returns:
        The picture, and where it is grey, as fractions of it.
    """
    height, width = pixels.shape[:2]
    if fitted is Format.SAME_WIDTH:
        size = (max(1, round(width / aspect)), width)
    else:
        size = (height, max(1, round(height * aspect)))
    fitting = np.full((*size, 3), int(pixels.mean()), np.uint8)
    (to_y, from_y, rows), (to_x, from_x, columns) = (
        (max(0, (new - old) // 2), max(0, (old - new) // 2), min(old, new))
        for old, new in zip((height, width), size, strict=True)
    )
    fitting[to_y : to_y + rows, to_x : to_x + columns] = pixels[
        from_y : from_y + rows, from_x : from_x + columns
    ]
    top, bottom = to_y / size[0], (to_y + rows) / size[0]
    left, right = to_x / size[1], (to_x + columns) / size[1]
    around = (
        Rectangle(0.0, 0.0, 1.0, top),
        Rectangle(0.0, bottom, 1.0, 1 - bottom),
        Rectangle(0.0, 0.0, left, 1.0),
        Rectangle(right, 0.0, 1 - right, 1.0),
    )
    return fitting, tuple(part for part in around if part.width > 0 and part.height > 0)
