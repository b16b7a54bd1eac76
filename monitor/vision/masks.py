"""Parts of a picture that do not count: what the operator masks, and what stays put while the scene changes.

Burnt-in text, dirt on the dome and housing edges belong to the sensor. They stay while the view moves, and drag any
registration towards "not moved". They give themselves away while nothing moves: as day turns to night every part
of the scene changes its brightness, and the text does not. `Constancy` keeps, per pixel, the running mean and
spread of a view's good frames; what has strong edges and hardly any spread, while the rest of the picture has much,
is masked.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from monitor.domain.arrays import read_arrays
from monitor.domain.view import Rectangle
from monitor.vision.gradient import Picture, floats

CONSTANCY_SIZE = (160, 120)
FEWEST_SAMPLES = 5
SCENE_CHANGES = 18.0
"""Grey levels by which the median pixel must have varied before its neighbours' constancy means anything."""
STEADY = 0.2
"""A pixel is steady when it varied by less than this share of what the median pixel did."""
EDGE = 12.0
"""Grey levels of local variation a steady pixel needs; a steady flat patch harms no registration."""
LARGEST_SHARE = 0.3
"""If more than this would be masked, the scene has not changed enough to tell; nothing is masked then."""


def paint(masks: Sequence[Rectangle], shape: tuple[int, int]) -> Picture | None:
    """Weight picture (h, w), 0 inside the masks and 1 elsewhere, or None where nothing is masked."""
    if not masks:
        return None
    height, width = shape
    weight = np.ones(shape, np.float32)
    for mask in masks:
        top, left = round(mask.top * height), round(mask.left * width)
        bottom, right = round((mask.top + mask.height) * height), round((mask.left + mask.width) * width)
        weight[max(top, 0) : bottom, max(left, 0) : right] = 0
    # A hard border would itself be structure.
    return floats(cv2.GaussianBlur(weight, (0, 0), 2.0))


@dataclass(frozen=True, slots=True, eq=False)
class Constancy:
    """Running mean and spread of a view's good frames (Welford 1962), small and grey.

    Attributes:
        samples: How many frames went in.
        mean: (120, 160) float32.
        squares: (120, 160) float32, sum of squared deviations.
    """

    samples: int = 0
    mean: Picture | None = None
    squares: Picture | None = None

    def add(self, luma: NDArray[np.uint8]) -> Constancy:
        """With one more good frame (h, w)."""
        picture = floats(cv2.resize(luma, CONSTANCY_SIZE, interpolation=cv2.INTER_AREA))
        if self.mean is None or self.squares is None:
            return Constancy(1, picture, np.zeros_like(picture))
        samples = self.samples + 1
        delta = picture - self.mean
        mean = floats(self.mean + delta / samples)
        return replace(
            self, samples=samples, mean=mean, squares=floats(self.squares + delta * (picture - mean))
        )

    def steady_weight(self, shape: tuple[int, int]) -> Picture | None:
        """Weight picture (h, w), 0 on what stays constant while the scene changes, or None where nothing is."""
        if self.samples < FEWEST_SAMPLES or self.mean is None or self.squares is None:
            return None
        spread = np.sqrt(self.squares / (self.samples - 1))
        usual = float(np.median(spread))
        if usual < SCENE_CHANGES:
            return None
        local = cv2.blur(self.mean * self.mean, (5, 5)) - cv2.blur(self.mean, (5, 5)) ** 2
        steady = (spread < STEADY * usual) & (np.sqrt(local.clip(0)) > EDGE)
        # Letters are thin: close the gaps between them, and cover the rim that the resizing blurred.
        closed = cv2.morphologyEx(steady.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((3, 7), np.uint8))
        grown = cv2.dilate(closed, np.ones((3, 5), np.uint8))
        if not grown.any() or float(grown.mean()) > LARGEST_SHARE:
            return None
        height, width = shape
        weight = 1.0 - cv2.resize(grown.astype(np.float32), (width, height), interpolation=cv2.INTER_LINEAR)
        return floats(weight)

    def to_bytes(self) -> bytes:
        """For the store; read back by `from_bytes`."""
        if self.mean is None or self.squares is None:
            return b""
        buffer = io.BytesIO()
        np.savez_compressed(
            buffer, samples=np.int64(self.samples), mean=self.mean.astype(np.float16), squares=self.squares
        )
        return buffer.getvalue()

    @classmethod
    def from_bytes(cls, blob: bytes | None) -> Constancy:
        """What `to_bytes` wrote; empty for None or nothing."""
        if not blob:
            return cls()
        arrays = read_arrays(blob)
        return cls(int(arrays["samples"]), arrays["mean"].astype(np.float32), arrays["squares"])


def combine(first: Picture | None, second: Picture | None) -> Picture | None:
    """Both weights at once."""
    if first is None or second is None:
        return first if second is None else second
    return first * second
