"""Local shifts, tile by tile, and the one transform that most of them agree on.

A global correlation sees shifts only. Cut into tiles, the same correlation sees a field of shifts, from which roll
and zoom follow; and a passing lorry, a burnt-in clock or a spot of dirt is then a few dissenting tiles and no more.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from monitor.vision.gradient import Picture, floats
from monitor.vision.transform import SimilarityTransform, fit, propose

TILE = 64
"""Pixels of a tile's side: long enough for a shift of a third of it, short enough to look rigid under 10° of roll."""
HALF = TILE // 2 + 1
"""Frequencies along a row that a real tile has of its own."""
STRIDE = 44
REACH = 24
"""Pixels up to which a tile's shift is looked for."""
CLEAR = 4.5
"""Standard deviations by which a tile's peak must stand out to have a vote; pure noise reaches about 4."""
FEWEST = 4
"""Tiles that must agree before a transform is believed."""

Floats = NDArray[np.float64]
Spectra = NDArray[np.complex64]


@dataclass(frozen=True, slots=True)
class Fit:
    """What the tiles agree on.

    Attributes:
        transform: Maps centred reference pixels to centred frame pixels.
        agreeing: Number of tiles that agree with it.
        residual_px: Root mean square of what the agreeing tiles leave over.
    """

    transform: SimilarityTransform
    agreeing: int
    residual_px: float


@lru_cache(maxsize=16)
def _corners(height: int, width: int) -> tuple[tuple[int, int], ...]:
    columns = max(2, round((width - TILE) / STRIDE) + 1)
    rows = max(2, round((height - TILE) / STRIDE) + 1)
    xs = np.linspace(0, width - TILE, columns).round().astype(int)
    ys = np.linspace(0, height - TILE, rows).round().astype(int)
    return tuple((int(x), int(y)) for y in ys for x in xs)


@lru_cache(maxsize=1)
def _taper() -> Picture:
    ramp = np.hanning(TILE + 2)[1:-1]
    return np.outer(ramp, ramp).astype(np.float32)


def centres(height: int, width: int) -> Floats:
    """Centres of the tiles (N, 2) in pixels from the picture's centre, right and down."""
    corners = np.array(_corners(height, width), np.float64)
    return np.asarray(corners + TILE / 2 - np.array([width / 2, height / 2]), np.float64)


def tile_spectra(structure: Picture) -> Spectra:
    """Spectra of all tiles (N, TILE, HALF); the other half of a real picture's spectrum says nothing new."""
    height, width = structure.shape
    tiles = np.stack([structure[y : y + TILE, x : x + TILE] for x, y in _corners(height, width)])
    tiles = (tiles - tiles.mean(axis=(1, 2), keepdims=True)) * _taper()
    # OpenCV's transform of one tile is several times faster than numpy's of the whole stack.
    spectra = [floats(cv2.dft(tile, flags=cv2.DFT_COMPLEX_OUTPUT)) for tile in tiles]
    return np.stack([spectrum.view(np.complex64)[:, :HALF, 0] for spectrum in spectra])


def tile_shifts(reference: Spectra, frame: Spectra) -> tuple[Floats, Floats]:
    """Shift (N, 2) in pixels of every tile and how clearly it stands out (N), in standard deviations."""
    count = len(reference)
    cross = frame * reference.conj()
    # Half whitened: each frequency counts by the root of its strength.
    cross /= np.sqrt(np.abs(cross)) + np.float32(1e-6)
    planes = np.fft.fftshift(np.fft.irfft2(cross, (TILE, TILE)), axes=(1, 2))
    middle = TILE // 2
    inner = planes[:, middle - REACH : middle + REACH + 1, middle - REACH : middle + REACH + 1]
    side = inner.shape[1]
    y, x = np.divmod(inner.reshape(count, -1).argmax(1), side)
    every = np.arange(count)
    clear = (inner[every, y, x] - planes.mean((1, 2))) / (planes.std((1, 2)) + 1e-9)
    inner_y, inner_x = y.clip(1, side - 2), x.clip(1, side - 2)
    here = inner[every, inner_y, inner_x]
    shift_x = (
        x - REACH + _vertices(inner[every, inner_y, inner_x - 1], here, inner[every, inner_y, inner_x + 1])
    )
    shift_y = (
        y - REACH + _vertices(inner[every, inner_y - 1, inner_x], here, inner[every, inner_y + 1, inner_x])
    )
    return np.stack([shift_x, shift_y], 1).astype(np.float64), clear.astype(np.float64)


def _vertices(before: Floats, here: Floats, after: Floats) -> Floats:
    curvature = before - 2 * here + after
    offset = 0.5 * (before - after) / np.where(curvature < 0, curvature, -1.0)
    return np.asarray(np.where(curvature < 0, offset, 0.0).clip(-0.5, 0.5), np.float64)


def agree(
    points: Floats, shifts: Floats, clear: Floats, start: SimilarityTransform, tolerance_px: float
) -> Fit | None:
    """The similarity on which most clear tiles agree, or None where fewer than `FEWEST` do.

    Args:
        points: (N, 2) tile centres from the picture's centre.
        shifts: (N, 2) shifts left over after the frame was aligned by `start`.
        clear: (N) peak strengths.
        start: The alignment under which the shifts were measured.
        tolerance_px: How far a tile may lie off.
    """
    weights = (clear - CLEAR).clip(0, 6)
    if int((weights > 0).sum()) < FEWEST:
        return None
    targets = start.apply(points + shifts)
    best, _ = propose(points, targets, weights, tolerance_px)
    for _ in range(2):
        error = np.linalg.norm(best.apply(points) - targets, axis=1)
        kept = weights * (error < 2 * tolerance_px)
        if int((kept > 0).sum()) < FEWEST:
            return None
        best = fit(points, targets, kept)
    residual = float(np.sqrt((kept * error**2).sum() / kept.sum()))
    return Fit(best, int((kept > 0).sum()), residual)
