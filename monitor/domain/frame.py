"""A captured picture and what can be said of it without a reference."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One captured image.

    Attributes:
        pixels: (H, W, 3) uint8, RGB, upright as the camera delivers it; may be decoded at reduced size.
        captured_at: Aware UTC time of capture, as well as it is known.
        digest: Hex SHA-256 of the bytes that arrived (of the pixels where there are none).
        native_width: Width in pixels before any reduction.
        native_height: Height in pixels before any reduction.
        encoded: The bytes as they arrived (JPEG, PNG, …), or None for decoded streams.
        told_at: When the camera itself says the picture was taken (EXIF, a header), aware UTC; None where it says
            nothing. `captured_at` is our time of it, and may be the same where nothing else is known.
        complaint: What the decoder found wrong with the data and painted over, or None; for a person.
    """

    pixels: Pixels
    captured_at: datetime
    digest: str
    native_width: int
    native_height: int
    encoded: bytes | None = None
    told_at: datetime | None = None
    complaint: str | None = None


@dataclass(frozen=True, slots=True)
class FrameQuality:
    """Measures of one picture; all 0–1 unless stated.

    Attributes:
        brightness: Mean of luma.
        contrast: Standard deviation of luma.
        dark_fraction: Share of nearly black pixels.
        bright_fraction: Share of blown-out pixels.
        sharpness: Fine detail against coarse detail where there is any; falls with defocus, little with light or noise.
        texture: Share of cells with enough structure to be recognised.
        saturation: Mean colour saturation; about 0 for infrared and grey pictures.
        flat_rows: Share of the picture's height covered by a block of identical rows (a torn or half-decoded frame).
    """

    brightness: float
    contrast: float
    dark_fraction: float
    bright_fraction: float
    sharpness: float
    texture: float
    saturation: float
    flat_rows: float

    @property
    def infrared(self) -> bool:
        """Whether the picture is monochrome, as from an infrared night mode."""
        return self.saturation < 0.03
