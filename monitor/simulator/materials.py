"""What things are made of: ground textures fixed to the world, and facades with windows."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from monitor.simulator.seeds import generator

Floats = NDArray[np.float32]
Pixels = NDArray[np.uint8]
Colour = tuple[float, float, float]

TILE_PX = 512
_OCTAVES_M = (0.09, 0.35, 1.3, 5.0, 19.0)


@dataclass(frozen=True)
class Material:
    """A ground surface: base colour (RGB), noise strength per octave (grey levels), joints in metres."""

    colour: Colour
    octaves: tuple[float, float, float, float, float]
    joint_m: tuple[float, float] | None = None
    joint_width_m: float = 0.03
    joint_contrast: float = 26.0
    tint: Colour = (0.0, 0.0, 0.0)


MATERIALS: dict[str, Material] = {
    "asphalt": Material((98, 98, 101), (15, 8, 4, 4, 4)),
    "old_asphalt": Material((118, 115, 110), (16, 10, 6, 6, 5)),
    "concrete": Material((158, 155, 147), (9, 7, 5, 5, 4), (5.0, 5.0), 0.05, 40),
    "slabs": Material((164, 156, 146), (9, 8, 6, 4, 4), (0.8, 0.8), 0.04, 34),
    "cobbles": Material((134, 124, 116), (18, 16, 8, 5, 4), (0.4, 0.28), 0.05, 44),
    "grass": Material((88, 112, 60), (22, 16, 10, 8, 7), tint=(0.6, 0.2, -0.2)),
    "dirt": Material((140, 120, 94), (16, 14, 13, 12, 9)),
    "gravel": Material((150, 145, 138), (30, 14, 8, 8, 7)),
    "water": Material((66, 92, 100), (4, 8, 9, 6, 4), tint=(-0.2, 0.1, 0.3)),
    "epoxy": Material((152, 156, 152), (5, 6, 6, 6, 5), (6.0, 6.0), 0.03, 30),
}


@lru_cache(maxsize=8)
def noise_tile(blur_px: float = 0.8) -> Floats:
    """A seamless noise tile (512, 512) of mean 0 and deviation 1; read only."""
    white = generator("noise tile", blur_px).standard_normal((TILE_PX, TILE_PX))
    frequency = np.fft.fftfreq(TILE_PX)
    kernel = np.exp(-2 * (np.pi * blur_px) ** 2 * (frequency[:, None] ** 2 + frequency[None, :] ** 2))
    tile = np.fft.ifft2(np.fft.fft2(white) * kernel).real
    scaled: Floats = ((tile - tile.mean()) / tile.std()).astype(np.float32)
    scaled.setflags(write=False)
    return scaled


def ground_texture(material: Material, x_m: Floats, y_m: Floats, footprint_m: Floats, seed: int) -> Floats:
    """Colour (H, W, 3) of a material at the ground points; detail finer than a pixel is left out.

    `footprint_m` (H, W) is the size of one pixel on the ground.
    """
    tile = noise_tile()
    grain = np.zeros_like(x_m)
    slow = np.zeros_like(x_m)
    for index, (wavelength_m, strength) in enumerate(zip(_OCTAVES_M, material.octaves, strict=True)):
        scale = 2.5 / wavelength_m
        offset = (seed * 37 + index * 101) % TILE_PX
        u, v = (np.mod(axis_m * scale + offset, TILE_PX - 1) for axis_m in (x_m, y_m))
        layer = cv2.remap(tile, u, v, cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP)
        layer = layer * (strength * np.clip(1.6 * wavelength_m / footprint_m - 0.4, 0, 1))
        grain += layer
        if index >= 3:
            slow += layer
    if material.joint_m is not None:
        grain -= material.joint_contrast * _joints(material, x_m, y_m, footprint_m)
    colour = np.asarray(material.colour, np.float32) + grain[..., None]
    return np.asarray(colour + slow[..., None] * np.asarray(material.tint, np.float32), np.float32)


def _joints(material: Material, x_m: Floats, y_m: Floats, footprint_m: Floats) -> Floats:
    assert material.joint_m is not None
    lines = np.zeros_like(x_m)
    width_m = np.maximum(material.joint_width_m, footprint_m)
    for axis_m, spacing_m in zip((x_m, y_m), material.joint_m, strict=True):
        distance_m = np.abs(np.mod(axis_m, spacing_m) - spacing_m / 2)
        line = np.clip((width_m / 2 - distance_m) / footprint_m + 0.5, 0, 1)
        fade = np.clip(spacing_m / footprint_m / 3 - 0.5, 0, 1) * material.joint_width_m / width_m
        lines = np.maximum(lines, line * fade)
    return lines


@dataclass(frozen=True)
class FacadeStyle:
    """How a wall is divided: storey and bay in metres, window share of the bay, colours."""

    wall: Colour
    glass: Colour
    storey_m: float = 3.2
    bay_m: float = 3.0
    window: tuple[float, float] = (0.5, 0.55)
    shop: bool = False
    bricks: bool = True


WINDOW_EMITTERS = range(16, 256)


def facade(
    width_m: float, height_m: float, px_per_m: float, style: FacadeStyle, rng: np.random.Generator
) -> tuple[Pixels, Pixels]:
    """A wall's colours (h, w, 3) and emitter ids (h, w); lit windows get ids from WINDOW_EMITTERS."""
    width, height = max(4, round(width_m * px_per_m)), max(4, round(height_m * px_per_m))
    wall = np.empty((height, width, 3), np.float32)
    wall[:] = style.wall
    wall += _wall_grain(width, height, px_per_m, style.bricks, rng)[..., None]
    colours = np.clip(wall, 0, 255).astype(np.uint8)
    emitters = np.zeros((height, width), np.uint8)
    storeys, bays = max(1, int(height_m / style.storey_m)), max(1, int(width_m / style.bay_m))
    storey_px, bay_px = height / storeys, width / bays
    for storey in range(storeys):
        ground_floor = storey == storeys - 1
        if style.shop and ground_floor and storeys > 1:
            _shop_front(colours, emitters, round(storey * storey_px), bay_px, bays, rng)
            continue
        for bay in range(bays):
            if rng.random() < 0.06:
                continue
            centre = ((bay + 0.5) * bay_px, (storey + 0.48) * storey_px)
            _window(
                colours, emitters, centre, (bay_px * style.window[0], storey_px * style.window[1]), style, rng
            )
        if storey and rng.random() < 0.35:
            row = round(storey * storey_px)
            cv2.line(
                colours,
                (0, row),
                (width, row),
                tuple(c * 0.75 for c in style.wall),
                max(1, round(px_per_m * 0.12)),
            )
    cv2.rectangle(
        colours, (0, 0), (width, max(1, round(px_per_m * 0.4))), tuple(c * 0.62 for c in style.wall), -1
    )
    return colours, emitters


def _wall_grain(width: int, height: int, px_per_m: float, bricks: bool, rng: np.random.Generator) -> Floats:
    shift = rng.integers(0, TILE_PX, 2)
    tile = np.roll(noise_tile(), tuple(int(s) for s in shift), (0, 1))
    fine = cv2.resize(tile[: min(height, TILE_PX), : min(width, TILE_PX)], (width, height))
    coarse = cv2.resize(tile[100:112, 100:112], (width, height), interpolation=cv2.INTER_CUBIC)
    grain = 7 * fine + 8 * coarse
    if bricks and px_per_m > 6:
        rows = np.mod(np.arange(height) / px_per_m, 0.3) < 0.06
        grain[rows] -= 14
    return np.asarray(grain, np.float32)


def _window(
    colours: Pixels,
    emitters: Pixels,
    centre: tuple[float, float],
    size: tuple[float, float],
    style: FacadeStyle,
    rng: np.random.Generator,
) -> None:
    left, top = round(centre[0] - size[0] / 2), round(centre[1] - size[1] / 2)
    right, bottom = round(centre[0] + size[0] / 2), round(centre[1] + size[1] / 2)
    frame = tuple(min(255.0, c * 1.22 + 12) for c in style.wall)
    cv2.rectangle(colours, (left - 1, top - 1), (right + 1, bottom + 1), frame, -1)
    shade = float(rng.uniform(0.55, 1.25))
    cv2.rectangle(colours, (left, top), (right, bottom), tuple(c * shade for c in style.glass), -1)
    curtain = float(rng.random())
    if curtain < 0.45:
        brightness = float(rng.uniform(120, 215))
        pale = (brightness, brightness * 0.97, brightness * 0.9)
        cv2.rectangle(
            colours, (left, top), (right, round(top + (bottom - top) * rng.uniform(0.2, 0.9))), pale, -1
        )
    if right - left > 7:
        middle = (left + right) // 2
        cv2.line(colours, (middle, top), (middle, bottom), frame, 1)
    cv2.line(colours, (left - 2, bottom + 2), (right + 2, bottom + 2), tuple(c * 0.6 for c in style.wall), 1)
    emitters[max(0, top) : bottom + 1, max(0, left) : right + 1] = rng.integers(
        WINDOW_EMITTERS.start, WINDOW_EMITTERS.stop
    )


def _shop_front(
    colours: Pixels, emitters: Pixels, top: int, bay_px: float, bays: int, rng: np.random.Generator
) -> None:
    height = emitters.shape[0]
    for bay in range(bays):
        left, right = round(bay * bay_px) + 1, round((bay + 1) * bay_px) - 2
        sign = round(top + (height - top) * 0.3)
        if right - left < 3 or sign >= height - 2:
            continue
        hue = tuple(float(c) for c in rng.integers(30, 225, 3))
        cv2.rectangle(colours, (left, top + 1), (right, sign), hue, -1)
        _sign_letters(colours, (left, top + 1, right, sign), rng)
        glass = float(rng.uniform(35, 80))
        cv2.rectangle(colours, (left + 1, sign), (right - 1, height), (glass, glass * 1.05, glass * 1.1), -1)
        for _ in range(4):
            x, y = int(rng.integers(left + 1, right)), int(rng.integers(sign, height))
            cv2.circle(
                colours,
                (x, y),
                max(1, int(bay_px * 0.06)),
                tuple(float(c) for c in rng.integers(40, 200, 3)),
                -1,
            )
        emitters[sign:, left + 1 : right] = rng.integers(WINDOW_EMITTERS.start, WINDOW_EMITTERS.stop)


def _sign_letters(colours: Pixels, box: tuple[int, int, int, int], rng: np.random.Generator) -> None:
    left, top, right, bottom = box
    x = left + 3
    while x < right - 3:
        step = int(rng.integers(2, max(3, (right - left) // 7) + 1))
        cv2.line(colours, (x, top + 2), (x, bottom - 2), (235.0, 232.0, 225.0), max(1, step // 3))
        x += step + 2
