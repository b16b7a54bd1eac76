"""From a transform in pixels to a displacement in this project's conventions, and the canvases of both pictures."""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from monitor.domain.displacement import Displacement

Picture = NDArray[np.float32]
"""(h, w) brightness or structure."""

Matrix = NDArray[np.float64]
"""(2, 3) or (3, 3), from reference to frame pixels; pixel centres lie on whole numbers."""

BLANK_DEVIATION = 1.0
"""Standard deviation of the brightness (0 to 255) below which a picture shows nothing at all."""


def canvas_of(pixels: NDArray[np.uint8], long_side: int) -> tuple[int, int]:
    """Width and height of a canvas with a picture's proportions: the long side as given, no side below 16 pixels."""
    height, width = pixels.shape[:2]
    scale = long_side / max(height, width)
    return max(16, round(width * scale)), max(16, round(height * scale))


def grey_on(pixels: NDArray[np.uint8], canvas: tuple[int, int]) -> NDArray[np.uint8]:
    """Brightness of an RGB picture (H, W, 3), brought to a canvas of (width, height) pixels."""
    grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    shrinks = canvas[0] * canvas[1] < grey.size
    how = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(grey, canvas, interpolation=how), dtype=np.uint8)


def is_blank(pixels: NDArray[np.uint8]) -> bool:
    """Whether a picture, RGB or grey, is flat: black, covered, or without a signal."""
    return float(pixels.std()) < BLANK_DEVIATION


def displacement_of(matrix: Matrix, width: int, height: int, aspect: float) -> Displacement | None:
    """Where a transform carries the content at the centre of the view, and how it turns and sizes it there.

    Args:
        matrix: (2, 3) affine or (3, 3) projective, from reference to frame pixels on canvases of the same size.
        width: Of the canvas, pixels.
        height: Of the canvas, pixels.
        aspect: True width-to-height ratio of the view, which the canvas need not keep exactly.

    Returns:
        The displacement; None for a transform that mirrors, collapses or is not a number: no camera can do that.
    """
    whole = np.vstack([matrix, [0.0, 0.0, 1.0]]) if matrix.shape[0] == 2 else np.asarray(matrix, np.float64)
    centre = np.array([(width - 1) / 2, (height - 1) / 2, 1.0])
    seen = whole @ centre
    if not np.isfinite(whole).all() or abs(seen[2]) < 1e-9:
        return None
    place = seen[:2] / seen[2]
    # The derivative at the centre; for an affine transform simply its linear part.
    linear = (whole[:2, :2] - np.outer(place, whole[2, :2])) / seen[2]
    stretch = aspect * height / width
    linear = linear * np.array([[1.0, stretch], [1.0 / stretch, 1.0]])
    determinant = float(np.linalg.det(linear))
    if determinant < 1e-6:
        return None
    # The y axis points down: turning counter-clockwise on the screen carries (1, 0) to (cos, -sin).
    roll = math.atan2(linear[0, 1] - linear[1, 0], linear[0, 0] + linear[1, 1])
    return Displacement(
        dx=float((place[0] - centre[0]) / width),
        dy=float((place[1] - centre[1]) / height),
        roll_deg=math.degrees(roll),
        zoom=math.sqrt(determinant),
    )


def similarity_about_centre(
    width: int, height: int, roll_deg: float, zoom: float, dx_px: float = 0.0, dy_px: float = 0.0
) -> Matrix:
    """(2, 3) from reference to frame pixels for content turned and zoomed about the canvas's centre, then shifted."""
    centre_x, centre_y = (width - 1) / 2, (height - 1) / 2
    matrix = np.asarray(cv2.getRotationMatrix2D((centre_x, centre_y), roll_deg, zoom), dtype=np.float64)
    matrix[:, 2] += (dx_px, dy_px)
    return matrix
