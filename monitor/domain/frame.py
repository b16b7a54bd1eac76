"""A captured picture and what can be said of it without a reference."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

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


class Light(StrEnum):
    """By what light a picture was taken, as far as its colours tell."""

    DAY = "day"
    INFRARED = "infrared"


MONOCHROME = 0.006
"""Saturation below which a picture is grey by intent: compression leaves less, a dull foggy day in colour more."""


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
        flat_rows: Share of the picture's height covered by a block of equal rows, grey or smeared (a torn frame).
        magenta: By how much red and blue exceed green on average; foliage and sun without an infrared-cut filter.
    """

    brightness: float
    contrast: float
    dark_fraction: float
    bright_fraction: float
    sharpness: float
    texture: float
    saturation: float
    flat_rows: float
    magenta: float = 0.0

    @property
    def light(self) -> Light:
        """Monochrome pictures come from a camera in its infrared night mode, or from one that knows no colours."""
        return Light.INFRARED if self.saturation < MONOCHROME else Light.DAY
