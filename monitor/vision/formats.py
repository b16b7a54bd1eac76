"""Formats of pictures: a frame in the reference's, and whether their sides are exchanged."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray


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
