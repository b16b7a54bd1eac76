"""What a picture says of itself: light, sharpness, texture, and whether it arrived whole."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from monitor.domain.frame import FrameQuality, Pixels
from monitor.vision.gradient import Picture, floats, working_picture

DARK_LUMA = 20
BRIGHT_LUMA = 250
CELL = 16
CALM_PERCENTILE, NOISE_PERCENTILE = 40, 10
"""Of a picture's cells, those that count as calm, and those so calm that they hold nothing but noise."""
TEXTURED_DEVIATION = 5.0
"""Grey levels (of 255) by which a cell must vary to be recognisable; JPEG and sensor noise stay below."""

DETAILED = 2.5
"""Grey levels between neighbouring pixels of a row, on average, from which it holds detail …"""
REPEATED = 0.08
"""… and the share of them by which a row that repeats the one above differs from it …"""
NOISELESS = 1.0
"""… and no more than so many grey levels: a live row of stripes differs from the next by its noise."""


def measure(pixels: Pixels) -> FrameQuality:
    """Measure an RGB picture (H, W, 3), at the size at which everything else looks at it."""
    small = working_picture(pixels)
    luma = np.asarray(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY), np.uint8)
    mean, deviation = cv2.meanStdDev(luma)
    red, green, blue = cv2.split(small)
    red_mean, green_mean, blue_mean = (float(cv2.mean(plane)[0]) / 255 for plane in (red, green, blue))
    spread = cv2.subtract(cv2.max(cv2.max(red, green), blue), cv2.min(cv2.min(red, green), blue))
    return FrameQuality(
        brightness=float(mean[0, 0]) / 255,
        contrast=float(deviation[0, 0]) / 255,
        dark_fraction=float((luma < DARK_LUMA).mean()),
        bright_fraction=float((luma > BRIGHT_LUMA).mean()),
        sharpness=_sharpness(luma),
        texture=_texture(luma),
        saturation=float(cv2.mean(spread)[0]) / 255,
        flat_rows=max(_flat_rows(small), _smeared_rows(luma)),
        magenta=(red_mean + blue_mean) / 2 - green_mean,
    )


def _sharpness(luma: NDArray[np.uint8]) -> float:
    """How much fine detail goes with coarse detail: the band of 1–2 pixels against that of 6–12, which defocus spares.

    The median over the cells that have coarse detail: text and dirt on the sensor stay sharp when the lens does not,
    and are in few of them. What the calmest cells hold of fine detail is noise, and is taken off everywhere.
    """
    height, width = luma.shape
    picture, quarter = (
        floats(luma),
        floats(cv2.resize(luma, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)),
    )
    size = (width // CELL, height // CELL)
    fine, coarse = _energy(picture, 1.0, size), _energy(quarter, 1.5, size)
    detailed = coarse > np.percentile(coarse, CALM_PERCENTILE)
    if not detailed.any():
        return 0.0
    noise = np.percentile(fine, NOISE_PERCENTILE)
    detail = np.sqrt(np.maximum(fine - noise, 0))
    return min(1.0, float(np.median(detail[detailed] / (np.sqrt(coarse[detailed]) + 1))))


def _energy(picture: Picture, sigma: float, size: tuple[int, int]) -> Picture:
    """Mean square by cells, `size` (columns, rows) of them, of the band of one octave from a scale in pixels on."""
    band = cv2.GaussianBlur(picture, (0, 0), sigma) - cv2.GaussianBlur(picture, (0, 0), 2 * sigma)
    return floats(cv2.resize(band * band, size, interpolation=cv2.INTER_AREA))


def _texture(luma: NDArray[np.uint8]) -> float:
    """Share of cells whose grey levels vary by more than noise does."""
    height, width = luma.shape
    picture = floats(cv2.GaussianBlur(luma, (0, 0), 1.0))
    size = (width // CELL, height // CELL)
    mean = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    square = floats(cv2.resize(picture * picture, size, interpolation=cv2.INTER_AREA))
    variance = square - floats(mean) ** 2
    return float((variance > TEXTURED_DEVIATION**2).mean())


def _flat_rows(small: Pixels) -> float:
    """Share of the height that is one block of identical rows of one mid-grey or green, as decoders leave it."""
    highest = cv2.reduce(small, 1, cv2.REDUCE_MAX).reshape(-1, 3).astype(np.int16)
    lowest = cv2.reduce(small, 1, cv2.REDUCE_MIN).reshape(-1, 3).astype(np.int16)
    uniform = (highest - lowest).max(axis=1) <= 3
    colour = (highest + lowest) / 2
    # Black bars and blown-out skies are uniform too, and innocent.
    suspicious = uniform & (colour.max(axis=1) > 60) & (colour.min(axis=1) < 200)
    return _longest_run(suspicious) / len(colour)


def _smeared_rows(luma: NDArray[np.uint8]) -> float:
    """Share of the height that is one block in which each row repeats the one above, detail and all.

    So decoders fill up what did not arrive. Fog, sky and façades with pilasters repeat themselves less exactly.
    """
    down = cv2.reduce(cv2.absdiff(luma[1:], luma[:-1]), 1, cv2.REDUCE_AVG, dtype=cv2.CV_32F)
    along = cv2.reduce(cv2.absdiff(luma[:, 1:], luma[:, :-1]), 1, cv2.REDUCE_AVG, dtype=cv2.CV_32F)[1:]
    return _longest_run(
        ((along > DETAILED) & (down < np.minimum(REPEATED * along, NOISELESS))).ravel()
    ) / len(luma)


def _longest_run(marked: NDArray[np.bool_]) -> int:
    longest = run = 0
    for mark in marked:
        run = run + 1 if mark else 0
        longest = max(longest, run)
    return longest
