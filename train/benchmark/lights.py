"""The light of a pair, from what the manifest says of its pictures."""

from __future__ import annotations

from train.data.manifest import Picture

UNKNOWN = "any"
LIGHTS = {
    "day": "day",
    "night": "night",
    "ir": "ir",
    "infrared": "ir",
    "fog": "fog",
    "snow": "snow",
}
"""Condition, word for word, to light. A text that tells several conditions of a whole camera (`fog/cloud/sun`,
`time/weather/season`, `empty to crowded beach, one day`) says nothing of the single picture."""


def light_of(one: Picture, other: Picture) -> str:
    """Both lights in alphabetical order, such as `day-night`; `any` where that of either is unknown."""
    lights = sorted(LIGHTS.get(picture.condition.strip().lower(), UNKNOWN) for picture in (one, other))
    return UNKNOWN if UNKNOWN in lights else "-".join(lights)
