"""A scene as one camera pose sees it: every static layer, warped once and kept."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from monitor.simulator.materials import Pixels, noise_tile
from monitor.simulator.pose import Pose
from monitor.simulator.projection import Pinhole
from monitor.simulator.scene import MARGIN, Scene
from monitor.simulator.surfaces import FOLIAGE, GROUND, SHADOW_BIT, SKY

Layer = TypeVar("Layer", Pixels, NDArray[np.float32])
_HAZE_REACH_M = 420.0


@dataclass(frozen=True)
class View:
    """Static layers in frame pixels (H, W[, 3]); read only, shared by all frames of one pose.

    `haze` 0 to 255 is how much of a pixel fog of full strength hides; `ground_shadow` is SHADOW_BIT
    where shadows may fall, 0 elsewhere.
    """

    scene: Scene
    pinhole: Pinhole
    albedo: Pixels
    surface: Pixels
    emitter: Pixels
    depth: NDArray[np.float32]
    lamp_light: Pixels
    haze: Pixels
    ground_shadow: Pixels
    sky_rows: int
    sky_mask: Pixels
    sky_height: Pixels
    clouds_from_frame: NDArray[np.float64]

    @classmethod
    def of(cls, scene: Scene, pose: Pose) -> View:
        """Warp the world canvas into the frame at this pose."""
        width, height = scene.view_size
        margin_x, margin_y = (round(side * MARGIN) / 2 - side / 2 for side in scene.view_size)
        into_frame = np.array([[1, 0, -margin_x], [0, 1, -margin_y], [0, 0, 1.0]])
        warp = pose.matrix(width, height) @ into_frame
        flags = cv2.INTER_LINEAR if pose == Pose() else cv2.INTER_CUBIC

        def warped(layer: Layer, flags: int) -> Layer:
            border = cv2.BORDER_REFLECT
            return np.asarray(
                cv2.warpAffine(layer, warp[:2], (width, height), flags=flags, borderMode=border), layer.dtype
            )

        surface = warped(scene.surface, cv2.INTER_NEAREST)
        depth = warped(scene.depth, cv2.INTER_NEAREST)
        pinhole = scene.pinhole.warped(warp)
        sky = surface == SKY
        rows_with_sky = np.flatnonzero(sky.any(axis=1))
        sky_rows = int(rows_with_sky[-1]) + 1 if len(rows_with_sky) else 0
        rays = pinhole.rays(width, max(1, sky_rows))
        sine = rays[..., 2] / np.linalg.norm(rays, axis=2)
        return cls(
            scene=scene,
            pinhole=pinhole,
            albedo=warped(scene.albedo, flags),
            surface=surface,
            emitter=warped(scene.emitter, cv2.INTER_NEAREST),
            depth=depth,
            lamp_light=warped(scene.lamp_light, cv2.INTER_LINEAR),
            haze=np.where(sky, 200, 255 * (1 - np.exp(-depth / _HAZE_REACH_M))).astype(np.uint8),
            ground_shadow=np.where(surface == GROUND, SHADOW_BIT, 0).astype(np.uint8),
            sky_rows=sky_rows,
            sky_mask=(sky * 255).astype(np.uint8)[: max(1, sky_rows)],
            sky_height=np.clip(sine * 560, 0, 255).astype(np.uint8),
            clouds_from_frame=np.linalg.inv(warp),
        )

    @cached_property
    def infrared_light(self) -> Pixels:
        """Light of the camera's own illuminator (H, W): falls off with distance and off the axis."""
        height, width = self.depth.shape
        rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
        radius = np.hypot((columns - width / 2) / width, (rows - height / 2) / height)
        near = 1.0 if self.scene.indoor else 0.85
        light = 205 * near * np.exp(-self.depth / 34) * np.exp(-((radius / 0.62) ** 2)) + 16
        light[self.surface == SKY] = 8
        light[self.surface == FOLIAGE] *= 1.55
        return np.asarray(np.clip(light, 0, 255), np.uint8)


def cloud_layer(view: View, epoch_s: float) -> NDArray[np.float32]:
    """How much cloud covers each pixel of the sky rows (sky_rows, W), 0 to 1; drifts with time."""
    width = view.albedo.shape[1]
    stretch = np.array([[0.34, 0, 0], [0, 1.0, 0], [0, 0, 1.0]])
    drift = np.array(
        [[1, 0, math.fmod(epoch_s * 0.02, 512)], [0, 1, 30.0 * (view.scene.seed % 11)], [0, 0, 1]]
    )
    mapping = (drift @ stretch @ view.clouds_from_frame)[:2]
    tile = _cloud_tile()
    return np.asarray(
        cv2.warpAffine(
            tile,
            mapping,
            (width, view.sky_rows),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_WRAP,
        ),
        np.float32,
    )


def _cloud_tile() -> NDArray[np.float32]:
    shape = 0.7 * noise_tile(22.0) + 0.35 * noise_tile(7.0) + 0.15 * noise_tile(2.5)
    return np.asarray(np.clip(0.15 + 0.55 * shape, 0, 1), np.float32)
