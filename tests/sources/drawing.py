"""Small pictures for tests, drawn so that every corner is told from the others."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

# Top left red, top right green, bottom left blue, bottom right grey.
CORNERS = ((220, 30, 30), (30, 200, 30), (30, 30, 220), (128, 128, 128))


def draw(width: int = 64, height: int = 48) -> np.ndarray:
    """(H, W, 3) uint8 RGB with a colour in each quarter."""
    picture = np.empty((height, width, 3), np.uint8)
    half_height, half_width = height // 2, width // 2
    picture[:half_height, :half_width] = CORNERS[0]
    picture[:half_height, half_width:] = CORNERS[1]
    picture[half_height:, :half_width] = CORNERS[2]
    picture[half_height:, half_width:] = CORNERS[3]
    return picture


def encode(picture: np.ndarray | Image.Image, kind: str = "JPEG", **options) -> bytes:
    """As a file of that kind."""
    image = picture if isinstance(picture, Image.Image) else Image.fromarray(picture)
    stream = io.BytesIO()
    if kind == "JPEG":
        options = {"quality": 95, "subsampling": 0, **options}
    image.save(stream, kind, **options)
    return stream.getvalue()


def corners(pixels: np.ndarray) -> list[tuple[int, ...]]:
    """The colours in the middle of each quarter, in the order of `CORNERS`."""
    height, width = pixels.shape[:2]
    return [
        tuple(int(value) for value in pixels[y, x])
        for y in (height // 4, height * 3 // 4)
        for x in (width // 4, width * 3 // 4)
    ]


def looks_like(pixels: np.ndarray, expected=CORNERS, tolerance: int = 12) -> bool:
    """Whether each quarter has its colour, as far as compression keeps it."""
    difference = np.abs(np.array(corners(pixels)) - np.array(expected))
    return bool(difference.max() <= tolerance)
