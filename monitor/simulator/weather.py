"""Weather: spells of rain, snow and fog over a sky whose clouds come and go."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import cv2
import numpy as np
from numpy.typing import NDArray

from monitor.simulator.seeds import stable_seed, unit_hash

WEATHER_KINDS = ("rain", "snow", "fog", "overcast")
_RAMP_S = 900.0


@dataclass(frozen=True)
class WeatherSpell:
    """A stretch of weather from `start` to `end` (aware); `strength` 0 to 1 after a ramp of 15 minutes."""

    kind: str
    start: datetime
    end: datetime
    strength: float = 0.6

    def strength_at(self, at: datetime) -> float:
        """How strong the spell is at a moment, 0 outside it."""
        inside_s = min((at - self.start).total_seconds(), (self.end - at).total_seconds())
        return self.strength * float(np.clip(inside_s / _RAMP_S, 0, 1))


@dataclass(frozen=True)
class Weather:
    """The weather of one moment, each 0 (none) to 1 (heavy); `clouds` 1 hides the sun."""

    clouds: float = 0.2
    rain: float = 0.0
    snow: float = 0.0
    fog: float = 0.0


def weather_at(spells: Sequence[WeatherSpell], at: datetime, seed: int) -> Weather:
    """The weather of a moment: the strongest spell of each kind, over clouds that drift in and out."""
    strength = dict.fromkeys(WEATHER_KINDS, 0.0)
    for spell in spells:
        strength[spell.kind] = max(strength[spell.kind], spell.strength_at(at))
    drift = _smooth_noise(at.timestamp() / 2400, seed) * 0.75
    clouds = max(drift, strength["overcast"], *(min(1.0, 2.5 * strength[k]) for k in ("rain", "snow", "fog")))
    return Weather(clouds, strength["rain"], strength["snow"], strength["fog"])


def _smooth_noise(position: float, seed: int) -> float:
    """Value noise in 0 to 1, smooth in `position`."""
    before = math.floor(position)
    part = position - before
    part = part * part * (3 - 2 * part)
    key = stable_seed("clouds", seed)
    return unit_hash(key, before) * (1 - part) + unit_hash(key, before + 1) * part


def draw_falling(
    frame: NDArray[np.uint8], weather: Weather, brightness: float, rng: np.random.Generator
) -> NDArray[np.uint8]:
    """Rain streaks or snow flakes over a frame (H, W, 3); new ones in each frame, as they fall fast."""
    if weather.rain < 0.02 and weather.snow < 0.02:
        return frame
    height, width = frame.shape[:2]
    layer = np.zeros((height, width), np.uint8)
    scale = width / 640
    if weather.rain >= 0.02:
        count = int(380 * weather.rain)
        starts = rng.uniform((-20, -30), (width, height), (count, 2))
        lengths = rng.uniform(7, 22, count) * scale
        slant = float(rng.uniform(-0.06, 0.16))
        ends = starts + np.column_stack([lengths * slant, lengths])
        lines = np.round(np.stack([starts, ends], axis=1) * 16).astype(np.int32)
        cv2.polylines(layer, list(lines), False, (110,), 1, cv2.LINE_AA, 4)
    if weather.snow >= 0.02:
        count = int(300 * weather.snow)
        centres = np.round(rng.uniform((0, 0), (width, height), (count, 2)) * 16).astype(int)
        radii = np.round(rng.gamma(2.0, 0.6, count) * scale * 16 + 8).astype(int)
        for (x, y), radius in zip(centres.tolist(), np.minimum(radii, 80).tolist(), strict=True):
            cv2.circle(layer, (x, y), radius, (230,), -1, cv2.LINE_AA, 4)
    fall = cv2.convertScaleAbs(layer, alpha=0.2 + 0.35 * brightness)
    return np.asarray(cv2.add(frame, cv2.merge([fall, fall, fall])), np.uint8)
