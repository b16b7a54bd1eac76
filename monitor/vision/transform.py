"""Similarity transforms of the picture plane, in pixels from the picture's centre, and their robust fit."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from monitor.domain.displacement import Displacement

Floats = NDArray[np.float64]

LARGEST_ROLL = math.radians(15)
LARGEST_LOG_ZOOM = 0.35


@dataclass(frozen=True, slots=True)
class SimilarityTransform:
    """x' = a x + b y + tx and y' = -b x + a y + ty, with a = zoom cos(roll), b = zoom sin(roll), y down.

    With y pointing down this turns counter-clockwise as seen on the screen for a positive roll.
    """

    a: float = 1.0
    b: float = 0.0
    tx: float = 0.0
    ty: float = 0.0

    @property
    def zoom(self) -> float:
        """Ratio of sizes."""
        return math.hypot(self.a, self.b)

    @property
    def roll_deg(self) -> float:
        """Degrees counter-clockwise."""
        return math.degrees(math.atan2(self.b, self.a))

    def apply(self, points: Floats) -> Floats:
        """Map points (N, 2)."""
        x, y = points[:, 0], points[:, 1]
        return np.stack([self.a * x + self.b * y + self.tx, self.a * y - self.b * x + self.ty], 1)

    def matrix(self, width: int, height: int) -> Floats:
        """The same for pixel indices counted from the top left (2, 3), as OpenCV's warps take it."""
        cx, cy = (width - 1) / 2, (height - 1) / 2
        return np.array(
            [
                [self.a, self.b, cx + self.tx - self.a * cx - self.b * cy],
                [-self.b, self.a, cy + self.ty - self.a * cy + self.b * cx],
            ]
        )

    def displacement(self, width: int, height: int, sigma_px: float = 0.0) -> Displacement:
        """In fractions of a view of this size; `sigma_px` is the uncertainty of a point in the picture."""
        half_diagonal = 0.35 * math.hypot(width, height)
        return Displacement(
            dx=self.tx / width,
            dy=self.ty / height,
            roll_deg=self.roll_deg,
            zoom=self.zoom,
            sigma_fov=sigma_px / width,
            sigma_roll_deg=math.degrees(sigma_px / half_diagonal),
            sigma_zoom=sigma_px / half_diagonal,
        )

    @classmethod
    def of(cls, displacement: Displacement, width: int, height: int) -> SimilarityTransform:
        """From a displacement of a view of this size in pixels."""
        roll = math.radians(displacement.roll_deg)
        return cls(
            displacement.zoom * math.cos(roll),
            displacement.zoom * math.sin(roll),
            displacement.dx * width,
            displacement.dy * height,
        )


def fit(points: Floats, targets: Floats, weights: Floats) -> SimilarityTransform:
    """Weighted least squares over (N, 2) points and targets (Umeyama 1991, in the plane without reflection)."""
    total = weights.sum()
    mean_point = (weights[:, None] * points).sum(0) / total
    mean_target = (weights[:, None] * targets).sum(0) / total
    p, q = points - mean_point, targets - mean_target
    spread = (weights * (p**2).sum(1)).sum() + 1e-9
    a = float((weights * (p * q).sum(1)).sum() / spread)
    b = float((weights * (p[:, 1] * q[:, 0] - p[:, 0] * q[:, 1])).sum() / spread)
    return SimilarityTransform(
        a,
        b,
        float(mean_target[0] - a * mean_point[0] - b * mean_point[1]),
        float(mean_target[1] - a * mean_point[1] + b * mean_point[0]),
    )


def propose(
    points: Floats, targets: Floats, weights: Floats, tolerance_px: float
) -> tuple[SimilarityTransform, float]:
    """The best of all similarities through two of the points and all shifts through one, and its share of agreement.

    With some forty points every pair can be tried, so unlike in RANSAC nothing is left to chance.
    """
    voting = np.flatnonzero(weights > 0)
    first, second = (voting[index] for index in np.triu_indices(len(voting), 1))
    p, q = points[second] - points[first], targets[second] - targets[first]
    length = (p**2).sum(1)
    # Neighbouring tiles overlap: the turn between them is mostly noise.
    far = length > 60.0**2
    first, p, q, length = first[far], p[far], q[far], length[far]
    a = (p * q).sum(1) / length
    b = (p[:, 1] * q[:, 0] - p[:, 0] * q[:, 1]) / length
    plausible = (np.abs(np.log(np.hypot(a, b) + 1e-6)) < LARGEST_LOG_ZOOM) & (
        np.abs(np.arctan2(b, a)) < LARGEST_ROLL
    )
    a = np.concatenate([a[plausible], np.ones(len(voting))]).astype(np.float32)
    b = np.concatenate([b[plausible], np.zeros(len(voting))]).astype(np.float32)
    pivot = np.concatenate([first[plausible], voting])
    tx = targets[pivot, 0] - a * points[pivot, 0] - b * points[pivot, 1]
    ty = targets[pivot, 1] - a * points[pivot, 1] + b * points[pivot, 0]
    x, y = points[voting].T.astype(np.float32)
    u, v = targets[voting].T.astype(np.float32)
    error = (np.outer(a, x) + np.outer(b, y) + tx[:, None].astype(np.float32) - u) ** 2
    error += (np.outer(a, y) - np.outer(b, x) + ty[:, None].astype(np.float32) - v) ** 2
    score = np.exp(error * np.float32(-0.5 / tolerance_px**2)) @ weights[voting].astype(np.float32)
    best = int(score.argmax())
    return (
        SimilarityTransform(float(a[best]), float(b[best]), float(tx[best]), float(ty[best])),
        float(score[best] / weights.sum()),
    )
