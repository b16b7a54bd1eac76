"""From a view and a moment to the light that reaches the sensor."""

from __future__ import annotations

from datetime import datetime

import cv2
import numpy as np
from numpy.typing import NDArray

from monitor.simulator.light import FULL_LIGHT, Light, light_at
from monitor.simulator.materials import Pixels
from monitor.simulator.painter import fill_convex
from monitor.simulator.projection import Pinhole
from monitor.simulator.scene import Caster
from monitor.simulator.surfaces import SHADOW_BIT
from monitor.simulator.traffic import Traveller, travellers
from monitor.simulator.view import View, cloud_layer
from monitor.simulator.weather import Weather, draw_falling

_LONGEST_SHADOW = 9.0  # times the height of the thing


def render_view(
    view: View, at: datetime, weather: Weather, *, infrared_camera: bool, rng: np.random.Generator
) -> Pixels:
    """The picture (H, W, 3), RGB, without sensor noise, faults and burnt-in text."""
    scene = view.scene
    light = light_at(at, weather, scene.heading_deg, indoor=scene.indoor, infrared_camera=infrared_camera)
    moving = travellers(scene, at.timestamp(), light.darkness if not scene.indoor else _off_hours(at))
    albedo, surface, emitter = view.albedo.copy(), view.surface.copy(), view.emitter.copy()
    if light.sun is not None:
        casters = [*scene.casters, *(traveller.caster() for traveller in moving)]
        shadows = _shadows(view.pinhole, casters, light.sun, surface.shape)
        surface |= shadows & view.ground_shadow
    lamp_light = view.lamp_light
    if light.darkness > 0.6 and not scene.indoor:
        lamp_light = np.asarray(cv2.add(lamp_light, _beams(view, moving)), np.uint8)
    _draw_moving(view, moving, albedo, surface, emitter)
    if light.infrared:
        frame = _infrared(view, albedo, light)
    else:
        frame = _lit(albedo, surface, lamp_light, light)
        if view.sky_rows:
            _draw_sky(frame, view, light, at, weather)
        frame = _hazed(frame, view, light, weather)
    frame = _shining(frame, emitter, light)
    if not scene.indoor:
        frame = draw_falling(frame, weather, 0.25 + 0.75 * (1 - light.darkness), rng)
    return frame


def _off_hours(at: datetime) -> float:
    return 0.0 if 6 <= at.hour < 21 else 1.0


def _table_lookup(ids: Pixels, table: Pixels) -> Pixels:
    """Colours (H, W, 3) of ids (H, W) by a table (256, 1, 3)."""
    return np.asarray(cv2.LUT(cv2.merge([ids, ids, ids]), table), np.uint8)


def _sum(first: Pixels, second: Pixels, share: float) -> Pixels:
    """First + share * second, saturated."""
    return np.asarray(cv2.addWeighted(first, 1.0, second, share, 0), np.uint8)


def _lit(albedo: Pixels, surface: Pixels, lamp_light: Pixels, light: Light) -> Pixels:
    on_surface = _table_lookup(surface, light.surface_table)
    if light.lamps > 0.02:
        on_surface = _sum(on_surface, lamp_light, 1.1 * light.lamps)
    return np.asarray(cv2.multiply(albedo, on_surface, scale=1 / FULL_LIGHT), np.uint8)


def _infrared(view: View, albedo: Pixels, light: Light) -> Pixels:
    grey = cv2.cvtColor(albedo, cv2.COLOR_RGB2GRAY)
    received = view.infrared_light
    if light.lamps > 0.02:
        lamps = cv2.cvtColor(view.lamp_light, cv2.COLOR_RGB2GRAY)
        received = _sum(received, np.asarray(lamps, np.uint8), 0.35 * light.lamps)
    seen = cv2.multiply(grey, received, scale=1 / FULL_LIGHT)
    return np.asarray(cv2.merge([seen, seen, seen]), np.uint8)


def _shining(frame: Pixels, emitter: Pixels, light: Light) -> Pixels:
    """Add what shines, with the glow that a lens makes of it."""
    if light.lamps < 0.05 and light.darkness < 0.2:
        return frame
    shine = _table_lookup(emitter, light.emitter_table)
    if light.infrared:
        grey = cv2.cvtColor(shine, cv2.COLOR_RGB2GRAY)
        shine = np.asarray(cv2.merge([grey, grey, grey]), np.uint8)
    height, width = emitter.shape
    small = cv2.resize(shine, (width // 4, height // 4), interpolation=cv2.INTER_AREA)
    glow = cv2.resize(cv2.GaussianBlur(small, (0, 0), width / 220), (width, height))
    return _sum(np.asarray(cv2.max(frame, shine), np.uint8), np.asarray(glow, np.uint8), 0.8)


def _draw_sky(frame: Pixels, view: View, light: Light, at: datetime, weather: Weather) -> None:
    rows = slice(0, view.sky_rows)
    sky = _table_lookup(view.sky_height, light.sky_table)
    cover = cloud_layer(view, at.timestamp()) * np.float32(0.85 - 0.5 * weather.clouds)
    cloud = np.empty_like(sky)
    cloud[:] = light.cloud_colour
    cv2.copyTo(cv2.blendLinear(sky, cloud, 1 - cover, cover), view.sky_mask, frame[rows])


def _hazed(frame: Pixels, view: View, light: Light, weather: Weather) -> Pixels:
    """Mix far things into the haze; fog thickens it and brings it near."""
    if view.scene.indoor:
        return frame
    share = np.linspace(0, 1, 256)
    strength = 0.25 * share + 0.3 * weather.rain * share
    if weather.fog > 0:
        reach = 1 + 11 * weather.fog
        strength = np.maximum(strength, weather.fog**0.3 * (1 - (1 - share * 0.998) ** reach))
    keep = (255 * (1 - strength))[:, None].repeat(3, 1)
    add = strength[:, None] * np.array(light.haze_colour)
    haze3 = cv2.merge([view.haze, view.haze, view.haze])
    kept = cv2.multiply(frame, cv2.LUT(haze3, keep.astype(np.uint8).reshape(256, 1, 3)), scale=1 / 255)
    return np.asarray(cv2.add(kept, cv2.LUT(haze3, add.astype(np.uint8).reshape(256, 1, 3))), np.uint8)


def _shadows(
    pinhole: Pinhole, casters: list[Caster], sun: NDArray[np.float64], shape: tuple[int, ...]
) -> Pixels:
    """SHADOW_BIT where a shadow on flat ground would fall."""
    mask = np.zeros(shape, np.uint8)
    slope = -sun[:2] / max(float(sun[2]), 1e-3)
    steepness = float(np.hypot(*slope))
    slope = slope * min(1.0, _LONGEST_SHADOW / max(steepness, 1e-6))
    for caster in casters:
        ground = np.concatenate(
            [caster.footprint + slope * caster.bottom_m, caster.footprint + slope * caster.top_m]
        )
        hull = cv2.convexHull(ground.astype(np.float32))[:, 0].astype(np.float64)
        outline = pinhole.outline(np.column_stack([hull, np.zeros(len(hull))]))
        if outline is not None:
            fill_convex(mask, outline[0], SHADOW_BIT, smooth=False)
    return mask


def _draw_moving(
    view: View, moving: list[Traveller], albedo: Pixels, surface: Pixels, emitter: Pixels
) -> None:
    """Draw what moves, far to near, behind whatever stands nearer to the camera."""
    height, width = surface.shape
    camera = view.pinhole.position()
    depth_row = view.pinhole.matrix[2]
    ordered = sorted(moving, key=lambda t: -(depth_row[0] * t.x_m + depth_row[1] * t.y_m))
    for traveller in ordered:
        if depth_row[0] * traveller.x_m + depth_row[1] * traveller.y_m + depth_row[3] < 3.0:
            continue
        faces = traveller.faces(camera)
        ends = np.cumsum([len(face.points) for face in faces])[:-1]
        pixels, depth = view.pinhole.project(np.concatenate([face.points for face in faces]))
        left, top = np.floor(pixels.min(axis=0)).astype(int) - 1
        right, bottom = np.ceil(pixels.max(axis=0)).astype(int) + 2
        left, top, right, bottom = max(left, 0), max(top, 0), min(right, width), min(bottom, height)
        if depth.min() < 1.0 or left >= right or top >= bottom:
            continue
        for face, outline in zip(faces, np.split(pixels, ends), strict=True):
            fill_convex(albedo, outline, face.colour, smooth=True)
            fill_convex(surface, outline, face.surface, smooth=False)
            fill_convex(emitter, outline, face.emitter, smooth=False)
        box = (slice(top, bottom), slice(left, right))
        hidden = view.depth[box] < depth.min() - 0.25
        if hidden.any():
            mask = hidden.astype(np.uint8)
            for layer, static in ((albedo, view.albedo), (surface, view.surface), (emitter, view.emitter)):
                cv2.copyTo(static[box], mask, layer[box])


def _beams(view: View, moving: list[Traveller]) -> Pixels:
    """Light of the headlights on the ground (H, W, 3)."""
    height, width = view.surface.shape
    layer = np.zeros((height // 4, width // 4), np.uint8)
    quarter = view.pinhole.warped(np.diag([0.25, 0.25, 1.0]))
    for traveller in moving:
        if traveller.kind == "person":
            continue
        ahead = np.array([np.cos(traveller.angle), np.sin(traveller.angle)])
        left = np.array([-ahead[1], ahead[0]])
        nose = np.array([traveller.x_m, traveller.y_m]) + ahead * 2.4
        for reach_m, spread_m, level in ((15.0, 3.2, 36), (9.0, 2.2, 80)):
            corners = [
                nose + left * 0.8,
                nose - left * 0.8,
                nose + ahead * reach_m - left * spread_m,
                nose + ahead * reach_m + left * spread_m,
            ]
            outline = quarter.outline(np.column_stack([np.array(corners), np.zeros(4)]))
            if outline is not None:
                fill_convex(layer, outline[0], level, smooth=False)
    soft = cv2.resize(cv2.GaussianBlur(layer, (5, 5), 1.4), (width, height))
    soft = cv2.bitwise_and(soft, soft, mask=view.ground_shadow)
    return np.asarray(cv2.merge([soft, soft, cv2.convertScaleAbs(soft, alpha=0.85)]), np.uint8)
