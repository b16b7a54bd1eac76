"""Setting up a camera, and placing things so that nearer ones are drawn over farther ones."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from monitor.simulator.painter import Painter
from monitor.simulator.projection import Array, Pinhole
from monitor.simulator.scene import Lane, Scene
from monitor.simulator.seeds import generator


def rectangle(left_m: float, near_m: float, right_m: float, far_m: float) -> Array:
    """A ground rectangle (4, 2), counter-clockwise seen from above."""
    return np.array([[left_m, near_m], [right_m, near_m], [right_m, far_m], [left_m, far_m]])


def steps_m(start_m: float, stop_m: float, step_m: float) -> list[float]:
    """Evenly spaced positions from `start_m` up to, not including, `stop_m`."""
    return [float(position) for position in np.arange(start_m, stop_m, step_m)]


class Stage:
    """One scene while it is being put together; `rng` decides everything that varies with the seed."""

    def __init__(self, kind: str, seed: int, view_size: tuple[int, int]) -> None:
        self.kind, self.seed, self.view_size = kind, seed, view_size
        self.rng = generator("scene", kind, seed)
        self._waiting: list[tuple[float, int, Callable[[], None]]] = []
        self._painter: Painter | None = None

    def camera(
        self, height_m: float, pitch_deg: float, yaw_deg: float, field_deg: float, *, indoor: bool = False
    ) -> Painter:
        """Put the camera up; `field_deg` is the horizontal field of view of the frame."""
        width, height = self.view_size
        focal_px = width / (2 * math.tan(math.radians(field_deg) / 2))
        pinhole = Pinhole.looking(height_m, pitch_deg, yaw_deg, focal_px, (width / 2, height / 2))
        heading_deg = float(self.rng.uniform(0, 360))
        self._painter = Painter(self.kind, self.seed, self.view_size, pinhole, heading_deg, indoor)
        return self._painter

    @property
    def painter(self) -> Painter:
        """The painter of this scene; `camera` must have been called."""
        assert self._painter is not None, "put the camera up first"
        return self._painter

    def place(self, x_m: float, y_m: float, draw: Callable[[], None]) -> None:
        """Draw a thing that stands at (x, y) when its turn comes."""
        self._waiting.append((-self.painter.distance_m(x_m, y_m), len(self._waiting), draw))

    def lane(
        self,
        points: list[tuple[float, float]],
        traveller: str,
        speed_m_s: float,
        gap_m: float,
        busy: float,
        night_busy: float,
    ) -> None:
        """A path along which `traveller` ('car' or 'person') moves."""
        self.painter.lanes.append(Lane(np.array(points), traveller, speed_m_s, gap_m, busy, night_busy))

    def dashes(
        self, x_m: float, near_m: float, far_m: float, length_m: float, gap_m: float, width_m: float = 0.15
    ) -> None:
        """A broken line along Y."""
        for start in steps_m(near_m, far_m, length_m + gap_m):
            self.painter.marking(rectangle(x_m - width_m / 2, start, x_m + width_m / 2, start + length_m))

    def finish(self) -> Scene:
        """Draw everything that was placed, far to near."""
        for _, _, draw in sorted(self._waiting, key=lambda item: item[:2]):
            draw()
        return self.painter.finish()

    def uniform(self, low: float, high: float) -> float:
        """A number from the scene's own generator."""
        return float(self.rng.uniform(low, high))
