"""What is done to the picture at the lens, on the sensor and in the camera's electronics."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np

from monitor.simulator.events import CameraState
from monitor.simulator.materials import Pixels, noise_tile
from monitor.simulator.seeds import generator

_PATTERN_DEVIATION = 32.0


def before_sensor(frame: Pixels, state: CameraState, darkness: float, seed: int) -> Pixels:
    """Apply what happens to the light: defocus, a covered lens, too little or too much exposure."""
    if state.defocused:
        frame = _defocused(frame, state.defocused)
    if state.covered:
        frame = _covered(frame, state.covered, darkness, seed)
    if state.darkened:
        frame = np.asarray(cv2.convertScaleAbs(frame, alpha=1 - state.darkened), np.uint8)
    if state.overexposed:
        gain, lift = 1 + 5 * state.overexposed, 60 * state.overexposed
        frame = np.asarray(cv2.convertScaleAbs(frame, alpha=gain, beta=lift), np.uint8)
    return frame


def oriented(frame: Pixels, orientation: str, keep_size: bool) -> Pixels:
    """Turn the picture as a camera mounted that way delivers it; 90 and 270 are counter-clockwise.

    A quarter turn exchanges width and height unless `keep_size`, where the pose has turned already.
    """
    if orientation == "flipped_180":
        return np.asarray(cv2.rotate(frame, cv2.ROTATE_180), np.uint8)
    if orientation == "mirrored":
        return np.asarray(cv2.flip(frame, 1), np.uint8)
    if orientation == "rotated_90" and not keep_size:
        return np.asarray(cv2.rotate(frame, cv2.ROTATE_90_COUNTERCLOCKWISE), np.uint8)
    if orientation == "rotated_270" and not keep_size:
        return np.asarray(cv2.rotate(frame, cv2.ROTATE_90_CLOCKWISE), np.uint8)
    return frame


def with_sensor_noise(frame: Pixels, deviation: float, rng: np.random.Generator) -> Pixels:
    """Add new noise of this deviation in grey levels, grain of about one pixel."""
    if deviation <= 0:
        return frame
    height, width = frame.shape[:2]
    pattern = _noise_pattern()
    row, column = (int(rng.integers(0, 256)) for _ in range(2))
    reach_y, reach_x = -(-(row + height) // pattern.shape[0]), -(-(column + width) // pattern.shape[1])
    if reach_y > 1 or reach_x > 1:
        pattern = np.tile(pattern, (reach_y, reach_x, 1))
    noise = pattern[row : row + height, column : column + width]
    share = deviation / _PATTERN_DEVIATION
    return np.asarray(cv2.addWeighted(frame, 1.0, noise, share, -128 * share), np.uint8)


@lru_cache(maxsize=1)
def _noise_pattern() -> Pixels:
    rng = generator("sensor noise")
    noise = rng.standard_normal((1024, 1280, 1)) * 0.85 + rng.standard_normal((1024, 1280, 3)) * 0.5
    return np.clip(128 + _PATTERN_DEVIATION * noise, 0, 255).astype(np.uint8)


def _defocused(frame: Pixels, strength: float) -> Pixels:
    height, width = frame.shape[:2]
    small = cv2.resize(frame, (width // 4, height // 4), interpolation=cv2.INTER_AREA)
    soft = cv2.GaussianBlur(small, (0, 0), 0.4 + strength * width / 4 * 0.02)
    return np.asarray(cv2.resize(soft, (width, height), interpolation=cv2.INTER_LINEAR), np.uint8)


def _covered(frame: Pixels, fraction: float, darkness: float, seed: int) -> Pixels:
    """Something out of focus before the lens that hides `fraction` of the area, from one side."""
    height, width = frame.shape[:2]
    rng = generator("cover", seed)
    angle = float(rng.uniform(0, 2 * np.pi))
    small_w, small_h = max(8, width // 8), max(8, height // 8)
    rows, columns = np.mgrid[0:small_h, 0:small_w].astype(np.float32)
    slope = np.cos(angle) * columns / small_w + np.sin(angle) * rows / small_h
    row, column = (int(v) for v in rng.integers(0, 400, 2))
    lumps = cv2.resize(noise_tile(22.0)[row : row + 90, column : column + 110], (small_w, small_h))
    field = (slope + 0.13 * lumps).astype(np.float32)
    edge = float(np.quantile(field, fraction)) if fraction < 1 else float(field.max()) + 1
    alpha = np.clip((edge - field) / 0.05 + 0.5, 0, 1)
    tone = np.array([74.0, 62.0, 52.0]) * rng.uniform(0.6, 1.5) * (1 - 0.75 * darkness)
    fabric = cv2.resize(noise_tile(7.0)[row : row + 60, column : column + 80], (small_w, small_h))
    cover = np.clip(tone + 7 * fabric[..., None], 0, 255).astype(np.uint8)
    weight = cv2.resize(alpha.astype(np.float32), (width, height))
    return np.asarray(
        cv2.blendLinear(cv2.resize(cover, (width, height)), frame, weight, 1 - weight), np.uint8
    )
