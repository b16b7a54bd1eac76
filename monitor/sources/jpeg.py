"""The structure of a JPEG, read without decoding: decoders fill what is missing with grey and say nothing."""

from __future__ import annotations

import re

from monitor.domain.errors import FrameFault

# Each scan of a progressive JPEG goes over the whole picture again, so a small file can cost minutes.
# Ordinary ones have ten scans; this allows them for 60 megapixels.
MAX_SCAN_PIXELS = 600_000_000

_START_OF_SCAN = 0xDA
_END_OF_IMAGE = 0xD9
_WITHOUT_LENGTH = frozenset({0x01, *range(0xD0, 0xD9)})
# In compressed data FF is followed by 00 (it was data) or D0-D7 (a restart); anything else ends it.
_NEXT_MARKER = re.compile(rb"\xff[\x01\xc0-\xcf\xd8-\xfe]")


def check_structure(data: bytes, pixel_count: int) -> None:
    """Walk over the segments from start to end.

    Args:
        data: A JPEG from its first byte; what follows its end is ignored, as some cameras append to it.
        pixel_count: Width times height, from its header.

    Raises:
        FrameFault: The end is missing, a segment runs past it, or decoding would cost too much.
    """
    position, scans = 2, 0
    while True:
        found = _NEXT_MARKER.search(data, position)
        if found is None:
            raise _truncated(data, scans)
        marker, position = data[found.start() + 1], found.end()
        if marker == _END_OF_IMAGE:
            break
        if marker in _WITHOUT_LENGTH:
            continue
        if marker == _START_OF_SCAN:
            scans += 1
            if scans * pixel_count > MAX_SCAN_PIXELS:
                raise FrameFault(
                    f"The JPEG has {scans} or more scans of {pixel_count / 1e6:.1f} megapixels: too costly.",
                    "Set the camera to baseline JPEG.",
                )
        position += int.from_bytes(data[position : position + 2], "big")
        if position > len(data):
            raise _truncated(data, scans)
    if scans == 0:
        raise FrameFault("The JPEG ends before any picture begins.", "Look at what the camera sends.")


def _truncated(data: bytes, scans: int) -> FrameFault:
    where = "within the picture" if scans else "before the picture begins"
    return FrameFault(
        f"The JPEG is truncated: it breaks off {where}, after {len(data):,} bytes.",
        "Check the line to the camera, or that the file was written completely.",
    )
