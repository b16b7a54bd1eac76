"""A pinhole camera over a flat ground: X right, Y forward, Z up, in metres; pixels with y down."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
NEAR_M = 0.6


@dataclass(frozen=True)
class Pinhole:
    """Where a camera stands and looks; `matrix` (3, 4) projects homogeneous world points to pixels.

    `warped` gives the same camera seen through a further image transform, which is how a moved
    camera, the margin of the world canvas and the frame share one geometry.
    """

    matrix: Array

    @classmethod
    def looking(
        cls,
        height_m: float,
        pitch_deg: float,
        yaw_deg: float,
        focal_px: float,
        centre_px: tuple[float, float],
    ) -> Pinhole:
        """A camera at (0, 0, height_m), `pitch_deg` below the horizon, `yaw_deg` right of +Y."""
        pitch, yaw = math.radians(pitch_deg), math.radians(yaw_deg)
        forward = np.array(
            [math.sin(yaw) * math.cos(pitch), math.cos(yaw) * math.cos(pitch), -math.sin(pitch)]
        )
        right = np.array([math.cos(yaw), -math.sin(yaw), 0.0])
        rotation = np.stack([right, np.cross(forward, right), forward])
        intrinsics = np.array([[focal_px, 0, centre_px[0]], [0, focal_px, centre_px[1]], [0, 0, 1.0]])
        translation = -rotation @ np.array([0, 0, height_m])
        return cls(intrinsics @ np.column_stack([rotation, translation]))

    def warped(self, transform: Array) -> Pinhole:
        """The camera after the image transform (3, 3), which must keep the last row (0, 0, 1)."""
        return Pinhole(transform @ self.matrix)

    def project(self, points: Array) -> tuple[Array, Array]:
        """Pixels (N, 2) and depths (N,) of world points (N, 3); pixels mean nothing where depth <= 0."""
        homogeneous = points @ self.matrix[:, :3].T + self.matrix[:, 3]
        depth = homogeneous[:, 2]
        return homogeneous[:, :2] / np.where(np.abs(depth) < 1e-9, 1e-9, depth)[:, None], depth

    def outline(self, points: Array) -> tuple[Array, Array] | None:
        """Pixels and depths of a planar polygon (N, 3), cut at the near plane; None if all is behind."""
        homogeneous = points @ self.matrix[:, :3].T + self.matrix[:, 3]
        depth = homogeneous[:, 2]
        if depth.min() < NEAR_M:
            homogeneous = _cut_at_near_plane(homogeneous)
            if len(homogeneous) < 3:
                return None
            depth = homogeneous[:, 2]
        return homogeneous[:, :2] / depth[:, None], depth

    def plane_homography(self, origin: Array, along_u: Array, along_v: Array) -> Array:
        """The homography (3, 3) from (u, v, 1) on the plane origin + u*along_u + v*along_v to pixels."""
        linear = self.matrix[:, :3]
        return np.column_stack([linear @ along_u, linear @ along_v, linear @ origin + self.matrix[:, 3]])

    def position(self) -> Array:
        """The optical centre in the world (3,)."""
        return np.asarray(-np.linalg.solve(self.matrix[:, :3], self.matrix[:, 3]), np.float64)

    def rays(self, width_px: int, height_px: int) -> NDArray[np.float32]:
        """World directions (H, W, 3) of all pixels, scaled so that position + depth * ray is the point."""
        inverse = np.linalg.inv(self.matrix[:, :3])
        columns, rows = np.arange(width_px) + 0.0, np.arange(height_px) + 0.0
        rays = columns[None, :, None] * inverse[:, 0] + rows[:, None, None] * inverse[:, 1] + inverse[:, 2]
        return np.asarray(rays, np.float32)


def _cut_at_near_plane(polygon: Array) -> Array:
    """Sutherland-Hodgman against depth = NEAR_M, on homogeneous points (N, 3)."""
    kept: list[Array] = []
    for start, end in zip(polygon, np.roll(polygon, -1, axis=0), strict=True):
        if start[2] >= NEAR_M:
            kept.append(start)
        if (start[2] >= NEAR_M) != (end[2] >= NEAR_M):
            part = (NEAR_M - start[2]) / (end[2] - start[2])
            kept.append(start + part * (end - start))
    return np.array(kept) if kept else np.empty((0, 3))
