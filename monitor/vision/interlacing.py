"""Interlaced pictures: two half pictures, a fiftieth of a second apart, in alternate lines.

What stands still looks as ever. What moves, or everything when the mast shakes, is combed, and combs are the sharpest
edges of the picture: they would pass for detail, and hide the real edges.
"""

from __future__ import annotations

import cv2
import numpy as np

from monitor.domain.frame import Frame, Pixels
from monitor.vision.gradient import floats

LINES = frozenset({480, 486, 576})
"""Lines of formats that are interlaced and decoded whole; what is decoded at reduced size has both fields averaged."""
COMBED = 0.1
"""Share of cells that are combed in a picture worth halving; of 4,178 training pictures none has more than 0.069."""
STRONG = 10.0
"""Grey levels by which neighbouring lines differ on average in a combed cell …"""
RATIO = 1.5
"""… and how many times as much as lines of one field do."""
CELL = 16


def without_combs(frame: Frame) -> Pixels:
    """The frame's pixels (H, W, 3); those of one field, its lines interpolated, where the frame is combed."""
    pixels = frame.pixels
    height, width = pixels.shape[:2]
    if height not in LINES or frame.native_height != height or combed_share(pixels) < COMBED:
        return pixels
    field = pixels[::2]
    return np.asarray(cv2.resize(field, (width, height), interpolation=cv2.INTER_LINEAR), np.uint8)


def combed_share(pixels: Pixels) -> float:
    """Share of cells in which neighbouring lines differ far more than every second one does."""
    # Every fourth column of green is enough, and a fraction of the work.
    grey = np.ascontiguousarray(pixels[:, ::4, 1])
    size = (max(1, grey.shape[1] // (CELL // 4)), max(1, grey.shape[0] // CELL))
    next_line, same_field = (
        floats(cv2.resize(cv2.absdiff(grey[:-2], other), size, interpolation=cv2.INTER_AREA))
        for other in (grey[1:-1], grey[2:])
    )
    return float(((next_line > STRONG) & (next_line > RATIO * same_field)).mean())
