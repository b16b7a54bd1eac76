"""Damage put into pictures, as lines and decoders do it."""

from __future__ import annotations

import io
from collections.abc import Mapping

import numpy as np
from PIL import Image

from monitor.domain.frame import Pixels

VISIBLE = 2.0
"""Mean absolute difference of a picture's values (of 255) above which damage is called visible."""
BITS: Mapping[str, int] = {"1 bit": 1, "3 bits": 3}
BYTES: Mapping[str, int] = {"100 bytes": 100}
KINDS = (*BITS, *BYTES)

_START_OF_SCAN, _END = b"\xff\xda", b"\xff\xd9"
_SMEAR_QUALITY = 75
_HIGHEST_SMEAR, _LOWEST_SMEAR = 0.1, 0.7


def put_into(jpeg: bytes, kind: str, rng: np.random.Generator) -> bytes:
    """A JPEG with single bits turned, or a run of bytes replaced by random ones, in its compressed part."""
    first, last = compressed_part(jpeg)
    data = bytearray(jpeg)
    if kind in BITS:
        for place in rng.integers(first, last, BITS[kind]):
            data[place] ^= 1 << int(rng.integers(8))
    else:
        length = min(BYTES[kind], last - first)
        place = int(rng.integers(first, last - length + 1))
        data[place : place + length] = rng.integers(0, 256, length, np.uint8).tobytes()
    return bytes(data)


def compressed_part(jpeg: bytes) -> tuple[int, int]:
    """Where the first scan's compressed data begin, and where the picture ends.

    Raises:
        ValueError: It is no JPEG with a scan.
    """
    place = 2
    while jpeg[place : place + 2] != _START_OF_SCAN:
        if jpeg[place : place + 1] != b"\xff":
            raise ValueError("This is no JPEG with a scan.")
        place += 2 + int.from_bytes(jpeg[place + 2 : place + 4], "big")
    first = place + 2 + int.from_bytes(jpeg[place + 2 : place + 4], "big")
    return first, jpeg.rindex(_END)


def decoded(jpeg: bytes) -> Pixels | None:
    """Pixels (H, W, 3), whatever damage was painted over; None where nothing is left of the picture."""
    try:
        return np.asarray(Image.open(io.BytesIO(jpeg)).convert("RGB"), np.uint8)
    except (OSError, SyntaxError):
        return None


def is_visible(whole: Pixels, damaged: bytes) -> bool:
    """Whether damage changed what is seen."""
    seen = decoded(damaged)
    if seen is None or seen.shape != whole.shape:
        return True
    return float(np.abs(whole.astype(np.int16) - seen).mean()) > VISIBLE


def smeared(pixels: Pixels, rng: np.random.Generator) -> bytes:
    """A picture whose rows repeat one of them from a random height down, encoded as JPEG afterwards."""
    height = len(pixels)
    row = int(height * rng.uniform(_HIGHEST_SMEAR, _LOWEST_SMEAR))
    broken = pixels.copy()
    broken[row:] = pixels[row]
    return encoded(broken, _SMEAR_QUALITY)


def encoded(pixels: Pixels, quality: int) -> bytes:
    """As JPEG."""
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "JPEG", quality=quality)
    return stream.getvalue()
