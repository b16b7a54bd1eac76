"""Honest displacements: a reference cut from one picture, a displaced frame from a later one of the same camera.

Both show the central part of their picture, so that a displaced frame still sees real content at its borders. All
frames, displaced or not, pass through the same resampling; the sensor's marks are pasted afterwards, upright and
alike on reference and frame, and each side is compressed by itself. Nothing but the view tells the kinds apart.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import cv2
import numpy as np

from monitor.domain.displacement import Displacement
from monitor.domain.orientation import Orientation, turn
from monitor.domain.verdict import VerdictKind
from train.benchmark.method import Pixels, Truth
from train.data.marks import Sensor
from train.data.warp import Crop, Warp, cut

Make = Callable[[np.random.Generator, "Couple"], tuple[Pixels, Truth]]
"""Draws a frame of one kind for a couple, without the sensor's part, and says what is true of it."""

CANVAS_WIDTH = 384
REFERENCE_SHARE = 0.74
"""The reference's share of the picture's width: leaves room for a shift of 15 %, or a zoom by 1/1.2."""
JITTER = 0.004
"""Largest dx and dy that are drawn for a camera that stays, fractions of the view."""
JPEG_QUALITY = (60, 92)

SHIFTS = {f"shift {percent} %": percent / 100 for percent in (1, 2, 3, 5, 10, 15)}
"""Kind to length of the shift, fraction of the view; the direction is drawn."""
ROLLS_DEG = {f"roll {degrees}°": float(degrees) for degrees in (1, 2, 3, 5)}
"""Kind to roll; the sense is drawn."""
ZOOMS = {f"zoom {zoom}": zoom for zoom in (1.03, 1.06, 1.1, 1.2)}
"""Kind to zoom; it or its inverse is drawn."""
TURNS = {
    "flip": Orientation.ROTATED_180,
    "mirror": Orientation.MIRRORED,
    "turn 90": Orientation.ROTATED_90,
    "turn 270": Orientation.ROTATED_270,
}
"""Kind to how the scene is turned; a quarter turn delivers a picture with its sides swapped."""


@dataclass(frozen=True, slots=True)
class Couple:
    """A picture, a later one of the same camera, and how both are shown.

    Attributes:
        base: (H, W, 3) RGB; the reference shows its central part.
        after: Later picture of the same camera, of the same size.
        elsewhere: A picture of another view, of any size.
        sensor: Marks of the camera.
    """

    base: Pixels
    after: Pixels
    elsewhere: Pixels
    sensor: Sensor

    @property
    def canvas(self) -> tuple[int, int]:
        """Width and height of reference and frames."""
        height, width = self.base.shape[:2]
        return CANVAS_WIDTH, round(CANVAS_WIDTH * height / width)

    def reference(self, rng: np.random.Generator) -> Pixels:
        """The reference as the camera delivers it."""
        return self.delivered(rng, _central(self.base, self.canvas, Warp()))

    def frame(self, warp: Warp | None = None) -> Pixels:
        """The later view, displaced, without the sensor's part."""
        return _central(self.after, self.canvas, warp or Warp())

    def other_view(self) -> Pixels:
        """The other view, without the sensor's part."""
        return _central(self.elsewhere, self.canvas, Warp())

    def fit(self, warp: Warp) -> Warp:
        """The displacement, shrunk if the picture is too narrow to show real content everywhere under it."""
        height, width = self.after.shape[:2]
        crop = _central_crop(self.after, self.canvas)
        while not crop.holds(warp, width, height):
            warp = warp.scaled(0.9)
        return warp

    def delivered(self, rng: np.random.Generator, pixels: Pixels) -> Pixels:
        """A view as the camera delivers it: marks pasted upright, then compressed."""
        return compress(self.sensor.apply(rng, pixels), int(rng.integers(*JPEG_QUALITY)))


def compress(pixels: Pixels, quality: int) -> Pixels:
    """(H, W, 3) RGB there and back through JPEG."""
    swapped = cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR)
    _, encoded = cv2.imencode(".jpg", swapped, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.asarray(cv2.imdecode(encoded, cv2.IMREAD_COLOR_RGB), np.uint8)


def displacement_of(warp: Warp) -> Displacement:
    """The same in the terms of a verdict; perspective has none."""
    return Displacement(warp.dx, warp.dy, warp.roll_deg, warp.zoom)


STILL = Truth((VerdictKind.OK,), Displacement())
"""Of a view that stayed exactly where it was."""


def same(rng: np.random.Generator, couple: Couple) -> tuple[Pixels, Truth]:
    """The same view at another time."""
    return couple.frame(), STILL


def jittered(rng: np.random.Generator, couple: Couple) -> tuple[Pixels, Truth]:
    """The same view, shaken by up to `JITTER`."""
    dx, dy = rng.uniform(-JITTER, JITTER, 2)
    warp = Warp(float(dx), float(dy))
    return couple.frame(warp), Truth((VerdictKind.OK,), displacement_of(warp))


def displaced(draw: Callable[[np.random.Generator], Warp], *accepted: VerdictKind) -> Make:
    """A kind of move; `accepted` verdicts are right beside `moved`."""

    def make(rng: np.random.Generator, couple: Couple) -> tuple[Pixels, Truth]:
        warp = couple.fit(draw(rng))
        return couple.frame(warp), Truth((VerdictKind.MOVED, *accepted), displacement_of(warp))

    return make


def turned(orientation: Orientation, before: Make = same) -> Make:
    """A kind of turn, of the view that `before` makes."""

    def make(rng: np.random.Generator, couple: Couple) -> tuple[Pixels, Truth]:
        pixels, _ = before(rng, couple)
        return turn(pixels, orientation), Truth((orientation.verdict,))

    return make


def shift(length: float) -> Callable[[np.random.Generator], Warp]:
    """Draws a shift of that length, fraction of the view, in any direction."""

    def draw(rng: np.random.Generator) -> Warp:
        angle = rng.uniform(0, 2 * math.pi)
        return Warp(dx=length * math.cos(angle), dy=length * math.sin(angle))

    return draw


def roll(degrees: float) -> Callable[[np.random.Generator], Warp]:
    """Draws a roll by so many degrees in either sense."""
    return lambda rng: Warp(roll_deg=degrees * _sign(rng))


def zoom(ratio: float) -> Callable[[np.random.Generator], Warp]:
    """Draws a zoom by the ratio or its inverse."""
    return lambda rng: Warp(zoom=ratio ** _sign(rng))


def mixed(rng: np.random.Generator) -> Warp:
    """Draws all at once: shift up to 8 % each way, roll up to 5°, zoom up to 1.1 or down to its inverse."""
    dx, dy = (float(rng.uniform(0.01, 0.08)) * _sign(rng) for _ in range(2))
    return Warp(
        dx, dy, float(rng.uniform(0.5, 5.0)) * _sign(rng), float(rng.uniform(1.01, 1.1)) ** _sign(rng)
    )


MOVES: Mapping[str, Make] = {
    # At the tolerance itself: to report it is right, and so is to let it pass.
    **{
        kind: displaced(shift(length), *((VerdictKind.OK,) if length <= 0.01 else ()))
        for kind, length in SHIFTS.items()
    },
    **{kind: displaced(roll(degrees)) for kind, degrees in ROLLS_DEG.items()},
    **{kind: displaced(zoom(ratio)) for kind, ratio in ZOOMS.items()},
    "mixed": displaced(mixed),
}


def _sign(rng: np.random.Generator) -> float:
    return 1.0 if rng.random() < 0.5 else -1.0


def _central_crop(pixels: Pixels, canvas: tuple[int, int]) -> Crop:
    height, width = pixels.shape[:2]
    aspect = canvas[0] / canvas[1]
    return Crop(width / 2, height / 2, min(width, height * aspect) * REFERENCE_SHARE, aspect)


def _central(pixels: Pixels, canvas: tuple[int, int], warp: Warp) -> Pixels:
    return cut(pixels, _central_crop(pixels, canvas), warp, canvas, cv2.INTER_LINEAR)
