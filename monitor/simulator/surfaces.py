"""The ids that the light is looked up by: one byte a pixel says what a surface faces.

A static or moving thing is drawn once in its own colour; the colour of the light on it is a table
of 256 entries made anew for each moment. That keeps a frame at a few table look-ups.
"""

from __future__ import annotations

import math

SKY = 0
GROUND = 1  # faces up and receives shadows
WALL_FIRST = 2  # ... 9: vertical, facing the eight compass octants of the world frame
WALL_OCTANTS = 8
FOLIAGE = 10
TOP = 11  # faces up, part of a thing: roofs, car tops
WATER = 12
SHADOW_BIT = 32

EMITTER_NONE = 0
EMITTER_LAMP = 1
EMITTER_HEADLIGHT = 2
EMITTER_TAILLIGHT = 3
EMITTER_ALWAYS = 5  # indoor luminaires


def wall_facing(normal_x: float, normal_y: float) -> int:
    """The surface id of a vertical face with this outward normal."""
    octant = round(math.atan2(normal_y, normal_x) / (math.pi / 4)) % WALL_OCTANTS
    return WALL_FIRST + octant


def wall_normal(surface: int) -> tuple[float, float]:
    """The outward normal (x, y) that a wall id stands for."""
    angle = (surface - WALL_FIRST) * math.pi / 4
    return math.cos(angle), math.sin(angle)
