"""Light, weather and camera electronics: what changes in a picture while the view stays."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
Field = NDArray[np.float32]


def draw_field(rng: np.random.Generator, width: int, height: int, low: float, high: float) -> Field:
    """A smooth random field (height, width) between `low` and `high`."""
    rows, columns = rng.integers(2, 6), rng.integers(2, 7)
    coarse = rng.uniform(low, high, (rows, columns)).astype(np.float32)
    return np.asarray(cv2.resize(coarse, (width, height), interpolation=cv2.INTER_LINEAR), dtype=np.float32)


def tone(rng: np.random.Generator, pixels: Pixels, strength: float) -> Pixels:
    """Gamma, brightness, contrast and colour cast in one table look-up per channel."""
    levels = np.arange(256, dtype=np.float32)[:, None] / 255
    gamma = np.exp(rng.uniform(-0.6, 0.6) * strength)
    contrast, middle = np.exp(rng.uniform(-0.6, 0.35) * strength), rng.uniform(0.35, 0.65)
    cast = 1 + rng.uniform(-0.15, 0.15, 3) * strength
    table = ((levels**gamma - middle) * contrast + middle + rng.uniform(-0.15, 0.15) * strength) * cast
    return _look_up(pixels, table * 255)


def remap_local_contrast(rng: np.random.Generator, pixels: Pixels) -> Pixels:
    """Another illumination: the coarse light is replaced by a random one, detail scaled, in places turned negative."""
    height, width = pixels.shape[:2]
    small = cv2.resize(pixels, (max(width // 8, 4), max(height // 8, 4)), interpolation=cv2.INTER_AREA)
    small = cv2.GaussianBlur(small, (0, 0), rng.uniform(0.8, 2.5))
    light = cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR)
    detail = cv2.subtract(pixels, light, dtype=cv2.CV_16S)
    lowest = rng.choice([0.3, -0.4, -1.2], p=[0.5, 0.25, 0.25])
    gain = draw_field(rng, width, height, lowest, 1.5)
    keep = draw_field(rng, width, height, rng.choice([0.5, 0.1, -0.6]), 1.0)
    lift = draw_field(rng, width, height, 0, 160) * rng.uniform(0.3, 1.0)
    changed = detail * gain[..., None] + light * keep[..., None] + (lift * (1 - np.abs(keep)))[..., None]
    return np.asarray(np.clip(changed, 0, 255), dtype=np.uint8)


def shadow(rng: np.random.Generator, pixels: Pixels) -> Pixels:
    """Darken (or brighten) a few polygons, as sun and clouds do."""
    height, width = pixels.shape[:2]
    factor = np.ones((height, width), np.float32)
    for _ in range(rng.integers(1, 4)):
        corners = rng.uniform(-0.2, 1.2, (rng.integers(3, 6), 2)) * [width, height]
        cv2.fillPoly(factor, [corners.astype(np.int32)], float(rng.uniform(0.35, 1.35)))
    softness = rng.choice([0.6, 2.0, 8.0])
    soft = cv2.GaussianBlur(factor, (0, 0), softness)
    return np.asarray(cv2.multiply(pixels, cv2.merge([soft] * 3), dtype=cv2.CV_8U), dtype=np.uint8)


def night(rng: np.random.Generator, pixels: Pixels) -> Pixels:
    """Dark, in patches, with lamps that sit partly on what was bright by day and partly anywhere."""
    height, width = pixels.shape[:2]
    levels = np.arange(256, dtype=np.float32)[:, None] / 255
    cast = 1 + rng.uniform(-0.2, 0.2, 3)
    dark = _look_up(pixels, 255 * levels ** rng.uniform(0.9, 1.8) * rng.uniform(0.15, 0.6) * cast)
    patches = draw_field(rng, width, height, rng.uniform(0.2, 0.8), rng.uniform(1.0, 2.2))
    patched = cv2.multiply(dark, cv2.merge([patches] * 3), dtype=cv2.CV_8U)
    return lamps(rng, np.asarray(patched, dtype=np.uint8), int(rng.integers(0, 14)))


def lamps(rng: np.random.Generator, pixels: Pixels, count: int) -> Pixels:
    """Add glowing lamps or headlights; drawn small and enlarged, so that many cost little."""
    height, width = pixels.shape[:2]
    small_width, small_height = width // 2, height // 2
    glow = np.zeros((small_height, small_width, 3), np.float32)
    colour = np.array([255.0, rng.uniform(170, 255), rng.uniform(80, 255)])
    for _ in range(count):
        centre = (int(rng.uniform(0, small_width)), int(rng.uniform(0, small_height)))
        radius = max(1, int(small_width * rng.choice([0.004, 0.008, 0.02])))
        cv2.circle(glow, centre, radius, (colour * rng.uniform(0.5, 1.2)).tolist(), -1)
    halo = cv2.GaussianBlur(glow, (0, 0), small_width * rng.uniform(0.01, 0.04))
    glow = cv2.resize(glow + halo * rng.uniform(1.0, 6.0), (width, height), interpolation=cv2.INTER_LINEAR)
    return np.asarray(cv2.add(pixels, glow, dtype=cv2.CV_8U), dtype=np.uint8)


def fog(rng: np.random.Generator, pixels: Pixels) -> Pixels:
    """Blend towards a flat grey, more so at the top, where the distance is."""
    height, width = pixels.shape[:2]
    grey = float(rng.uniform(90, 235))
    thick = draw_field(rng, width, height, 0.1, rng.uniform(0.3, 0.9))
    thick = np.clip(thick * np.linspace(1.3, 0.5, height, dtype=np.float32)[:, None], 0, 0.93)
    flat = np.full_like(pixels, int(grey))
    return np.asarray(cv2.blendLinear(flat, pixels, thick, 1 - thick), dtype=np.uint8)


def precipitation(rng: np.random.Generator, pixels: Pixels) -> Pixels:
    """Rain streaks or snow flakes in front of everything."""
    height, width = pixels.shape[:2]
    layer = np.zeros((height, width), np.uint8)
    lean = rng.uniform(-0.4, 0.4)
    length = rng.choice([1.0, 2.0, 12.0, 20.0])
    for _ in range(rng.integers(40, 200)):
        x, y = rng.uniform(0, width), rng.uniform(0, height)
        end = (int(x + lean * length), int(y + length))
        cv2.line(layer, (int(x), int(y)), end, int(rng.uniform(60, 255)), 1, cv2.LINE_AA)
    soft = cv2.GaussianBlur(layer, (0, 0), rng.uniform(0.5, 1.2))
    return np.asarray(cv2.add(pixels, cv2.merge([soft] * 3)), dtype=np.uint8)


def blur(rng: np.random.Generator, pixels: Pixels) -> Pixels:
    """Mild defocus or motion blur; a picture too blurred to judge is the quality measure's business."""
    if rng.random() < 0.65:
        return np.asarray(cv2.GaussianBlur(pixels, (0, 0), rng.uniform(0.4, 2.2)), dtype=np.uint8)
    size = int(rng.integers(3, 8))
    kernel = np.zeros((size, size), np.float32)
    angle = rng.uniform(0, np.pi)
    reach = np.array([np.cos(angle), np.sin(angle)]) * (size - 1) / 2
    middle = (size - 1) / 2
    start, end = middle - reach, middle + reach
    cv2.line(kernel, tuple(start.round().astype(int).tolist()), tuple(end.round().astype(int).tolist()), 1.0)
    return np.asarray(cv2.filter2D(pixels, -1, kernel / kernel.sum()), dtype=np.uint8)


def noise(rng: np.random.Generator, pixels: Pixels) -> Pixels:
    """Sensor noise, other in every picture; luma mostly, and now and then in every channel."""
    height, width = pixels.shape[:2]
    sigma = np.exp(rng.uniform(np.log(1.0), np.log(20.0)))
    luma = rng.standard_normal((height, width), dtype=np.float32) * np.float32(sigma)
    if rng.random() < 0.3:
        chroma = rng.standard_normal((height // 2, width // 2, 3), dtype=np.float32) * np.float32(sigma)
        grain = cv2.resize(chroma, (width, height), interpolation=cv2.INTER_NEAREST) + luma[..., None]
    else:
        grain = cv2.merge([luma] * 3)
    return np.asarray(cv2.add(pixels, grain, dtype=cv2.CV_8U), dtype=np.uint8)


def compress(rng: np.random.Generator, pixels: Pixels) -> Pixels:
    """There and back through JPEG."""
    quality = int(rng.integers(22, 92))
    _, encoded = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.asarray(cv2.imdecode(encoded, cv2.IMREAD_COLOR), dtype=np.uint8)


def infrared(rng: np.random.Generator, pixels: Pixels) -> Pixels:
    """Monochrome as from an infrared night mode: vegetation bright, a random mix of the channels."""
    mix = rng.dirichlet([1.5, 2.5, 1.5]).astype(np.float32)
    grey = cv2.transform(pixels, mix[None])
    return np.asarray(cv2.merge([grey] * 3), dtype=np.uint8)


def relight(rng: np.random.Generator, pixels: Pixels, strength: float) -> Pixels:
    """Draw another light and weather for a picture.

    Args:
        rng: Source of chance.
        pixels: (H, W, 3); not changed.
        strength: 1 for single pictures, less for real pairs, whose light differs already.
    """
    if rng.random() < 0.4 * strength:
        pixels = remap_local_contrast(rng, pixels)
    if rng.random() < 0.85:
        pixels = tone(rng, pixels, strength)
    if rng.random() < 0.2 * strength:
        pixels = shadow(rng, pixels)
    if rng.random() < 0.22 * strength:
        pixels = night(rng, pixels)
    elif rng.random() < 0.05:
        pixels = lamps(rng, pixels, int(rng.integers(1, 5)))
    if rng.random() < 0.08:
        pixels = fog(rng, pixels)
    if rng.random() < 0.06:
        pixels = precipitation(rng, pixels)
    if rng.random() < 0.2:
        pixels = infrared(rng, pixels)
    return pixels


def degrade(rng: np.random.Generator, pixels: Pixels) -> Pixels:
    """What lens and sensor add, before the sensor's own marks."""
    if rng.random() < 0.2:
        pixels = blur(rng, pixels)
    if rng.random() < 0.5:
        pixels = noise(rng, pixels)
    return pixels


def _look_up(pixels: Pixels, table: NDArray[np.floating]) -> Pixels:
    full = np.broadcast_to(np.clip(table, 0, 255).astype(np.uint8), (256, 3))
    return np.asarray(cv2.LUT(pixels, np.ascontiguousarray(full[None])), dtype=np.uint8)
