"""Corners recognised one by one: the witness for what lies beyond the reach of tiles and network.

A pan by a third of the view leaves nothing where it was, yet by day hundreds of corners are found again (ORB, Rublee
et al. 2011, with RANSAC, Fischler and Bolles 1981). Text and dirt on the sensor are corners too, and are found where
they were: what lies at rest is counted apart and never takes part in the fit, so it cannot hold a moved view still.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from monitor.vision.transform import SimilarityTransform

MOST = 800
"""Corners described in one picture."""
DISTINCT = 0.8
"""A match counts if its distance is below this share of the second best's (Lowe 2004)."""
AT_REST_PX = 3.0
"""Matches that lie closer than this to where they were have not moved."""
INLIER_PX = 4.0
"""How far a match may lie off the transform; parallax bends the field of a real pan."""
LARGEST_ZOOM = 2.0
"""Beyond this ratio, or below its inverse, a fit is degenerate: all corners matched to one."""
CELLS = 4
"""Cells in each direction over which agreeing landmarks are counted …"""
FEWEST_CELLS = 5
"""… and how many they must lie in: a passing lorry is in fewer."""
FEWEST = 8
"""Matches without which no transform is looked for."""


@dataclass(frozen=True, slots=True)
class Landmarks:
    """Corners of one picture: places (N, 2) in pixels from its centre, descriptors (N, 32), the picture's size."""

    size: tuple[int, int]
    places: NDArray[np.float64]
    descriptors: NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Recognised:
    """What the landmarks say.

    Attributes:
        transform: From the reference to the frame.
        moved: Number of landmarks that agree with it; of 79 pairs of other scenes none had more than 9.
        at_rest: Number of landmarks that are where they were.
    """

    transform: SimilarityTransform
    moved: int
    at_rest: int


def find(luma: NDArray[np.uint8], weight: NDArray[np.float32] | None = None) -> Landmarks:
    """The landmarks of a grey picture (h, w), none where its weight (h, w) is 0."""
    mask = None if weight is None else (weight > 0).astype(np.uint8)
    corners, descriptors = cv2.ORB.create(MOST, 1.2, 6, fastThreshold=7).detectAndCompute(luma, mask)
    height, width = luma.shape
    if descriptors is None:
        return Landmarks((width, height), np.zeros((0, 2)), np.zeros((0, 32), np.uint8))
    places = np.array([corner.pt for corner in corners], np.float64)
    return Landmarks(
        (width, height),
        places - np.array([(width - 1) / 2, (height - 1) / 2]),
        np.asarray(descriptors, np.uint8),
    )


def recognise(reference: Landmarks, frame: Landmarks) -> Recognised | None:
    """The one move that most landmarks agree on, or None where too few are found again elsewhere, or too close."""
    if min(len(reference.places), len(frame.places)) < FEWEST:
        return None
    matches = cv2.BFMatcher(cv2.NORM_HAMMING).knnMatch(reference.descriptors, frame.descriptors, k=2)
    distinct = [first for first, second in matches if first.distance < DISTINCT * second.distance]
    here = reference.places[[match.queryIdx for match in distinct]]
    there = frame.places[[match.trainIdx for match in distinct]]
    moved = np.linalg.norm(here - there, axis=1) > AT_REST_PX
    if int(moved.sum()) < FEWEST:
        return None
    cv2.setRNGSeed(0)
    found: tuple[Any, Any] = cv2.estimateAffinePartial2D(
        here[moved], there[moved], method=cv2.RANSAC, ransacReprojThreshold=INLIER_PX
    )
    matrix, agreeing = found
    if matrix is None:
        return None
    transform = SimilarityTransform(*(float(matrix[row]) for row in ((0, 0), (0, 1), (0, 2), (1, 2))))
    if abs(np.log(max(transform.zoom, 1e-6))) > np.log(LARGEST_ZOOM):
        return None
    if _cells(here[moved][agreeing[:, 0] > 0], reference.size) < FEWEST_CELLS:
        return None
    return Recognised(transform, int(agreeing.sum()), int((~moved).sum()))


def _cells(places: NDArray[np.float64], size: tuple[int, int]) -> int:
    """In how many of `CELLS` by `CELLS` cells of a picture of that size there are landmarks."""
    cells = np.floor((places / np.array(size) + 0.5) * CELLS).astype(int)
    return len(np.unique(cells, axis=0))
