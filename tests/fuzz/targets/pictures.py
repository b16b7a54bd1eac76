"""Bytes that should be a picture."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime

import numpy as np

from monitor.domain.errors import FrameFault
from monitor.sources.pictures import decode_picture
from tests.fuzz.target import Broken, Target
from tests.sources.drawing import draw, encode

NOON = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
MAX_PIXELS = 1_000_000
LONG_SIDE = 64


def check(data: bytes) -> object:
    try:
        frame = decode_picture(
            data, captured_at=NOON, max_bytes=1 << 16, max_pixels=MAX_PIXELS, target_long_side=LONG_SIDE
        )
    except FrameFault as fault:
        if not fault.problem.isprintable() or len(str(fault)) > 300:
            raise Broken(f"a message that nobody can read: {fault.problem!r}") from fault
        return str(fault)
    height, width, channels = frame.pixels.shape
    if frame.pixels.dtype != np.uint8 or channels != 3 or frame.pixels.flags.writeable:
        raise Broken(f"pixels of {frame.pixels.shape}, {frame.pixels.dtype}")
    if (
        frame.native_width * frame.native_height > MAX_PIXELS
        or not 0.8 < (width * frame.native_height) / (height * frame.native_width) < 1.25
    ):
        raise Broken(
            f"{width} × {height} pixels of a picture of {frame.native_width} × {frame.native_height}"
        )
    return hashlib.sha256(frame.pixels.tobytes()).hexdigest()


def seeds() -> list[bytes]:
    picture = draw(64, 48)
    turned = encode(picture, exif=_turned())
    return [
        encode(picture),
        encode(picture, progressive=True),
        encode(picture, restart_marker_blocks=2),
        encode(draw(256, 160), quality=40),
        turned,
        encode(picture, "PNG"),
        encode(np.full((24, 32), 40_000, np.uint16), "PNG"),
        encode(picture, "WEBP"),
        encode(picture, "WEBP", lossless=True),
        encode(picture, "BMP"),
        encode(picture, "GIF"),
        encode(picture)[:200],
        b"<html><body>Please log in.</body></html>",
        b"",
    ]


def _turned() -> bytes:
    from PIL import Image

    exif = Image.Exif()
    exif[0x0112] = 6
    return exif.tobytes()


TARGET = Target(
    promise="A frame within its limits, or a FrameFault with a readable sentence.",
    check=check,
    seeds=seeds,
    words=(
        *(bytes((0xFF, marker)) for marker in (0xD8, 0xD9, 0xDA, 0xC0, 0xC2, 0xC4, 0xDB, 0xDD, 0xE0, 0xE1, 0xE2)),
        b"Exif\0\0", b"MPF\0", b"JFIF\0", b"Adobe\0", b"ICC_PROFILE\0",
        b"IHDR", b"PLTE", b"tRNS", b"iCCP", b"zTXt", b"iTXt", b"acTL", b"fcTL", b"fdAT", b"IDAT", b"IEND\xaeB`\x82",
        b"RIFF", b"WEBP", b"VP8 ", b"VP8L", b"VP8X", b"ANIM", b"ANMF", b"ALPH", b"BM", b"GIF89a", b"NETSCAPE2.0",
    ),
    longest=8192,
)  # fmt: skip
