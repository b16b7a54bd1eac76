"""How far a camera's picture is displaced, and the image transform that does it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Pose:
    """Displacement of the content in the frame against the unmoved view.

    `dx`, `dy`: fractions of the width and height, positive right and down. `roll_deg`:
    counter-clockwise positive as seen on the screen. `zoom` > 1 makes the content larger. Roll and
    zoom are about the centre of the frame; the shift comes after them.
    """

    dx: float = 0.0
    dy: float = 0.0
    roll_deg: float = 0.0
    zoom: float = 1.0

    def matrix(self, width_px: int, height_px: int) -> NDArray[np.float64]:
        """The transform (3, 3) from pixels of the unmoved view to pixels of the displaced one."""
        centre = np.array([(width_px - 1) / 2, (height_px - 1) / 2])
        cosine, sine = math.cos(math.radians(self.roll_deg)), math.sin(math.radians(self.roll_deg))
        turn = self.zoom * np.array([[cosine, sine], [-sine, cosine]])  # y points down
        shift = centre - turn @ centre + (self.dx * width_px, self.dy * height_px)
        return np.array([[*turn[0], shift[0]], [*turn[1], shift[1]], [0.0, 0.0, 1.0]])
