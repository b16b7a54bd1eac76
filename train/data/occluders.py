"""Things in front of the lens: passing and parked objects, hands, cloth, leaves, spray, caps."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
Mask = NDArray[np.float32]


def draw_mask(rng: np.random.Generator, width: int, height: int, share: float) -> Mask:
    """A soft mask (height, width), 0–1, that covers close to `share` of the picture.

    The shape is a random field cut at the quantile that gives the share: boxes, ellipses, half-planes and blots.
    """
    rows, columns = 36, 48
    y, x = np.mgrid[0:rows, 0:columns].astype(np.float32) / np.array(
        [[[rows]], [[columns]]], dtype=np.float32
    )
    kind = rng.integers(4)
    centre_x, centre_y = rng.uniform(0.0, 1.0, 2)
    if kind == 0:
        stretch = rng.uniform(0.5, 2.0)
        field = -np.maximum(np.abs(x - centre_x) * stretch, np.abs(y - centre_y))
    elif kind == 1:
        stretch = rng.uniform(0.5, 2.0)
        field = -np.hypot((x - centre_x) * stretch, y - centre_y)
    elif kind == 2:
        angle = rng.uniform(0, 2 * np.pi)
        field = x * np.cos(angle) + y * np.sin(angle)
    else:
        field = np.zeros_like(x)
    ragged = cv2.resize(
        rng.standard_normal((6, 8)).astype(np.float32), (columns, rows), interpolation=cv2.INTER_CUBIC
    )
    field = field + ragged * (1.0 if kind == 3 else rng.choice([0.0, 0.05, 0.15]))
    field = cv2.resize(field.astype(np.float32), (width, height), interpolation=cv2.INTER_LINEAR)
    threshold = np.quantile(field[::4, ::4], 1 - share)
    mask = (field > threshold).astype(np.float32)
    softness = rng.choice([0.0, 0.8, 2.5, 6.0])
    return np.asarray(cv2.GaussianBlur(mask, (0, 0), softness) if softness else mask, dtype=np.float32)


def draw_fill(rng: np.random.Generator, width: int, height: int, other: Pixels) -> Pixels:
    """What the occluder looks like: flat, shaded, grainy, near-black, or a blurred piece of another picture."""
    kind = rng.choice(5, p=[0.2, 0.2, 0.15, 0.15, 0.3])
    colour = rng.uniform(10, 245) + rng.uniform(-25, 25, 3)
    if kind == 3:
        colour = rng.uniform(0, 18, 3)
    if kind == 4:
        piece = cv2.resize(other, (width, height), interpolation=cv2.INTER_LINEAR)
        blur = rng.choice([0.0, 2.0, 8.0])
        return np.asarray(cv2.GaussianBlur(piece, (0, 0), blur) if blur else piece, dtype=np.uint8)
    fill = np.broadcast_to(colour.astype(np.float32), (height, width, 3))
    if kind == 1:
        shade = cv2.resize(
            rng.normal(0, 30, (3, 4)).astype(np.float32), (width, height), interpolation=cv2.INTER_CUBIC
        )
        fill = fill + shade[..., None]
    if kind == 2:
        grain = rng.normal(0, rng.uniform(8, 40), (height // 3 + 1, width // 3 + 1)).astype(np.float32)
        fill = fill + cv2.resize(grain, (width, height), interpolation=cv2.INTER_LINEAR)[..., None]
    return np.clip(fill, 0, 255).astype(np.uint8)


def cover(rng: np.random.Generator, pixels: Pixels, share: float, other: Pixels) -> tuple[Pixels, Mask]:
    """Cover a share of the picture.

    Args:
        rng: Source of chance.
        pixels: (H, W, 3) picture; not changed.
        share: Covered share of the area, 0–1; at 1 the whole lens is covered.
        other: Any other picture, for texture.

    Returns:
        The covered picture and the mask (H, W), 0–1, of what is hidden.
    """
    height, width = pixels.shape[:2]
    mask = np.ones((height, width), np.float32) if share >= 1 else draw_mask(rng, width, height, share)
    opacity = rng.uniform(0.8, 0.97) if rng.random() < 0.2 else 1.0
    fill = draw_fill(rng, width, height, other)
    covered = cv2.blendLinear(fill, pixels, mask * opacity, 1.0 - mask * opacity)
    return np.asarray(covered, dtype=np.uint8), mask
