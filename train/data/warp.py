"""Known displacements: drawing them, applying them to pictures, and saying where each grid cell went.

Conventions are those of `monitor.domain.displacement`: dx and dy are fractions of the view's width and height,
positive right and down; roll is counter-clockwise positive as seen on the screen; zoom above 1 is larger content.
All four describe the content of the *frame* against the reference, about the view's centre.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Warp:
    """A displacement, with a mild perspective that leaves the view's centre (and the four numbers there) as it is."""

    dx: float = 0.0
    dy: float = 0.0
    roll_deg: float = 0.0
    zoom: float = 1.0
    perspective_x: float = 0.0
    perspective_y: float = 0.0

    def scaled(self, factor: float) -> Warp:
        """The same kind of displacement, smaller or larger."""
        return Warp(
            self.dx * factor,
            self.dy * factor,
            self.roll_deg * factor,
            self.zoom**factor,
            self.perspective_x * factor,
            self.perspective_y * factor,
        )

    def target(self) -> NDArray[np.float32]:
        """(4,) dx, dy, roll in degrees, log zoom: what the network regresses."""
        return np.array([self.dx, self.dy, self.roll_deg, math.log(self.zoom)], dtype=np.float32)

    def matrix(self, width: float, height: float) -> Matrix:
        """3x3 from reference to frame coordinates, both measured on a view of `width` by `height`."""
        angle = math.radians(self.roll_deg)
        cosine, sine = self.zoom * math.cos(angle), self.zoom * math.sin(angle)
        # The y axis points down, so turning counter-clockwise on the screen carries (1, 0) to (cos, -sin).
        move = np.array(
            [[cosine, sine, self.dx * width], [-sine, cosine, self.dy * height], [0.0, 0.0, 1.0]],
            dtype=np.float64,
        )
        tilt = np.array(
            [[1, 0, 0], [0, 1, 0], [self.perspective_x / width, self.perspective_y / height, 1]],
            dtype=np.float64,
        )
        return _shift(width / 2, height / 2) @ move @ tilt @ _shift(-width / 2, -height / 2)

    def cell_matrix(self, aspect: float) -> Matrix:
        """3x3 from reference to frame in fractions of the view, for a view of that width-to-height ratio."""
        to_fractions = np.diag([1 / aspect, 1.0, 1.0])
        return to_fractions @ self.matrix(aspect, 1.0) @ np.linalg.inv(to_fractions)


@dataclass(frozen=True, slots=True)
class Crop:
    """The part of a base picture that the reference shows, in pixels of the base picture; continuous edges."""

    centre_x: float
    centre_y: float
    width: float
    aspect: float

    def matrix(self, canvas_width: int, canvas_height: int) -> Matrix:
        """3x3 from base pixels to the canvas on which the reference is drawn."""
        scale = np.diag([canvas_width / self.width, canvas_height / (self.width / self.aspect), 1.0])
        return _shift(canvas_width / 2, canvas_height / 2) @ scale @ _shift(-self.centre_x, -self.centre_y)

    def holds(self, warp: Warp, base_width: int, base_height: int, slack: float = 1.0) -> bool:
        """Whether a frame displaced so sees real content everywhere."""
        width, height = self.width, self.width / self.aspect
        corners = np.array([[0, 0, 1], [width, 0, 1], [0, height, 1], [width, height, 1]], dtype=np.float64).T
        seen = np.linalg.inv(warp.matrix(width, height)) @ corners
        x = seen[0] / seen[2] + self.centre_x - width / 2
        y = seen[1] / seen[2] + self.centre_y - height / 2
        return bool(
            x.min() >= -slack
            and y.min() >= -slack
            and x.max() <= base_width + slack
            and y.max() <= base_height + slack
            and seen[2].min() > 0
        )


def draw_crop(rng: np.random.Generator, base_width: int, base_height: int) -> Crop:
    """A reference crop with room around it for displaced frames to see real content."""
    aspect = float(rng.choice([4 / 3, 16 / 9, rng.uniform(1.1, 1.9)]))
    largest = min(base_width, base_height * aspect)
    width = largest * rng.uniform(0.55, 0.92)
    height = width / aspect
    # Two draws averaged: crops near the middle leave room on all sides.
    x, y = (rng.uniform(0, 1, 2) + rng.uniform(0, 1, 2)) / 2
    return Crop(
        width / 2 + x * (base_width - width),
        height / 2 + y * (base_height - height),
        float(width),
        float(aspect),
    )


def cut(
    base: NDArray[np.uint8], crop: Crop, warp: Warp, canvas: tuple[int, int], interpolation: int
) -> NDArray[np.uint8]:
    """What a camera displaced by `warp` sees of the base picture, on a canvas of (width, height)."""
    width, height = canvas
    transform = warp.matrix(width, height) @ crop.matrix(width, height)
    # cv2 counts from pixel centres, the matrices from pixel edges.
    transform = _shift(-0.5, -0.5) @ transform @ _shift(0.5, 0.5)
    drawn = cv2.warpPerspective(base, transform, canvas, flags=interpolation, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(drawn, dtype=np.uint8)


def draw_jitter(rng: np.random.Generator) -> Warp:
    """What still counts as the same view: within 0.4 %, seldom 0.6 %, hardly turned or zoomed."""
    reach = 0.006 if rng.random() < 0.2 else 0.004
    if rng.random() < 0.25:
        return Warp()
    dx, dy = rng.uniform(-reach, reach, 2)
    return Warp(dx, dy, rng.uniform(-0.25, 0.25), math.exp(rng.uniform(-0.004, 0.004)))


MOVE_KINDS = ("shift", "roll", "zoom", "mixed")
MOVE_SHARES = (0.24, 0.22, 0.22, 0.32)


def draw_move(rng: np.random.Generator, kind: str) -> Warp:
    """A real move of one of `MOVE_KINDS`; magnitudes log-uniform, so that small ones are common."""
    shift = _log_uniform(rng, 0.013, 0.25)
    direction = rng.uniform(0, 2 * math.pi)
    dx, dy = shift * math.cos(direction), shift * math.sin(direction)
    roll = _log_uniform(rng, 0.7, 12.0) * rng.choice([-1, 1])
    zoom = math.exp(_log_uniform(rng, 0.014, 0.3) * rng.choice([-1, 1]))
    jitter = draw_jitter(rng)
    if kind == "shift":
        return Warp(dx, dy, jitter.roll_deg, jitter.zoom)
    if kind == "roll":
        return Warp(jitter.dx, jitter.dy, roll, jitter.zoom)
    if kind == "zoom":
        return Warp(jitter.dx, jitter.dy, jitter.roll_deg, zoom)
    tilt_x, tilt_y = rng.uniform(-0.06, 0.06, 2) if rng.random() < 0.3 else (0.0, 0.0)
    return Warp(dx, dy, roll * rng.uniform(0.3, 1.0), zoom ** rng.uniform(0.3, 1.0), tilt_x, tilt_y)


def fit_move(
    rng: np.random.Generator, crop: Crop, base_width: int, base_height: int, tries: int = 12
) -> Warp:
    """A move whose frame still shows real content at every border; shrunk only when nothing else fits.

    The kind is drawn once: drawing it anew after each misfit would leave hardly any turned or zoomed frames.
    """
    kind = str(rng.choice(MOVE_KINDS, p=MOVE_SHARES))
    warp = draw_move(rng, kind)
    for _ in range(tries):
        if crop.holds(warp, base_width, base_height):
            return warp
        warp = draw_move(rng, kind)
    while not crop.holds(warp, base_width, base_height) and warp.target().any():
        warp = warp.scaled(0.6)
        if abs(warp.dx) + abs(warp.dy) + abs(warp.roll_deg) < 1e-4:
            return Warp()
    return warp


def relation_of(warp: Warp) -> int | None:
    """0 for same, 1 for moved, None in the band between, where neither answer is wrong."""
    shift = math.hypot(warp.dx, warp.dy)
    roll, zoom = abs(warp.roll_deg), abs(math.log(warp.zoom))
    if shift <= 0.007 and roll <= 0.35 and zoom <= 0.007:
        return 0
    if shift >= 0.0125 or roll >= 0.65 or zoom >= 0.0125:
        return 1
    return None


def _log_uniform(rng: np.random.Generator, low: float, high: float) -> float:
    return math.exp(rng.uniform(math.log(low), math.log(high)))


def _shift(x: float, y: float) -> Matrix:
    return np.array([[1.0, 0.0, x], [0.0, 1.0, y], [0.0, 0.0, 1.0]])
