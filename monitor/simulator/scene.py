"""What a drawn scene consists of, and where things in it may cast shadows, shine and move."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from monitor.simulator.projection import Pinhole

MARGIN = 1.8
"""The world canvas is this many times as wide and high as the view, so a moved camera sees real content."""


@dataclass(frozen=True)
class Caster:
    """A convex footprint (N, 2) in metres, standing from `bottom_m` to `top_m`, that casts a shadow."""

    footprint: NDArray[np.float64]
    bottom_m: float
    top_m: float


@dataclass(frozen=True)
class Lamp:
    """A luminaire at (x, y, z) metres; `reach_m` is the radius of its pool of light."""

    position: tuple[float, float, float]
    reach_m: float = 14.0
    colour: tuple[float, float, float] = (1.0, 0.86, 0.62)


@dataclass(frozen=True)
class Lane:
    """A path (N, 2) on the ground along which cars drive or people walk.

    `speed_m_s` is the usual speed, `gap_m` the room that each slot takes, `busy` the share of slots
    used by day; `night_busy` by night.
    """

    path: NDArray[np.float64]
    traveller: str
    speed_m_s: float
    gap_m: float
    busy: float
    night_busy: float


@dataclass(frozen=True)
class Scene:
    """A static world as the camera draws it, larger than its view by MARGIN.

    `albedo` (H, W, 3) colours without light, RGB; `surface` (H, W) ids of `surfaces`; `emitter`
    (H, W) ids of what shines; `depth` (H, W) metres along the optical axis; `lamp_light` (H, W, 3)
    the light of all lamps, 128 = daylight. `view_size` is (width, height) of the frame in pixels.
    """

    kind: str
    seed: int
    view_size: tuple[int, int]
    pinhole: Pinhole
    albedo: NDArray[np.uint8]
    surface: NDArray[np.uint8]
    emitter: NDArray[np.uint8]
    depth: NDArray[np.float32]
    lamp_light: NDArray[np.uint8]
    casters: tuple[Caster, ...]
    lanes: tuple[Lane, ...]
    heading_deg: float
    indoor: bool
