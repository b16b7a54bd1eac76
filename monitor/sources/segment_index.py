"""The index at the head of a fragmented MP4 file: the box `sidx` (ISO/IEC 14496-12, 8.16.3)."""

from __future__ import annotations

import struct

from monitor.domain.errors import FrameFault
from monitor.sources.playlist import Part, Segment


def read_index(data: bytes, index: Part, origin: str) -> tuple[Segment, ...]:
    """The segments that an index lists; each has all that stands before the index as its head.

    Args:
        data: The index.
        index: Where it stands in its file.
        origin: What to call it in errors.

    Raises:
        FrameFault: It is no index, or one of indices.
    """
    try:
        start = data.index(b"sidx") - 4
        (size,) = struct.unpack_from(">I", data, start)
        version = data[start + 8]
        timescale, at = struct.unpack_from(">I", data, start + 16)[0], start + 20
        offset = struct.unpack_from(">Q" if version else ">I", data, at + (8 if version else 4))[0]
        at += 16 if version else 8
        (count,) = struct.unpack_from(">H", data, at + 2)
        entries = [struct.unpack_from(">III", data, at + 4 + 12 * number) for number in range(count)]
    except (ValueError, struct.error, IndexError):
        raise FrameFault(f"{origin} sends no index of its video.", "Try the address in a player.") from None
    if timescale == 0 or any(entry[0] >> 31 for entry in entries):
        raise FrameFault(
            f"{origin} sends an index of its video that is not understood.", "Try the address in a player."
        )
    head = Part(index.url, 0, index.first_byte) if index.first_byte else None
    first = index.first_byte + start + size + offset
    segments = []
    for length, ticks, _ in entries:
        if length:
            segments.append(Segment(Part(index.url, first, length), head, ticks / timescale))
        first += length
    return tuple(segments)
