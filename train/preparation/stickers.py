"""What is spliced onto pictures: cut-outs with soft edges, seen from a little aside and in the light of their place."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from train.preparation.pictures import Pixels, find_pictures, read_with_alpha
from train.preparation.problems import PreparationError, Problems

Mask = NDArray[np.float32]
_BRIGHTEST, _DARKEST = 2.0, 0.35


@dataclass(frozen=True, slots=True, eq=False)
class Sticker:
    """One cut-out.

    Attributes:
        label: Its folder's name, or its own where it lies in no folder.
        pixels: (H, W, 3) uint8 RGB.
        alpha: (H, W) opacity 0–1.
    """

    label: str
    pixels: Pixels
    alpha: Mask


@dataclass(frozen=True, slots=True)
class Placement:
    """Where and how a sticker is put.

    Attributes:
        x: Column of its centre, pixels.
        y: Row of its centre, pixels.
        height: Of the upright sticker, pixels.
        roll_deg: Turn, counter-clockwise.
        opacity: 0–1.
        feather: Standard deviation of the soft edge, pixels.
        light_match: How far its brightness goes to that of its place, 0–1.
        seamless: Blend gradients (Poisson) instead of colours.
    """

    x: float
    y: float
    height: float
    roll_deg: float
    opacity: float
    feather: float
    light_match: float
    seamless: bool


def read_stickers(directory: Path, problems: Problems) -> list[Sticker]:
    """All stickers of a directory: `LABEL/….png` or `LABEL.png`, cut to what is not transparent.

    Raises:
        PreparationError: There is none.
    """
    stickers = []
    for path in find_pictures(directory):
        read = read_with_alpha(path, problems)
        if read is None:
            continue
        pixels, alpha = read
        rows, columns = np.flatnonzero(alpha.max(axis=1) > 0), np.flatnonzero(alpha.max(axis=0) > 0)
        if not len(rows):
            problems.add(f"{path}: is transparent all over")
            continue
        inside = (slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1))
        label = path.stem if path.parent == directory else path.relative_to(directory).parts[0]
        stickers.append(Sticker(label, np.ascontiguousarray(pixels[inside]), alpha[inside].copy()))
    if not stickers:
        raise PreparationError(f"There is no usable sticker in {directory}.", "; ".join(problems.lines[:3]))
    return stickers


def draw_placement(
    rng: np.random.Generator, size: tuple[int, int], scale: tuple[float, float], seamless_share: float
) -> Placement:
    """A random placement, fully inside or over the edge.

    Args:
        rng: Where chance comes from.
        size: Width and height of the picture, pixels.
        scale: Smallest and largest height of a sticker, as a share of the picture's shorter side; drawn evenly on a
            logarithmic scale.
        seamless_share: How often gradients are blended.
    """
    width, height = size
    share = math.exp(rng.uniform(math.log(scale[0]), math.log(scale[1])))
    return Placement(
        x=float(rng.uniform(0, width)),
        y=float(rng.uniform(0, height)),
        height=share * min(size),
        roll_deg=float(rng.uniform(-180, 180) if rng.random() < 0.2 else rng.normal(0, 12)),
        opacity=float(rng.uniform(0.75, 1.0)),
        feather=float(rng.uniform(0.4, 1.6)),
        light_match=float(rng.uniform(0.4, 1.0)),
        seamless=bool(rng.random() < seamless_share),
    )


def splice(pixels: Pixels, sticker: Sticker, placement: Placement) -> tuple[Pixels, Mask]:
    """Put a sticker onto a picture.

    Args:
        pixels: (H, W, 3) uint8 RGB; not changed.
        sticker: What.
        placement: Where and how.

    Returns:
        The picture, and how much of each pixel is the sticker: (H, W) 0–1, zero where nothing of it is seen.
    """
    colours, alpha = _warp(sticker, placement, pixels.shape[1], pixels.shape[0])
    if alpha.max() < 0.5:
        return pixels.copy(), np.zeros_like(alpha)
    matched = _match_light(colours, alpha, pixels, placement.light_match)
    if placement.seamless:
        matched = _blend_gradients(matched, alpha, pixels)
    alpha = alpha * np.float32(placement.opacity)
    mixed = pixels * (1 - alpha[..., None]) + matched * alpha[..., None]
    return np.clip(np.rint(mixed), 0, 255).astype(np.uint8), alpha


def box_of(mask: Mask) -> tuple[int, int, int, int] | None:
    """x, y, width, height around what is at least half of the mask's most opaque; None where nothing is."""
    if mask.max() <= 0:
        return None
    x, y, width, height = cv2.boundingRect((mask >= mask.max() / 2).astype(np.uint8))
    return int(x), int(y), int(width), int(height)


def _warp(
    sticker: Sticker, placement: Placement, width: int, height: int
) -> tuple[NDArray[np.float32], Mask]:
    """The sticker in the picture's frame: colours (H, W, 3) and opacity (H, W)."""
    rows, columns = sticker.alpha.shape
    zoom = placement.height / rows
    colours, alpha = sticker.pixels, sticker.alpha
    if zoom < 1:
        # Shrunk by area first: the warp alone would alias.
        size = (max(round(columns * zoom), 2), max(round(rows * zoom), 2))
        premultiplied = cv2.resize(colours * alpha[..., None], size, interpolation=cv2.INTER_AREA)
        alpha = np.asarray(cv2.resize(alpha, size, interpolation=cv2.INTER_AREA), np.float32)
        rows, columns, zoom = size[1], size[0], 1.0
    else:
        premultiplied = colours * alpha[..., None]
    turn = cv2.getRotationMatrix2D(((columns - 1) / 2, (rows - 1) / 2), placement.roll_deg, zoom)
    turn[:, 2] += (placement.x - (columns - 1) / 2, placement.y - (rows - 1) / 2)
    # Opacity is warped with the colours multiplied by it, so that nothing of the transparent surround bleeds in.
    warped = cv2.warpAffine(premultiplied.astype(np.float32), turn, (width, height), flags=cv2.INTER_LINEAR)
    covered = cv2.warpAffine(alpha, turn, (width, height), flags=cv2.INTER_LINEAR)
    solid = warped / np.maximum(covered, 1e-3)[..., None]
    soft = cv2.GaussianBlur(covered, (0, 0), placement.feather)
    # The soft edge lies inside the cut-out: outside there is no colour of it.
    return np.asarray(solid, np.float32), np.asarray(np.minimum(soft, covered), np.float32)


def _match_light(
    colours: NDArray[np.float32], alpha: Mask, pixels: Pixels, match: float
) -> NDArray[np.float32]:
    """Scale the sticker's brightness toward that of the place it covers."""
    weight = alpha / alpha.sum()
    there, own = (float((image.mean(axis=2) * weight).sum()) for image in (pixels, colours))
    gain = float(np.clip((there + 8) / (own + 8), _DARKEST, _BRIGHTEST)) ** match
    return np.asarray(np.clip(colours * np.float32(gain), 0, 255), np.float32)


def _blend_gradients(colours: NDArray[np.float32], alpha: Mask, pixels: Pixels) -> NDArray[np.float32]:
    """Poisson blending (Pérez, Gangnet and Blake 2003) of the sticker's region; unchanged where it has no inside."""
    inner = (alpha > 0.5).astype(np.uint8) * 255
    # The solver wants a border of the picture around the region.
    inner[[0, -1], :] = 0
    inner[:, [0, -1]] = 0
    x, y, width, height = cv2.boundingRect(inner)
    if min(width, height) < 3:
        return colours
    source = np.where(alpha[..., None] > 0, colours, pixels).astype(np.uint8)
    centre = (x + width // 2, y + height // 2)
    return np.asarray(cv2.seamlessClone(source, pixels, inner, centre, cv2.NORMAL_CLONE), np.float32)


def labels_of(stickers: Sequence[Sticker]) -> list[str]:
    """The labels, sorted, each once."""
    return sorted({sticker.label for sticker in stickers})
