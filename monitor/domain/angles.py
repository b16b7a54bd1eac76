"""From a shift in the picture to the angle by which the camera was turned, where its field of view is known."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from enum import StrEnum

from monitor.domain.displacement import Displacement


class Lens(StrEnum):
    """How a lens maps angles to the picture; a model, which real lenses follow more or less."""

    RECTILINEAR = "rectilinear"
    FISHEYE = "fisheye"


@dataclass(frozen=True, slots=True)
class FieldOfView:
    """What a camera sees, in degrees, at the zoom that its references show.

    Attributes:
        horizontal_deg: From the left edge of the picture to the right one, or None where only the other is known.
        vertical_deg: From the top edge to the bottom one, or None likewise; at least one of the two.
        lens: Straight lines stay straight (`rectilinear`), or equal angles take equal parts of the picture (`fisheye`).
    """

    horizontal_deg: float | None = None
    vertical_deg: float | None = None
    lens: Lens = Lens.RECTILINEAR

    def focal_lengths(self, aspect: float) -> tuple[float, float]:
        """The focal length as a fraction of the picture's width, and as one of its height.

        A rectilinear lens (pinhole: Hartley and Zisserman, Multiple View Geometry, 2004, section 6.1) has its edge at
        f tan(field / 2), an equidistant fisheye (Kannala and Brandt 2006, section 2) at f field / 2. Where one of the
        fields is unknown, pixels are taken to be square.

        Args:
            aspect: Width over height of the picture.

        Raises:
            ValueError: Neither field is known.
        """
        if self.horizontal_deg is None and self.vertical_deg is None:
            raise ValueError("A field of view is known in at least one direction.")
        across = None if self.horizontal_deg is None else self._focal_length(self.horizontal_deg)
        upright = None if self.vertical_deg is None else self._focal_length(self.vertical_deg)
        if across is None and upright is not None:
            across = upright / aspect
        if upright is None and across is not None:
            upright = across * aspect
        assert across is not None and upright is not None, "one is derived from the other"  # noqa: PT018
        return across, upright

    def _focal_length(self, field_deg: float) -> float:
        half = math.radians(field_deg) / 2
        return 0.5 / (math.tan(half) if self.lens is Lens.RECTILINEAR else half)


def turn_back_deg(displacement: Displacement, field: FieldOfView, aspect: float) -> tuple[float, float]:
    """By how many degrees the camera must be turned right and down to bring the reference's centre back to its own.

    The shift is taken as that of the content in the middle of the picture. Two things follow. A rectilinear lens
    shows more shift towards the edges, and where the move is small all of the picture has had its say: with 60°
    across the angle comes out up to 10 % too large, with 90° up to 30 %; the next check says what is left. And the
    axes are the camera's own: on a mount that looks steeply down, panning about the mount's axis takes more.

    Args:
        displacement: Of the content, against the reference.
        field: Of the camera.
        aspect: Width over height of the reference.

    Returns:
        Degrees to the right and degrees down; negative is left and up.
    """
    across, upright = field.focal_lengths(aspect)
    # A frame that is zoomed in was seen with a longer focal length than the reference.
    x, y = displacement.dx / (across * displacement.zoom), displacement.dy / (upright * displacement.zoom)
    if field.lens is Lens.FISHEYE:
        off_axis = math.hypot(x, y)
        scale = math.sin(off_axis) / off_axis if off_axis > 0 else 1.0
        x, y, depth = x * scale, y * scale, math.cos(off_axis)
    else:
        depth = 1.0
    return math.degrees(math.atan2(x, depth)), math.degrees(math.atan2(y, math.hypot(x, depth)))


def in_degrees(displacement: Displacement, field: FieldOfView | None, aspect: float) -> Displacement:
    """The displacement with its angles; itself where the field of view is unknown."""
    if field is None:
        return displacement
    pan_deg, tilt_deg = turn_back_deg(displacement, field, aspect)
    return replace(displacement, pan_deg=pan_deg, tilt_deg=tilt_deg)
