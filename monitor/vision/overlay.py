"""A frame laid over its reference: turned back, moved back, and how far the two then disagree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from monitor.domain.displacement import Displacement
from monitor.domain.frame import Pixels
from monitor.domain.orientation import Orientation, turn
from monitor.domain.view import Rectangle
from monitor.vision.formats import sides_swapped
from monitor.vision.gradient import Picture, floats, structure, working_luma
from monitor.vision.masks import paint
from monitor.vision.transform import SimilarityTransform

FAINT = 0.5
"""Structure, in its own spread, below which a disagreement is that of noise: sky and bare walls."""
AREA_PX = 9
"""Pixels at working size over which a disagreement is averaged; a single edge says little."""


@dataclass(frozen=True, slots=True, eq=False)
class LaidOver:
    """A frame and its reference in one size.

    Attributes:
        reference: (H, W, 3), how it should look.
        before: (H, W, 3), the frame turned back, its content where it was found.
        after: (H, W, 3), the same with its content moved back; black where the frame shows nothing of the reference.
        seen: (H, W) uint8, 1 where it does.
        to_frame: From pixels of the reference to those of `before`.
    """

    reference: Pixels
    before: Pixels
    after: Pixels
    seen: NDArray[np.uint8]
    to_frame: SimilarityTransform


@dataclass(frozen=True, slots=True, eq=False)
class Disagreement:
    """Where and how much the edges of two pictures disagree.

    Attributes:
        local: (h, w) float32 at working size, 0 where they agree or where there are none, towards 1 where not.
        mean: 0–1 over all that counts; pictures of different places have about 0.7.
    """

    local: Picture
    mean: float


def lay_over(
    reference: Pixels, frame: Pixels, orientation: Orientation, displacement: Displacement | None
) -> LaidOver:
    """Undo what was measured: first the turn, then roll, zoom and shift.

    Args:
        reference: (H, W, 3); the result has its size.
        frame: (h, w, 3) of any size.
        orientation: How the frame is turned against the reference.
        displacement: Of its content after it is turned back, or None where nothing was measured: it stays.
    """
    height, width = reference.shape[:2]
    before = _fitted(turn(frame, orientation.inverse), height, width)
    to_frame = SimilarityTransform.of(displacement or Displacement(), width, height)
    matrix = to_frame.matrix(width, height)
    after = cv2.warpAffine(before, matrix, (width, height), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
    whole = np.ones((height, width), np.uint8)
    seen = cv2.warpAffine(whole, matrix, (width, height), flags=cv2.INTER_NEAREST | cv2.WARP_INVERSE_MAP)
    return LaidOver(reference, before, np.asarray(after, np.uint8), np.asarray(seen, np.uint8), to_frame)


def _fitted(pixels: Pixels, height: int, width: int) -> Pixels:
    """The frame in the reference's format, as the comparison has it; see `monitor.vision.formats.fit_format`."""
    old_height, old_width = pixels.shape[:2]
    if not sides_swapped(width / height, old_width / old_height):
        return _resized(pixels, height, width)
    scale = max(height, width) / max(old_height, old_width)
    scaled = _resized(pixels, round(old_height * scale), round(old_width * scale))
    fitted = np.full((height, width, 3), int(scaled.mean()), np.uint8)
    rows, columns = min(height, scaled.shape[0]), min(width, scaled.shape[1])
    to_y, to_x = (height - rows) // 2, (width - columns) // 2
    from_y, from_x = (scaled.shape[0] - rows) // 2, (scaled.shape[1] - columns) // 2
    fitted[to_y : to_y + rows, to_x : to_x + columns] = scaled[
        from_y : from_y + rows, from_x : from_x + columns
    ]
    return fitted


def _resized(pixels: Pixels, height: int, width: int) -> Pixels:
    if pixels.shape[:2] == (height, width):
        return pixels
    way = cv2.INTER_AREA if pixels.shape[0] > height else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(pixels, (max(1, width), max(1, height)), interpolation=way), np.uint8)


def disagree(
    reference: Pixels,
    frame: Pixels,
    seen: NDArray[np.uint8] | None = None,
    masks: Sequence[Rectangle] = (),
) -> Disagreement:
    """Compare the edges of two pictures (H, W, 3) of one size; the light has no say.

    Args:
        reference: How it should look.
        frame: How it looks.
        seen: (H, W), 0 where there is nothing to compare.
        masks: Parts that have no say.
    """
    ours, theirs = structure(working_luma(reference)), structure(working_luma(frame))
    height, width = ours.shape
    weight = np.ones((height, width), np.float32)
    if seen is not None:
        small = cv2.resize(seen, (width, height), interpolation=cv2.INTER_NEAREST)
        # Where the frame ends there is an edge that neither picture has.
        weight = floats(cv2.erode(small, np.ones((5, 5), np.uint8)))
    masked = paint(masks, (height, width))
    if masked is not None:
        weight = weight * masked
    apart, strength = np.abs(ours - theirs) * weight, (np.abs(ours) + np.abs(theirs)) * weight
    total = float(strength.sum())
    area = (AREA_PX, AREA_PX)
    local = floats(cv2.blur(apart, area)) / (floats(cv2.blur(strength, area)) + np.float32(FAINT))
    return Disagreement(floats(local), float(apart.sum()) / total if total > 0 else 0.0)
