"""Draws a scene far to near: colours, surface ids, emitters and depth together."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from monitor.simulator.materials import MATERIALS, Colour, Pixels, ground_texture
from monitor.simulator.projection import Array, Pinhole
from monitor.simulator.scene import MARGIN, Caster, Lamp, Lane, Scene
from monitor.simulator.surfaces import EMITTER_NONE, GROUND, SKY, WATER

_SUBPIXEL_BITS = 4
FAR_M = 4000.0

TextureMaker = Callable[[float], tuple[Pixels, Pixels]]


def fixed_point(pixels: ArrayLike) -> NDArray[np.int32]:
    """Pixels (N, 2) in the fixed-point form that OpenCV's shifted drawing wants, kept in range."""
    bounded = np.clip(np.asarray(pixels, np.float64), -20_000, 20_000)
    return np.round(bounded * (1 << _SUBPIXEL_BITS)).astype(np.int32)


def fill_convex(
    target: Pixels | NDArray[np.float32], pixels: ArrayLike, value: float | Colour, smooth: bool
) -> None:
    """Fill a convex polygon (N, 2) in place; `smooth` blends the edge and is for colours only."""
    line = cv2.LINE_AA if smooth else cv2.LINE_8
    scalar = value if isinstance(value, tuple) else (float(value),)
    cv2.fillConvexPoly(target, fixed_point(pixels), scalar, line, _SUBPIXEL_BITS)


class Painter:
    """The canvas of one scene while it is drawn; `finish` hands out the Scene.

    Things must be drawn from far to near. `ground` comes first and clears everything.
    """

    def __init__(
        self,
        kind: str,
        seed: int,
        view_size: tuple[int, int],
        pinhole: Pinhole,
        heading_deg: float,
        indoor: bool,
    ) -> None:
        self.kind, self.seed, self.view_size = kind, seed, view_size
        self.heading_deg, self.indoor = heading_deg, indoor
        self.width, self.height = (round(side * MARGIN) for side in view_size)
        shift = np.array(
            [[1, 0, (self.width - view_size[0]) / 2], [0, 1, (self.height - view_size[1]) / 2], [0, 0, 1.0]]
        )
        self.pinhole = pinhole.warped(shift)
        self.albedo = np.zeros((self.height, self.width, 3), np.uint8)
        self.surface = np.full((self.height, self.width), SKY, np.uint8)
        self.emitter = np.zeros((self.height, self.width), np.uint8)
        self.depth = np.full((self.height, self.width), FAR_M, np.float32)
        self.casters: list[Caster] = []
        self.lamps: list[Lamp] = []
        self.lanes: list[Lane] = []
        self._rays = self.pinhole.rays(self.width, self.height)
        self._position = self.pinhole.position()

    def ground(self, base: str, regions: list[tuple[Array, str]]) -> None:
        """Cover the ground with the base material, then each (polygon (N, 2) in metres, material)."""
        falling = -self._rays[..., 2]
        below = falling > self._position[2] / (FAR_M / 2)
        depth = np.where(below, self._position[2] / np.maximum(falling, 1e-6), FAR_M).astype(np.float32)
        x_m, y_m = ((self._position[i] + depth * self._rays[..., i]).astype(np.float32) for i in (0, 1))
        vertical_px = np.linalg.norm(self.pinhole.matrix[:2, :3], axis=1).mean()
        footprint_m = (depth**1.5 / vertical_px / np.sqrt(self._position[2]) + 0.004).astype(np.float32)
        self.depth = depth
        self.surface[below] = GROUND
        first_row = int(np.argmax(below.any(axis=1)))
        rows = slice(first_row, self.height)
        for index, (polygon, name) in enumerate([(None, base), *regions]):
            mask = np.zeros((self.height, self.width), np.uint8)
            if polygon is None:
                mask[below] = 255
            elif (
                outline := self.pinhole.outline(np.column_stack([polygon, np.zeros(len(polygon))]))
            ) is not None:
                cv2.fillPoly(mask, [fixed_point(outline[0])], (255,), cv2.LINE_AA, _SUBPIXEL_BITS)
                mask[~below] = 0
            if not mask.any():
                continue
            colour = ground_texture(
                MATERIALS[name], x_m[rows], y_m[rows], footprint_m[rows], self.seed + index
            )
            share = mask[rows, :, None].astype(np.float32) / 255
            blended = self.albedo[rows] * (1 - share) + np.clip(colour, 0, 255) * share
            self.albedo[rows] = blended.astype(np.uint8)
            if name == "water":
                self.surface[mask > 127] = WATER
            elif polygon is not None:
                self.surface[mask > 127] = GROUND

    def marking(self, polygon: Array, colour: Colour = (222, 222, 214), strength: float = 0.85) -> None:
        """Paint a worn marking, a polygon (N, 2) in metres, on the ground."""
        outline = self.pinhole.outline(np.column_stack([polygon, np.zeros(len(polygon))]))
        if outline is None:
            return
        box = self._box(outline[0])
        if box is None:
            return
        rows, columns = box
        mask = np.zeros((rows.stop - rows.start, columns.stop - columns.start), np.uint8)
        cv2.fillPoly(
            mask, [fixed_point(outline[0] - (columns.start, rows.start))], (255,), cv2.LINE_AA, _SUBPIXEL_BITS
        )
        under = self.albedo[rows, columns]
        wear = np.clip(strength + (under[..., :1].astype(np.float32) - 105) / 130, 0.2, 0.95)
        share = mask[..., None] / np.float32(255) * wear
        self.albedo[rows, columns] = (under * (1 - share) + np.asarray(colour, np.float32) * share).astype(
            np.uint8
        )

    def polygon(self, points: ArrayLike, colour: Colour, surface: int, emitter: int = EMITTER_NONE) -> None:
        """Fill a planar convex polygon (N, 3) in metres with one colour."""
        outline = self.pinhole.outline(np.asarray(points, np.float64))
        if outline is None:
            return
        pixels, depth = outline
        fill_convex(self.albedo, pixels, colour, smooth=True)
        fill_convex(self.surface, pixels, surface, smooth=False)
        fill_convex(self.emitter, pixels, emitter, smooth=False)
        fill_convex(self.depth, pixels, float(depth.mean()), smooth=False)

    def textured(
        self, origin: ArrayLike, along: ArrayLike, up: ArrayLike, make: TextureMaker, surface: int
    ) -> None:
        """Cover the parallelogram origin + u*along + v*up, u and v in 0..1, with a texture.

        `make(px_per_m)` gives colours (h, w, 3) with v = 1 in the first row, and emitter ids (h, w).
        """
        start, side, rise = (np.asarray(v, np.float64) for v in (origin, along, up))
        outline = self.pinhole.outline(np.stack([start, start + side, start + side + rise, start + rise]))
        box = None if outline is None else self._box(outline[0])
        if outline is None or box is None:
            return
        rows, columns = box
        pixels, depth = outline
        size = (columns.stop - columns.start, rows.stop - rows.start)
        focal_px = float(np.linalg.norm(self.pinhole.matrix[0, :3]))
        px_per_m = float(np.clip(focal_px / np.sqrt(depth.min() * depth.max()), 2.0, 60.0))
        longest_m = max(float(np.linalg.norm(side)), float(np.linalg.norm(rise)))
        colours, emitters = make(min(px_per_m, 1600 / longest_m))
        high, wide = emitters.shape
        from_texture = self.pinhole.plane_homography(start + rise, side / wide, -rise / high)
        from_texture = np.array([[1, 0, -columns.start], [0, 1, -rows.start], [0, 0, 1.0]]) @ from_texture
        mask = np.zeros(size[::-1], np.uint8)
        fill_convex(mask, pixels - (columns.start, rows.start), 255, smooth=True)
        share = mask[..., None].astype(np.float32) / 255
        flat = cv2.warpPerspective(
            colours, from_texture, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        )
        ids = cv2.warpPerspective(
            emitters, from_texture, size, flags=cv2.INTER_NEAREST, borderMode=cv2.BORDER_REPLICATE
        )
        self.albedo[rows, columns] = (self.albedo[rows, columns] * (1 - share) + flat * share).astype(
            np.uint8
        )
        inside = mask > 127
        self.surface[rows, columns][inside] = surface
        self.emitter[rows, columns][inside] = ids[inside]
        normal = np.cross(side, rise)
        along_ray = self._rays[rows, columns][inside] @ normal.astype(np.float32)
        distance = float(normal @ (start - self._position))
        self.depth[rows, columns][inside] = np.clip(
            distance / np.where(along_ray == 0, 1e-6, along_ray), 0.5, FAR_M
        )

    def stamp(
        self, mask: Pixels, colours: Pixels, corner: tuple[int, int], depth_m: float, surface: int
    ) -> None:
        """Blend a sprite: colours (h, w, 3) where mask (h, w) says, its top left pixel at `corner` (x, y)."""
        high, wide = mask.shape
        left, top = max(0, corner[0]), max(0, corner[1])
        right, bottom = min(self.width, corner[0] + wide), min(self.height, corner[1] + high)
        if left >= right or top >= bottom:
            return
        part = (slice(top - corner[1], bottom - corner[1]), slice(left - corner[0], right - corner[0]))
        rows, columns = slice(top, bottom), slice(left, right)
        share = mask[part][..., None].astype(np.float32) / 255
        mixed = self.albedo[rows, columns] * (1 - share) + colours[part] * share
        self.albedo[rows, columns] = mixed.astype(np.uint8)
        inside = mask[part] > 127
        self.surface[rows, columns][inside] = surface
        self.emitter[rows, columns][inside] = EMITTER_NONE
        self.depth[rows, columns][inside] = depth_m

    def distance_m(self, x_m: float, y_m: float) -> float:
        """Depth of a ground point, to sort things far to near."""
        return float(self.pinhole.project(np.array([[x_m, y_m, 0.0]]))[1][0])

    def finish(self) -> Scene:
        """The finished scene; softens the drawing as a lens does and adds up the light of the lamps."""
        return Scene(
            kind=self.kind,
            seed=self.seed,
            view_size=self.view_size,
            pinhole=self.pinhole,
            albedo=np.asarray(cv2.GaussianBlur(self.albedo, (3, 3), 0.6), np.uint8),
            surface=self.surface,
            emitter=self.emitter,
            depth=self.depth,
            lamp_light=self._lamp_light(),
            casters=tuple(self.casters),
            lanes=tuple(self.lanes),
            heading_deg=self.heading_deg,
            indoor=self.indoor,
        )

    def _lamp_light(self) -> Pixels:
        """Light of the lamps on every pixel, by distance to its 3-D point; at half size, it is smooth."""
        depth = cv2.resize(self.depth, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_NEAREST)
        rays = cv2.resize(self._rays, (depth.shape[1], depth.shape[0]), interpolation=cv2.INTER_NEAREST)
        points = rays * depth[..., None] + self._position.astype(np.float32)
        light = np.zeros(points.shape, np.float32)
        for lamp in self.lamps:
            offset = points - np.asarray(lamp.position, np.float32)
            squared = np.einsum("hwc,hwc->hw", offset, offset)
            height_m = max(lamp.position[2], 2.5)
            pool = height_m**2 / (height_m**2 * 0.4 + squared) * np.clip(1 - squared / lamp.reach_m**2, 0, 1)
            light += pool[..., None] * np.asarray(lamp.colour, np.float32)
        full = cv2.resize(light, (self.width, self.height), interpolation=cv2.INTER_LINEAR)
        bounded = np.clip(120 * full, 0, 190)
        bounded[self.surface == SKY] = 0
        return np.asarray(bounded, np.uint8)

    def _box(self, pixels: Array) -> tuple[slice, slice] | None:
        left, top = np.floor(pixels.min(axis=0)) - 1
        right, bottom = np.ceil(pixels.max(axis=0)) + 2
        rows = slice(max(0, int(max(top, -1e6))), min(self.height, int(min(bottom, 1e6))))
        columns = slice(max(0, int(max(left, -1e6))), min(self.width, int(min(right, 1e6))))
        if rows.start >= rows.stop or columns.start >= columns.stop:
            return None
        return rows, columns
