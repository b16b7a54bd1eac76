"""The orientations in which a reference is known, and what each does to a picture."""

from __future__ import annotations

from enum import StrEnum
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from monitor.domain.verdict import VerdictKind

T = TypeVar("T", bound=np.generic)


class Orientation(StrEnum):
    """How a frame is turned against its reference; turns are counter-clockwise as seen on the screen."""

    UPRIGHT = "upright"
    ROTATED_90 = "rotated_90"
    ROTATED_180 = "rotated_180"
    ROTATED_270 = "rotated_270"
    MIRRORED = "mirrored"

    @property
    def verdict(self) -> VerdictKind:
        """The verdict for a frame that matches in this orientation."""
        return _VERDICTS[self]

    @property
    def inverse(self) -> Orientation:
        """The orientation that undoes this one."""
        return {
            Orientation.ROTATED_90: Orientation.ROTATED_270,
            Orientation.ROTATED_270: Orientation.ROTATED_90,
        }.get(self, self)

    @property
    def swaps_sides(self) -> bool:
        """Whether a picture's width and height change places."""
        return self in (Orientation.ROTATED_90, Orientation.ROTATED_270)


_VERDICTS = {
    Orientation.UPRIGHT: VerdictKind.OK,
    Orientation.ROTATED_90: VerdictKind.ROTATED_90,
    Orientation.ROTATED_180: VerdictKind.FLIPPED_180,
    Orientation.ROTATED_270: VerdictKind.ROTATED_270,
    Orientation.MIRRORED: VerdictKind.MIRRORED,
}


def turn(pixels: NDArray[T], orientation: Orientation) -> NDArray[T]:
    """The picture (H, W, ...) as a camera turned that way delivers it; turning back takes `orientation.inverse`."""
    match orientation:
        case Orientation.ROTATED_90:
            turned = np.rot90(pixels, 1)
        case Orientation.ROTATED_180:
            turned = np.rot90(pixels, 2)
        case Orientation.ROTATED_270:
            turned = np.rot90(pixels, 3)
        case Orientation.MIRRORED:
            turned = np.fliplr(pixels)
        case _:
            turned = pixels
    return np.ascontiguousarray(turned)
