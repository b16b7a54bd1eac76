"""One look at a place: its picture in another light, through a slightly displaced window, as a network is fed it."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from monitor.vision.preprocess import InputSpec, prepare
from train.data.augment import degrade, relight
from train.data.manifest import DataError, Picture, read_picture
from train.data.warp import Crop, Warp, cut, draw_crop, draw_jitter

Image = NDArray[np.float32]
Pixels = NDArray[np.uint8]
SMALLEST_SIDE = 8
ROOM = 1.5
"""Pictures are reduced to so much more than the input before anything is done to them: the rest would be lost."""


class Window:
    """The part of a place that all its pictures of one batch show.

    Args:
        rng: Draws the part.
        picture: Says what there is to see.
        spec: The network's input.
        crop: Whether it is a part, as of a view, of which there is more around; things are shown whole.
    """

    def __init__(
        self, rng: np.random.Generator, picture: Picture, spec: InputSpec, crop: bool = True
    ) -> None:
        pixels = _read(picture, spec)
        self.spec = spec
        self._size = (pixels.shape[1], pixels.shape[0])
        width, height = self._size
        self.crop: Crop = draw_crop(rng, width, height)
        if not crop:
            self.crop = Crop(width / 2, height / 2, float(width), width / height)

    def shot(
        self, rng: np.random.Generator, picture: Picture, light: float, roll_deg: float | None = None
    ) -> Image:
        """A picture (3, h, w) of the place through the window.

        Args:
            rng: Draws light and jitter.
            picture: One of the place's.
            light: How much its light is changed, 0–1.
            roll_deg: How far it is turned about the window's centre; the jitter within the tolerance when None.

        Raises:
            DataError: The picture cannot be read.
        """
        pixels = _read(picture, self.spec)
        if (pixels.shape[1], pixels.shape[0]) != self._size:
            pixels = np.asarray(cv2.resize(pixels, self._size, interpolation=cv2.INTER_AREA), np.uint8)
        warp = draw_jitter(rng) if roll_deg is None else Warp(roll_deg=roll_deg)
        pixels = relight(rng, pixels, light) if rng.random() < light else pixels
        side = max(self.spec.width, self.spec.height)
        canvas = (side, max(SMALLEST_SIDE, round(side / self.crop.aspect)))
        seen = cut(pixels, self.crop, warp, canvas, cv2.INTER_LINEAR)
        if rng.random() < light:
            seen = degrade(rng, seen)
        return prepare(seen, self.spec)


def whole(picture: Picture, spec: InputSpec) -> Image:
    """A picture (3, h, w) as it is.

    Raises:
        DataError: It cannot be read.
    """
    return prepare(_read(picture, spec), spec)


def _read(picture: Picture, spec: InputSpec) -> Pixels:
    pixels = read_picture(picture.path)
    height, width = pixels.shape[:2]
    if min(height, width) < SMALLEST_SIDE:
        raise DataError(
            f"{picture.path} has only {width}x{height} pixels.",
            f"At least {SMALLEST_SIDE} a side are needed.",
        )
    factor = ROOM * max(spec.width, spec.height) / min(height, width)
    if factor >= 1:
        return pixels
    size = (round(width * factor), round(height * factor))
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)
