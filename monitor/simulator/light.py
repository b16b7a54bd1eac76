"""Light of one moment: sun, dusk, night, lamps and windows, as tables indexed by surface and emitter ids."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from monitor.simulator.materials import WINDOW_EMITTERS
from monitor.simulator.seeds import unit_hash
from monitor.simulator.surfaces import (
    EMITTER_ALWAYS,
    EMITTER_HEADLIGHT,
    EMITTER_LAMP,
    EMITTER_TAILLIGHT,
    FOLIAGE,
    GROUND,
    SHADOW_BIT,
    TOP,
    WALL_FIRST,
    WALL_OCTANTS,
    WATER,
    wall_normal,
)
from monitor.simulator.weather import Weather

FULL_LIGHT = 128
"""The table entry that leaves a colour as it was drawn."""

_LATITUDE_DEG = 50.0
_SUNLIT = (*range(WALL_FIRST, WALL_FIRST + WALL_OCTANTS), GROUND, TOP, FOLIAGE, WATER)
_INFRARED_BELOW_DEG = -3.0

Table = NDArray[np.uint8]
Vector = NDArray[np.float64]


@dataclass(frozen=True)
class Light:
    """The light of one moment.

    `surface_table`, `emitter_table`, `sky_table`: (256, 1, 3) RGB; the first is in 1/128 of the drawn
    colour. `sun` (3,) points to the sun in the scene's axes, None when it casts no shadows.
    `lamps`, `darkness`: 0 to 1. `haze_colour`, `cloud_colour`: RGB.
    """

    surface_table: Table
    emitter_table: Table
    sky_table: Table
    sun: Vector | None
    lamps: float
    darkness: float
    haze_colour: tuple[float, float, float]
    cloud_colour: tuple[float, float, float]
    infrared: bool


def sun_position(at: datetime) -> tuple[float, float]:
    """Elevation and azimuth (clockwise from north) of the sun in degrees; UTC is the local solar time."""
    day = at.timetuple().tm_yday
    hour = at.hour + at.minute / 60 + at.second / 3600 + at.microsecond / 3.6e9
    declination = math.radians(-23.44 * math.cos(2 * math.pi * (day + 10) / 365.25))
    latitude, hour_angle = math.radians(_LATITUDE_DEG), math.radians(15 * (hour - 12))
    sine = math.sin(latitude) * math.sin(declination)
    sine += math.cos(latitude) * math.cos(declination) * math.cos(hour_angle)
    elevation = math.asin(max(-1.0, min(1.0, sine)))
    east = -math.cos(declination) * math.sin(hour_angle)
    north = math.sin(declination) * math.cos(latitude)
    north -= math.cos(declination) * math.cos(hour_angle) * math.sin(latitude)
    return math.degrees(elevation), math.degrees(math.atan2(east, north)) % 360


def light_at(
    at: datetime, weather: Weather, heading_deg: float, *, indoor: bool, infrared_camera: bool
) -> Light:
    """The light in a scene whose +Y axis points to `heading_deg`."""
    elevation_deg, azimuth_deg = sun_position(at)
    day = _smoothstep(-9, 4, elevation_deg)  # the camera's exposure makes up for much of the dusk
    dusk = math.exp(-(((elevation_deg - 0.5) / 5) ** 2)) * (1 - 0.8 * weather.clouds)
    angle, rise = math.radians(azimuth_deg - heading_deg), math.radians(elevation_deg)
    sun = np.array([math.sin(angle) * math.cos(rise), math.cos(angle) * math.cos(rise), math.sin(rise)])
    shine = _smoothstep(-0.5, 10, elevation_deg) * max(0.0, 1 - 1.15 * weather.clouds)
    warm = 1 - _smoothstep(0, 28, elevation_deg)
    sun_colour = np.array([1.0, 0.95 - 0.25 * warm, 0.86 - 0.42 * warm]) * 0.85 * shine
    night = np.array([0.30, 0.31, 0.37])
    daylight = np.array([0.50, 0.53, 0.58]) + weather.clouds * np.array([0.24, 0.23, 0.2])
    ambient = night + (daylight - night) * day + dusk * np.array([0.09, 0.04, 0.06])
    if weather.rain:
        ambient = ambient * (1 - 0.1 * weather.rain * day)
    lamps = 0.0 if indoor else 1 - _smoothstep(-5, 1.5, elevation_deg)
    working = 6 <= at.hour < 21
    if indoor:
        lamps = 0.5 if working else 0.3
        table = _indoor_table(0.36 + 0.3 * day if working else 0.2 + 0.3 * day)
    else:
        table = _outdoor_table(ambient, sun_colour, sun, weather)
    infrared = infrared_camera and (elevation_deg < _INFRARED_BELOW_DEG if not indoor else not working)
    return Light(
        surface_table=table,
        emitter_table=_emitters(at, lamps, 1 - day, indoor),
        sky_table=_sky(day, dusk, weather.clouds),
        sun=sun if shine > 0.06 and not indoor else None,
        lamps=lamps,
        darkness=1 - day,
        haze_colour=_triple(np.array([196.0, 206, 216]) * (0.1 + 0.86 * day) + dusk * np.array([30, 8, -6])),
        cloud_colour=_triple(
            np.array([232.0, 234, 238]) * (0.09 + 0.88 * day) * (1 - 0.25 * weather.clouds)
            + dusk * np.array([50, 8, 0])
        ),
        infrared=infrared,
    )


def _outdoor_table(ambient: Vector, sun_colour: Vector, sun: Vector, weather: Weather) -> Table:
    table = np.zeros((256, 3))
    for surface in _SUNLIT:
        if surface in (GROUND, TOP, WATER):
            facing, openness = max(0.0, float(sun[2])), 1.0
        elif surface == FOLIAGE:
            facing, openness = 0.45 + 0.3 * max(0.0, float(sun[2])), 0.95
        else:
            normal_x, normal_y = wall_normal(surface)
            facing, openness = max(0.0, float(sun[0] * normal_x + sun[1] * normal_y)), 0.82
            openness *= 1 + 0.06 * normal_x
        table[surface] = ambient * openness + sun_colour * facing
        table[surface + SHADOW_BIT] = ambient * openness * 0.96
    if weather.rain:
        for surface in (GROUND, GROUND + SHADOW_BIT):
            table[surface] *= 1 - 0.22 * min(1.0, weather.rain * 1.5)
    if weather.snow:
        for surface in (GROUND, TOP, GROUND + SHADOW_BIT, FOLIAGE):
            table[surface] *= 1 + 0.3 * weather.snow
    return _as_table(table * FULL_LIGHT)


def _indoor_table(level: float) -> Table:
    table = np.zeros((256, 3))
    for surface in _SUNLIT:
        shade = 1.0
        if WALL_FIRST <= surface < WALL_FIRST + WALL_OCTANTS:
            shade = 0.84 + 0.1 * wall_normal(surface)[0]
        table[surface] = table[surface + SHADOW_BIT] = level * shade
    return _as_table(table * FULL_LIGHT)


def _emitters(at: datetime, lamps: float, darkness: float, indoor: bool) -> Table:
    table = np.zeros((256, 3))
    table[EMITTER_LAMP] = np.array([255, 232, 180]) * lamps
    table[EMITTER_HEADLIGHT] = np.array([255, 250, 230]) * _smoothstep(0.25, 0.6, darkness)
    table[EMITTER_TAILLIGHT] = np.array([225, 26, 22]) * _smoothstep(0.25, 0.6, darkness)
    table[EMITTER_ALWAYS] = 240 * (lamps if indoor else 1)
    hour = at.hour + at.minute / 60
    for window in WINDOW_EMITTERS:
        used, until, from_hour = (unit_hash(window, salt) for salt in (1, 2, 3))
        evening = (hour >= 15 and hour < 20.5 + 4.5 * until) or hour < 20.5 + 4.5 * until - 24
        morning = 5 + 2 * from_hour <= hour < 9 and used < 0.3
        if used < 0.62 and (evening or morning):
            tone = unit_hash(window, 4)
            table[window] = (
                np.array([215, 178 + 25 * tone, 112 + 80 * tone]) * (0.55 + 0.45 * until) * darkness
            )
    return _as_table(table)


def _sky(day: float, dusk: float, clouds: float) -> Table:
    height = np.linspace(0, 1, 256)[:, None] ** 0.7
    clear = np.array([204.0, 218, 232]) * (1 - height) + np.array([88.0, 136, 202]) * height
    grey = np.array([196.0, 200, 206]) * (1 - height) + np.array([158.0, 164, 174]) * height
    light = clear * (1 - clouds) + grey * clouds
    dark = np.array([34.0, 31, 36]) * (1 - height) + np.array([9.0, 11, 22]) * height
    glow = np.array([226.0, 138, 84]) * (1 - height) ** 2 + np.array([64.0, 58, 98]) * height
    sky = dark * (1 - day) + light * day
    share = min(0.75, 0.85 * dusk)
    return _as_table(sky * (1 - share) + glow * share)


def _as_table(values: NDArray[np.float64]) -> Table:
    return np.clip(np.round(values), 0, 255).astype(np.uint8).reshape(256, 1, 3)


def _triple(values: NDArray[np.float64]) -> tuple[float, float, float]:
    red, green, blue = np.clip(values, 0, 255)
    return float(red), float(green), float(blue)


def _smoothstep(low: float, high: float, value: float) -> float:
    part = min(1.0, max(0.0, (value - low) / (high - low)))
    return part * part * (3 - 2 * part)
