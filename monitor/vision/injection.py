"""Faults put into recorded frames, to see whether they would have been found.

A move needs something to move into: the whole recording is looked at through a window of its middle part, and a moved
frame through the displaced window, so that real content comes in at the borders, as it does when a camera is knocked.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np

from monitor.domain.displacement import Displacement
from monitor.domain.errors import MonitorError
from monitor.domain.frame import Pixels
from monitor.domain.orientation import Orientation, turn
from monitor.vision.transform import SimilarityTransform

WINDOW = 0.75
"""Share of width and height that the window shows."""


class InvalidInjection(MonitorError):
    """A fault to inject is not written as it must be."""


@dataclass(frozen=True, slots=True)
class Injection:
    """A fault: a turn, a displacement, or a covered or defocused lens.

    Attributes:
        orientation: How the frame is turned.
        displacement: How its content is displaced.
        cover: Whether something stands before the lens.
        defocus: Blur in pixels of a picture 320 wide.
    """

    orientation: Orientation = Orientation.UPRIGHT
    displacement: Displacement = field(default_factory=Displacement)
    cover: bool = False
    defocus: float = 0.0

    @classmethod
    def parse(cls, text: str) -> Injection:
        """Read `flip`, `mirror`, `rotate_90`, `rotate_270`, `cover`, `defocus` or `move:DX,DY[,ROLL[,ZOOM]]`.

        DX and DY are fractions of the view, ROLL is in degrees.

        Raises:
            InvalidInjection: It is none of these.
        """
        turns = {
            "flip": Orientation.ROTATED_180,
            "mirror": Orientation.MIRRORED,
            "rotate_90": Orientation.ROTATED_90,
            "rotate_270": Orientation.ROTATED_270,
        }
        kind, _, arguments = text.partition(":")
        if kind in turns and not arguments:
            return cls(orientation=turns[kind])
        if kind == "cover" and not arguments:
            return cls(cover=True)
        if kind == "defocus" and not arguments:
            return cls(defocus=5.0)
        if kind == "move":
            try:
                values = [float(part) for part in arguments.split(",")]
                dx, dy, roll_deg, zoom = [*values, *(0.0, 0.0, 0.0, 1.0)[len(values) :]][:4]
                if len(values) <= 4 and abs(dx) < 1 and abs(dy) < 1 and 0.2 < zoom < 5:
                    return cls(displacement=Displacement(dx, dy, roll_deg, zoom))
            except ValueError:
                pass
        raise InvalidInjection(
            f"There is no fault {text!r} to inject.",
            "Use flip, mirror, rotate_90, rotate_270, cover, defocus, or move:DX,DY[,ROLL[,ZOOM]] with fractions "
            "of the view, as in move:0.05,0.",
        )


NOTHING = Injection()


def inject(pixels: Pixels, injection: Injection = NOTHING) -> Pixels:
    """The window onto a picture (H, W, 3), with the fault; `NOTHING` gives the plain window."""
    height, width = pixels.shape[:2]
    out_width, out_height = round(width * WINDOW), round(height * WINDOW)
    move = SimilarityTransform.of(injection.displacement, out_width, out_height)
    # From whole-picture pixels to window pixels: about the centres of both.
    centre = np.array([[1, 0, -(width - 1) / 2], [0, 1, -(height - 1) / 2], [0, 0, 1]])
    linear = np.array([[move.a, move.b, move.tx], [-move.b, move.a, move.ty], [0, 0, 1]])
    back = np.array([[1, 0, (out_width - 1) / 2], [0, 1, (out_height - 1) / 2], [0, 0, 1]])
    matrix = (back @ linear @ centre)[:2]
    seen = cv2.warpAffine(
        pixels, matrix, (out_width, out_height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT
    )
    if injection.cover:
        seen = np.clip(seen.astype(np.float32) * 0.05 + 60, 0, 255).astype(np.uint8)
    if injection.defocus:
        seen = cv2.GaussianBlur(seen, (0, 0), injection.defocus * out_width / 320)
    return turn(np.asarray(seen, np.uint8), injection.orientation)
