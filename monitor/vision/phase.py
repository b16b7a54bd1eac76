"""Phase correlation: where does one picture lie in another, judged by the phases of all frequencies at once.

Kuglin and Hines 1975; here on structure pictures, with the magnitudes kept in part (`WHITENING`): full whitening
gives the weakest, noisiest frequencies the same vote as the strongest, and loses in fog and at night.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from monitor.vision.gradient import Picture, floats

Spectrum = NDArray[np.float32]
"""(h, w, 2): real and imaginary part."""

WHITENING = 0.7
LARGEST_SHIFT = 0.35
"""Fraction of the picture up to which a shift is looked for; beyond it too little overlaps to tell."""


@dataclass(frozen=True, slots=True)
class Peak:
    """The best shift: pixels right and down, and how far it stands out in standard deviations of the surface."""

    dx_px: float
    dy_px: float
    strength: float


@lru_cache(maxsize=16)
def _window(height: int, width: int, edge: float) -> Picture:
    """Flat in the middle, falling to 0 at the borders, which a displaced picture does not share."""

    def one(length: int) -> NDArray[np.float32]:
        ramp_length = max(2, int(length * edge))
        ramp = 0.5 - 0.5 * np.cos(np.pi * (np.arange(ramp_length) + 0.5) / ramp_length)
        whole = np.ones(length)
        whole[:ramp_length] = ramp
        whole[-ramp_length:] = ramp[::-1]
        return whole.astype(np.float32)

    return np.outer(one(height), one(width))


def spectrum(structure: Picture, edge: float = 0.12) -> Spectrum:
    """Windowed Fourier spectrum of a structure picture (h, w)."""
    height, width = structure.shape
    return floats(cv2.dft(structure * _window(height, width, edge), flags=cv2.DFT_COMPLEX_OUTPUT))


def surface(reference: Spectrum, frame: Spectrum, whitening: float = WHITENING) -> Picture:
    """Correlation surface (h, w), centred: its peak lies where the frame's content is displaced to."""
    cross = floats(cv2.mulSpectrums(frame, reference, 0, conjB=True))
    magnitude = floats(cv2.magnitude(cross[..., 0], cross[..., 1]))
    cross /= (cv2.pow(magnitude, whitening) + 1e-6)[..., None]
    plane = cv2.idft(cross, flags=cv2.DFT_SCALE | cv2.DFT_REAL_OUTPUT)
    return floats(np.fft.fftshift(plane))


def find_peak(plane: Picture, largest_shift: float = LARGEST_SHIFT) -> Peak:
    """The highest point of a centred correlation surface, to a fraction of a pixel."""
    height, width = plane.shape
    reach_y, reach_x = int(height * largest_shift), int(width * largest_shift)
    centre_y, centre_x = height // 2, width // 2
    inner = plane[centre_y - reach_y : centre_y + reach_y + 1, centre_x - reach_x : centre_x + reach_x + 1]
    _, top, _, (x, y) = cv2.minMaxLoc(inner)
    mean, deviation = cv2.meanStdDev(plane)
    strength = (top - float(mean[0, 0])) / max(float(deviation[0, 0]), 1e-9)
    row, column = y + centre_y - reach_y, x + centre_x - reach_x
    return Peak(
        x - reach_x + _vertex(plane[row, column - 1 : column + 2]),
        y - reach_y + _vertex(plane[row - 1 : row + 2, column]),
        strength,
    )


def _vertex(three: NDArray[np.float32]) -> float:
    """Where the parabola through three neighbouring values has its top, -0.5 to 0.5 from the middle one."""
    before, here, after = (float(value) for value in three)
    curvature = before - 2 * here + after
    return 0.0 if curvature >= 0 else float(np.clip(0.5 * (before - after) / curvature, -0.5, 0.5))


def correlate(reference: Spectrum, frame: Spectrum) -> Peak:
    """Shift of the frame's content against the reference."""
    return find_peak(surface(reference, frame))
