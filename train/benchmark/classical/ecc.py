"""Enhanced correlation coefficient: the picture is warped until it correlates best with the reference.

Evangelidis and Psarakis, "Parametric image alignment using enhanced correlation coefficient maximization", 2008.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from monitor.domain.orientation import Orientation
from train.benchmark.classical import tuned
from train.benchmark.classical.bank import Bank, FrameViews, make_bank, strongest
from train.benchmark.classical.geometry import Matrix, Picture, displacement_of, is_blank
from train.benchmark.classical.judgement import (
    LOST,
    Evidence,
    Registration,
    RegistrationThresholds,
    judge_registration,
)
from train.benchmark.method import Answer, Pixels

LONG_SIDE = 320
BLUR_PX = 5
"""Side of the Gaussian with which both pictures are smoothed on every level; widens the reach of each step."""
COARSE_STEPS = 40
FINE_STEPS = 30
SMALLEST_GAIN = 1e-4
"""A step that raises the coefficient by less is the last."""
LEVELLING = (0.03, 0.1, 0.2)
"""On each level, from full size down: width of the Gaussian whose smooth part is taken away, fraction of the picture.

Wide on the coarse levels, where it sets how far a shift is found; narrow at full size, where slow changes of light
would draw an affine transform away.
"""

Pyramid = tuple[Picture, Picture, Picture]
"""(h, w) structure at full, half and quarter size."""


class Ecc:
    """Method: ECC registration, affine, from coarse to fine, with the orientation bank.

    Every orientation is aligned by translation and roll on the coarsest of three levels; the upright one and the best
    of the others are then refined to an affine transform, up to full size. Strength is the final coefficient.

    Args:
        thresholds: When to believe what; chosen by `tune` on the cameras of the train split.
    """

    name = "ECC"

    def __init__(self, thresholds: RegistrationThresholds = tuned.ECC) -> None:
        self.thresholds = thresholds

    def enroll(self, reference: Pixels) -> Bank[Pyramid]:
        """Structure of the reference (H, W, 3) in each orientation, at three sizes."""
        return make_bank(reference, LONG_SIDE, pyramid)

    def measure(self, enrolled: Bank[Pyramid], frame: Pixels) -> Evidence:
        """Align a frame (H, W, 3) with the bank."""
        if is_blank(frame):
            return Evidence(LOST, LOST, Orientation.ROTATED_180, blank=True)
        views = FrameViews(frame, enrolled, pyramid)
        started: dict[Orientation, tuple[float, Matrix]] = {}
        for orientation in Orientation:
            seen = views.on(enrolled.canvases[orientation])
            started[orientation] = _coarse(enrolled.entries[orientation][-1], seen[-1])
        turned = max((o for o in Orientation if o is not Orientation.UPRIGHT), key=lambda o: started[o][0])
        found = dict.fromkeys(Orientation, LOST)
        for orientation in (Orientation.UPRIGHT, turned):
            canvas = enrolled.canvases[orientation]
            strength, matrix = _refine(
                enrolled.entries[orientation], views.on(canvas), started[orientation][1]
            )
            moved = displacement_of(matrix, *canvas, enrolled.aspect(orientation))
            found[orientation] = LOST if moved is None else Registration(max(0.0, strength), moved)
        return strongest(found)

    def judge(self, enrolled: Bank[Pyramid], frame: Pixels) -> Answer:
        """Compare a frame (H, W, 3) with what `enroll` kept."""
        return judge_registration(self.measure(enrolled, frame), self.thresholds)


def pyramid(grey: NDArray[np.uint8]) -> Pyramid:
    """Log gradient magnitude of a grey picture (h, w), at full, half and quarter size.

    The coefficient itself ignores gain and offset only; lamps and shadows change more than that.
    """
    magnitude = cv2.magnitude(cv2.Sobel(grey, cv2.CV_32F, 1, 0), cv2.Sobel(grey, cv2.CV_32F, 0, 1))
    full = np.log1p(np.asarray(magnitude, np.float32))
    half = np.asarray(cv2.pyrDown(full), np.float32)
    quarter = np.asarray(cv2.pyrDown(half), np.float32)
    return _levelled(full, LEVELLING[0]), _levelled(half, LEVELLING[1]), _levelled(quarter, LEVELLING[2])


def _levelled(structure: Picture, width: float) -> Picture:
    smooth = cv2.GaussianBlur(structure, (0, 0), width * max(structure.shape))
    return np.asarray(structure - smooth, np.float32)


def _coarse(reference: Picture, frame: Picture) -> tuple[float, Matrix]:
    start = np.eye(2, 3)
    return _align(reference, frame, start, cv2.MOTION_EUCLIDEAN, COARSE_STEPS)


def _refine(reference: Pyramid, frame: Pyramid, matrix: Matrix) -> tuple[float, Matrix]:
    strength = 0.0
    # The coarsest level is done; on it an affine transform would fit noise.
    for level in (1, 0):
        matrix = _enlarged(matrix)
        strength, matrix = _align(reference[level], frame[level], matrix, cv2.MOTION_AFFINE, FINE_STEPS)
    return strength, matrix


def _enlarged(matrix: Matrix) -> Matrix:
    """The same transform on the next larger level, whose pixel 2n lies on the smaller one's n."""
    larger = matrix.copy()
    larger[:, 2] *= 2.0
    return larger


def _align(
    reference: Picture, frame: Picture, start: Matrix, motion: int, steps: int
) -> tuple[float, Matrix]:
    """Coefficient and (2, 3) transform from reference to frame pixels; the start and 0 where it does not converge."""
    criteria = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, steps, SMALLEST_GAIN)
    whole = np.full(frame.shape, 255, np.uint8)
    try:
        strength, matrix = cv2.findTransformECC(
            reference, frame, start.astype(np.float32), motion, criteria, whole, BLUR_PX
        )
    except cv2.error:
        return 0.0, start
    return float(strength), np.asarray(matrix, np.float64)
