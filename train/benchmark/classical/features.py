"""Local features: keypoints matched by their descriptors, and the transform that most of them agree on.

Rublee et al., "ORB: an efficient alternative to SIFT or SURF", 2011; Lowe, "Distinctive image features from
scale-invariant keypoints", 2004; Barath et al., "MAGSAC++, a fast, reliable and accurate robust estimator", 2020.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from skimage.transform import SimilarityTransform

from monitor.domain.orientation import Orientation, turn
from train.benchmark.classical import tuned
from train.benchmark.classical.bank import strongest
from train.benchmark.classical.geometry import canvas_of, displacement_of, grey_on, is_blank
from train.benchmark.classical.judgement import (
    LOST,
    Evidence,
    Registration,
    RegistrationThresholds,
    judge_registration,
)
from train.benchmark.method import Answer, Pixels

LONG_SIDE = 640
"""Larger pictures are shrunk to this; smaller ones are left as they are."""
FEATURES = 1500
NEAREST_RATIO = 0.8
"""Lowe's test: a match must be so much nearer than the next best."""
REPROJECTION_PX = 3.0
FEWEST_MATCHES = 8
CELLS = (8, 6)
"""Columns and rows over which inliers are spread; strength is how many cells hold one."""


@dataclass(frozen=True, slots=True)
class Features:
    """Keypoints of a picture: (N, 2) places in fractions of the view, and their descriptors (N, D)."""

    places: NDArray[np.float64]
    descriptors: NDArray[Any]


@dataclass(frozen=True, slots=True)
class Enrolled:
    """Features of the reference as it is and mirrored, and its width and height on the canvas."""

    upright: Features
    mirrored: Features
    canvas: tuple[int, int]


class LocalFeatures:
    """Method: keypoints matched by nearest neighbour and ratio, one affine transform by MAGSAC++.

    The descriptors know their own rotation, so that one search finds a frame in any quarter turn: which it is, is
    read off the transform. They do not know mirrors, so that a mirrored reference is searched as well. Together the
    two are the orientation bank. Inliers only say that the frame was found; that it moved, the transform says, fitted
    once more as a similarity to all inliers.

    Args:
        name: As the report shows it.
        detector: Finds keypoints and describes them (`cv2.Feature2D`).
        norm: How descriptors are compared, such as `cv2.NORM_L2`.
        thresholds: When to believe what; chosen by `tune` on the cameras of the train split.
    """

    def __init__(self, name: str, detector: Any, norm: int, thresholds: RegistrationThresholds) -> None:
        self.name = name
        self.thresholds = thresholds
        self._detector = detector
        self._matcher = cv2.BFMatcher(norm)

    def enroll(self, reference: Pixels) -> Enrolled:
        """Features of the reference (H, W, 3), as it is and mirrored."""
        canvas = canvas_of(reference, min(LONG_SIDE, max(reference.shape[:2])))
        grey = grey_on(reference, canvas)
        mirrored = turn(grey, Orientation.MIRRORED)
        return Enrolled(self._describe(grey), self._describe(mirrored), canvas)

    def measure(self, enrolled: Enrolled, frame: Pixels) -> Evidence:
        """Find a frame (H, W, 3) in the reference; strengths are numbers of cells with an inlier."""
        if is_blank(frame):
            return Evidence(LOST, LOST, Orientation.ROTATED_180, blank=True)
        canvas = canvas_of(frame, min(LONG_SIDE, max(frame.shape[:2])))
        seen = self._describe(grey_on(frame, canvas))
        found = dict.fromkeys(Orientation, LOST)
        for features, mirrored in ((enrolled.upright, False), (enrolled.mirrored, True)):
            orientation, registration = self._register(features, enrolled.canvas, seen, canvas)
            if mirrored:
                # A mirror and a turn at once is no orientation of ours.
                orientation = Orientation.MIRRORED if orientation is Orientation.UPRIGHT else None
            if orientation is not None:
                found[orientation] = registration
        return strongest(found)

    def judge(self, enrolled: Enrolled, frame: Pixels) -> Answer:
        """Compare a frame (H, W, 3) with what `enroll` kept."""
        return judge_registration(self.measure(enrolled, frame), self.thresholds)

    def _describe(self, grey: NDArray[np.uint8]) -> Features:
        keypoints, descriptors = self._detector.detectAndCompute(grey, None)
        if descriptors is None or len(keypoints) < FEWEST_MATCHES:
            return Features(np.zeros((0, 2)), np.zeros((0, 0), np.uint8))
        places = np.array([keypoint.pt for keypoint in keypoints], np.float64)
        return Features(places, descriptors)

    def _register(
        self, reference: Features, canvas: tuple[int, int], frame: Features, frame_canvas: tuple[int, int]
    ) -> tuple[Orientation | None, Registration]:
        start, end = self._match(reference, frame)
        if len(start) < FEWEST_MATCHES:
            return None, LOST
        _, inliers = cv2.estimateAffine2D(
            start, end, method=cv2.USAC_MAGSAC, ransacReprojThreshold=REPROJECTION_PX, maxIters=2000
        )
        if inliers is None or int(inliers.sum()) < FEWEST_MATCHES:
            return None, LOST
        kept = inliers.ravel() > 0
        return read_turn(start[kept], end[kept], canvas, frame_canvas)

    def _match(self, reference: Features, frame: Features) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        if min(len(reference.places), len(frame.places)) < FEWEST_MATCHES:
            return np.zeros((0, 2)), np.zeros((0, 2))
        nearest = self._matcher.knnMatch(reference.descriptors, frame.descriptors, k=2)
        kept = [one for one, other in nearest if one.distance < NEAREST_RATIO * other.distance]
        return (
            reference.places[[match.queryIdx for match in kept]].reshape(-1, 2),
            frame.places[[match.trainIdx for match in kept]].reshape(-1, 2),
        )


def read_turn(
    start: NDArray[np.float64],
    end: NDArray[np.float64],
    canvas: tuple[int, int],
    frame_canvas: tuple[int, int],
) -> tuple[Orientation | None, Registration]:
    """Orientation, and displacement in that orientation, from places (N, 2) in the reference and in the frame.

    The reference's places are carried to where each quarter turn of it has them; the turn after which the remaining
    roll is smallest is the orientation. None where the places allow no similarity.
    """
    for orientation in QUARTER_TURNS:
        turned = _turned(start, canvas, orientation)
        width, height = (canvas[1], canvas[0]) if orientation.swaps_sides else canvas
        # A frame of another size shows the same view: fractions of it are compared.
        scaled = (end + 0.5) * np.array([width / frame_canvas[0], height / frame_canvas[1]]) - 0.5
        fitted = SimilarityTransform.from_estimate(turned, scaled)
        if not fitted:
            return None, LOST
        moved = displacement_of(np.asarray(fitted.params), width, height, width / height)
        if moved is not None and abs(moved.roll_deg) <= 45.0:
            return orientation, Registration(float(_cells(turned, (width, height))), moved)
    return None, LOST


QUARTER_TURNS = (
    Orientation.UPRIGHT,
    Orientation.ROTATED_90,
    Orientation.ROTATED_180,
    Orientation.ROTATED_270,
)


def _turned(
    places: NDArray[np.float64], canvas: tuple[int, int], orientation: Orientation
) -> NDArray[np.float64]:
    """Where (N, 2) pixels of a picture lie after `monitor.domain.orientation.turn`."""
    x, y = places[:, 0], places[:, 1]
    right, bottom = canvas[0] - 1, canvas[1] - 1
    match orientation:
        case Orientation.ROTATED_90:
            return np.stack([y, right - x], axis=1)
        case Orientation.ROTATED_180:
            return np.stack([right - x, bottom - y], axis=1)
        case Orientation.ROTATED_270:
            return np.stack([bottom - y, x], axis=1)
        case _:
            return places


def _cells(places: NDArray[np.float64], canvas: tuple[int, int]) -> int:
    """How many cells of the view hold a place: many inliers on one burnt-in text count little."""
    columns = np.clip((places[:, 0] / canvas[0] * CELLS[0]).astype(int), 0, CELLS[0] - 1)
    rows = np.clip((places[:, 1] / canvas[1] * CELLS[1]).astype(int), 0, CELLS[1] - 1)
    return len(np.unique(rows * CELLS[0] + columns))


def orb(thresholds: RegistrationThresholds = tuned.ORB) -> LocalFeatures:
    """ORB with MAGSAC."""
    return LocalFeatures(
        "ORB + MAGSAC", cv2.ORB.create(nfeatures=FEATURES, fastThreshold=7), cv2.NORM_HAMMING, thresholds
    )


def sift(thresholds: RegistrationThresholds = tuned.SIFT) -> LocalFeatures:
    """SIFT with MAGSAC."""
    return LocalFeatures(
        "SIFT + MAGSAC", cv2.SIFT.create(nfeatures=FEATURES, contrastThreshold=0.02), cv2.NORM_L2, thresholds
    )
