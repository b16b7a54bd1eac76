"""What a picture says of itself: light, sharpness, texture, and whether it arrived whole."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from monitor.domain.frame import FrameQuality, Pixels
from monitor.vision.gradient import working_size

DARK_LUMA = 20
BRIGHT_LUMA = 250
CELL = 16
TEXTURED_DEVIATION = 5.0
"""Grey levels (of 255) by which a cell must vary to be recognisable; JPEG and sensor noise stay below."""


def measure(pixels: Pixels) -> FrameQuality:
    """Measure an RGB picture (H, W, 3), at the size at which everything else looks at it."""
    height, width = pixels.shape[:2]
    small: Pixels = np.asarray(
        cv2.resize(pixels, working_size(width, height), interpolation=cv2.INTER_AREA), np.uint8
    )
    luma = np.asarray(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY), np.uint8)
    mean, deviation = cv2.meanStdDev(luma)
    strongest, weakest = small.max(axis=2), small.min(axis=2)
    return FrameQuality(
        brightness=float(mean[0, 0]) / 255,
        contrast=float(deviation[0, 0]) / 255,
        dark_fraction=float((luma < DARK_LUMA).mean()),
        bright_fraction=float((luma > BRIGHT_LUMA).mean()),
        sharpness=_sharpness(luma),
        texture=_texture(luma),
        saturation=float(cv2.subtract(strongest, weakest).mean()) / 255,
        flat_rows=_flat_rows(small),
    )


def _sharpness(luma: NDArray[np.uint8]) -> float:
    """Share of the detail that is fine: the band of 1–2 pixels against that of 4–8, which defocus spares."""
    picture = luma.astype(np.float32)
    blurred = [cv2.GaussianBlur(picture, (0, 0), sigma) for sigma in (1.0, 2.0, 4.0)]
    quarter = cv2.resize(blurred[2], None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
    fine = float(np.square(blurred[0] - blurred[1]).mean())
    coarse = float(np.square(quarter - cv2.GaussianBlur(quarter, (0, 0), 2.0)).mean())
    return fine / (fine + coarse + 0.05)


def _texture(luma: NDArray[np.uint8]) -> float:
    """Share of cells whose grey levels vary by more than noise does."""
    height, width = luma.shape
    picture = cv2.GaussianBlur(luma.astype(np.float32), (0, 0), 1.0)
    size = (width // CELL, height // CELL)
    mean = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    square = cv2.resize(picture * picture, size, interpolation=cv2.INTER_AREA)
    return float((np.sqrt((square - mean * mean).clip(0)) > TEXTURED_DEVIATION).mean())


def _flat_rows(small: Pixels) -> float:
    """Share of the height that is one block of identical rows of one mid-grey or green, as decoders leave it."""
    rows = small.reshape(small.shape[0], -1, 3).astype(np.int16)
    uniform = np.ptp(rows, axis=1).max(axis=1) <= 3
    colour = rows.mean(axis=1)
    # Black bars and blown-out skies are uniform too, and innocent.
    suspicious = uniform & (colour.max(axis=1) > 60) & (colour.min(axis=1) < 200)
    longest = run = 0
    for flat in suspicious:
        run = run + 1 if flat else 0
        longest = max(longest, run)
    return longest / len(rows)
