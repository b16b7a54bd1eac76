"""Phase correlation of gradients, alone and with the Fourier-Mellin transform for roll and zoom.

Kuglin and Hines, "The phase correlation image alignment method", 1975: the phases of the cross-power spectrum of two
shifted pictures make one sharp peak at the shift. On the logarithm of the gradient's magnitude it hardly minds the
light. Reddy and Chatterji, "An FFT-based technique for translation, rotation, and scale-invariant image
registration", 1996: roll and zoom are shifts of the log-polar magnitude spectrum, found by the same means.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import fft

from monitor.domain.orientation import Orientation
from train.benchmark.classical import tuned
from train.benchmark.classical.bank import Bank, FrameViews, make_bank, strongest
from train.benchmark.classical.geometry import Picture, displacement_of, is_blank, similarity_about_centre
from train.benchmark.classical.judgement import (
    LOST,
    Evidence,
    Registration,
    RegistrationThresholds,
    judge_registration,
)
from train.benchmark.method import Answer, Pixels

Spectrum = NDArray[np.complex64]

LONG_SIDE = 320
LARGEST_SHIFT = 0.35
"""Fraction of the view up to which a shift is looked for."""
SMOOTHING = 0.1
"""Width (cycles a pixel) of the Gaussian that weighs the cross-power spectrum: the finest structure is noise."""
POLAR_SIDE = 256
"""Side of the square spectrum from which roll and zoom are read, and of its log-polar picture."""
POLAR_SMOOTHING = 0.15
SMALLEST_RADIUS = 10.0
"""Of the log-polar picture, in pixels of the spectrum; below it angles are too coarse."""
ROUNDS = 2
"""The second round measures what the first left over, more exactly because less is cut off at the borders."""
LARGEST_ROLL_DEG = 20.0
LARGEST_LOG_ZOOM = math.log(1.5)


@dataclass(frozen=True, slots=True)
class Prepared:
    """One picture on its canvas: log gradient magnitude (h, w), and its windowed half spectrum (h, w/2+1)."""

    structure: Picture
    spectrum: Spectrum


@dataclass(frozen=True, slots=True)
class Peak:
    """Where a correlation surface is highest: pixels right and down, and standard deviations above its mean."""

    dx_px: float
    dy_px: float
    strength: float


class PhaseCorrelation:
    """Method: gradient phase correlation with the orientation bank.

    Args:
        thresholds: When to believe what; chosen by `tune` on the cameras of the train split.
        fourier_mellin: Whether roll and zoom are looked for as well; without, the frame is taken as merely shifted.
    """

    def __init__(self, thresholds: RegistrationThresholds, fourier_mellin: bool = False) -> None:
        self.thresholds = thresholds
        self.fourier_mellin = fourier_mellin

    @property
    def name(self) -> str:
        """As the report shows it."""
        return "phase correlation, Fourier-Mellin" if self.fourier_mellin else "phase correlation"

    def enroll(self, reference: Pixels) -> Bank[Prepared]:
        """Structure and spectrum of the reference (H, W, 3) in each orientation."""
        return make_bank(reference, LONG_SIDE, prepare)

    def measure(self, enrolled: Bank[Prepared], frame: Pixels) -> Evidence:
        """Correlate a frame (H, W, 3) with the bank; strengths are heights of peaks in standard deviations."""
        if is_blank(frame):
            return Evidence(LOST, LOST, Orientation.ROTATED_180, blank=True)
        views = FrameViews(frame, enrolled, prepare)
        found = {o: _register(enrolled, views, o, False) for o in Orientation}
        if self.fourier_mellin:
            turned = _register(enrolled, views, Orientation.UPRIGHT, True)
            found[Orientation.UPRIGHT] = max(found[Orientation.UPRIGHT], turned, key=lambda r: r.strength)
        return strongest(found)

    def judge(self, enrolled: Bank[Prepared], frame: Pixels) -> Answer:
        """Compare a frame (H, W, 3) with what `enroll` kept."""
        return judge_registration(self.measure(enrolled, frame), self.thresholds)


def prepare(grey: NDArray[np.uint8]) -> Prepared:
    """Log gradient magnitude of a grey picture (h, w), and the spectrum of it under a Hann window."""
    across = cv2.Sobel(grey, cv2.CV_32F, 1, 0)
    down = cv2.Sobel(grey, cv2.CV_32F, 0, 1)
    structure = np.asarray(np.log1p(cv2.magnitude(across, down)), dtype=np.float32)
    structure -= structure.mean()
    return Prepared(structure, _spectrum(structure))


def _register(
    bank: Bank[Prepared], views: FrameViews[Prepared], orientation: Orientation, turns: bool
) -> Registration:
    width, height = canvas = bank.canvases[orientation]
    reference, frame = bank.entries[orientation], views.on(canvas)
    roll_deg, zoom = 0.0, 1.0
    spectrum = reference.spectrum
    for _ in range(ROUNDS if turns else 0):
        # The reference is turned like the frame: what remains is a smaller turn, and a shift in the frame's directions.
        more_roll_deg, more_zoom = _roll_and_zoom(
            _turned(reference.structure, roll_deg, zoom), frame.structure
        )
        roll_deg, zoom = roll_deg + more_roll_deg, zoom * more_zoom
        spectrum = _spectrum(_turned(reference.structure, roll_deg, zoom))
    peak = correlate(spectrum, frame.spectrum)
    matrix = similarity_about_centre(width, height, roll_deg, zoom, peak.dx_px, peak.dy_px)
    return Registration(peak.strength, displacement_of(matrix, width, height, bank.aspect(orientation)))


def _turned(structure: Picture, roll_deg: float, zoom: float) -> Picture:
    height, width = structure.shape
    matrix = similarity_about_centre(width, height, roll_deg, zoom)
    return np.asarray(cv2.warpAffine(structure, matrix, (width, height), flags=cv2.INTER_LINEAR), np.float32)


def correlate(reference: Spectrum, frame: Spectrum) -> Peak:
    """Shift of the frame's content against the reference, from two half spectra (h, w/2+1) of the same canvas."""
    height, width = reference.shape[0], 2 * (reference.shape[1] - 1)
    return find_peak(_surface(reference, frame, height, width, SMOOTHING), LARGEST_SHIFT, LARGEST_SHIFT)


def _surface(reference: Spectrum, frame: Spectrum, height: int, width: int, smoothing: float) -> Picture:
    cross = frame * np.conj(reference)
    cross *= _weights(height, width, smoothing) / (np.abs(cross) + 1e-6)
    return np.asarray(fft.fftshift(fft.irfft2(cross, s=(height, width))), np.float32)


def find_peak(surface: Picture, reach_x: float, reach_y: float) -> Peak:
    """The highest point of a centred surface (h, w) within fractions of its size, to a fraction of a pixel."""
    height, width = surface.shape
    deviation = float(surface.std())
    if not deviation > 0.0:
        return Peak(0.0, 0.0, 0.0)
    rows = max(1, min(int(height * reach_y), height // 2 - 2))
    columns = max(1, min(int(width * reach_x), width // 2 - 2))
    top, left = height // 2 - rows, width // 2 - columns
    inner = surface[top : top + 2 * rows + 1, left : left + 2 * columns + 1]
    row, column = (int(i) for i in np.unravel_index(int(inner.argmax()), inner.shape))
    row, column = row + top, column + left
    return Peak(
        column - width // 2 + _vertex(surface[row, column - 1 : column + 2]),
        row - height // 2 + _vertex(surface[row - 1 : row + 2, column]),
        (float(surface[row, column]) - float(surface.mean())) / deviation,
    )


def _vertex(three: Picture) -> float:
    """Where the parabola through three neighbouring values has its top, from the middle one."""
    before, here, after = (float(value) for value in three)
    curvature = before - 2 * here + after
    return 0.0 if curvature >= 0 else max(-0.5, min(0.5, 0.5 * (before - after) / curvature))


def _roll_and_zoom(reference: Picture, frame: Picture) -> tuple[float, float]:
    """Roll in degrees (counter-clockwise) and zoom of the frame's content, by the Fourier-Mellin transform."""
    one, other = (np.asarray(fft.rfft2(_log_polar(picture)), np.complex64) for picture in (reference, frame))
    surface = _surface(one, other, POLAR_SIDE, POLAR_SIDE, POLAR_SMOOTHING)
    step = _log_radius_step()
    peak = find_peak(surface, LARGEST_LOG_ZOOM / (POLAR_SIDE * step), LARGEST_ROLL_DEG / 180.0)
    # Larger content has lower frequencies; rows run clockwise on the screen, since y points down.
    return -peak.dy_px * 180.0 / POLAR_SIDE, math.exp(-peak.dx_px * step)


def _log_polar(structure: Picture) -> Picture:
    """(angle, log radius) of the magnitude spectrum on a half circle; each radius of zero mean and unit spread.

    The square root and the levelling weaken the low frequencies, as the paper's high-pass emphasis does: they are
    the strongest, and say the least about angles.
    """
    height, width = structure.shape
    scale = POLAR_SIDE / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = cv2.resize(structure * _window(height, width), size, interpolation=cv2.INTER_AREA)
    # Filled up to a square, so that a pixel is the same frequency both ways.
    whole = fft.fft2(small, s=(POLAR_SIDE, POLAR_SIDE))
    magnitude = np.sqrt(np.abs(fft.fftshift(whole))).astype(np.float32)
    polar = np.asarray(cv2.remap(magnitude, *_polar_map(), interpolation=cv2.INTER_LINEAR), np.float32)
    polar = (polar - polar.mean(axis=0)) / (polar.std(axis=0) + 1e-6)
    return np.asarray(polar * np.hanning(POLAR_SIDE)[None, :], np.float32)


@lru_cache(maxsize=1)
def _polar_map() -> tuple[Picture, Picture]:
    angles = (np.arange(POLAR_SIDE) * math.pi / POLAR_SIDE)[:, None]
    radii = (SMALLEST_RADIUS * np.exp(np.arange(POLAR_SIDE) * _log_radius_step()))[None, :]
    centre = POLAR_SIDE / 2
    return (
        (centre + radii * np.cos(angles)).astype(np.float32),
        (centre + radii * np.sin(angles)).astype(np.float32),
    )


def _log_radius_step() -> float:
    return math.log((POLAR_SIDE / 2 - 2) / SMALLEST_RADIUS) / POLAR_SIDE


def _spectrum(structure: Picture) -> Spectrum:
    height, width = structure.shape
    return np.asarray(fft.rfft2(structure * _window(height, width)), np.complex64)


@lru_cache(maxsize=16)
def _window(height: int, width: int) -> Picture:
    return np.outer(np.hanning(height), np.hanning(width)).astype(np.float32)


@lru_cache(maxsize=16)
def _weights(height: int, width: int, smoothing: float) -> Picture:
    down, across = fft.fftfreq(height)[:, None], fft.rfftfreq(width)[None, :]
    return np.asarray(np.exp(-(down**2 + across**2) / (2 * smoothing**2)), np.float32)


def phase_correlation() -> PhaseCorrelation:
    """The plain method: shifts only."""
    return PhaseCorrelation(tuned.PHASE_CORRELATION)


def fourier_mellin() -> PhaseCorrelation:
    """With roll and zoom."""
    return PhaseCorrelation(tuned.FOURIER_MELLIN, fourier_mellin=True)
