"""Whole JPEGs out of a stream of bytes, by their own structure. Pure: no input, no output, no clock.

An M-JPEG stream is a multipart document on paper. In cameras its boundary is wrong, missing or another than announced,
its lengths lie, its line ends and part headers are anything. None of that is looked at here: a JPEG tells by itself
where it begins and ends, its embedded thumbnails included, and everything between two of them is passed over. So all
those streams are one case, and so are pictures strung together without anything, and a single picture.
"""

from __future__ import annotations

import re

from monitor.domain.errors import FrameFault

MAX_FALSE_STARTS = 1000
"""So many beginnings may turn out to be no whole JPEG; each costs a bounded number of steps."""
MAX_SEGMENTS = 1000
"""In one JPEG, all scans together. An ordinary one has ten, one with a colour profile and thumbnails a hundred."""

_START = b"\xff\xd8\xff"
_EOI = 0xD9
_SOI = 0xD8
_SOS = 0xDA
# What may stand in a header, and what may follow a scan: tables, comments, the next scan, the end.
_HEADER_MARKERS = frozenset({*range(0xC0, 0xD0), *range(0xDA, 0xE0), *range(0xE0, 0xF0), 0xFE})
# A picture stands behind the end of a part's headers, or of another picture; a thumbnail behind other things.
_NEXT_PICTURE = re.compile(rb"(?:\n|\xff\xd9)(?=\xff\xd8\xff)")
_MARKER_IN_SCAN = re.compile(rb"\xff[\xc4\xcc\xd8-\xdd\xe0-\xef\xfe]")


class JpegStream:
    """Finds the JPEGs in what it is fed; how the bytes are cut into pieces makes no difference to what it finds.

    Args:
        max_bytes: Of one picture; this and one piece is also all that is ever held.
    """

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._held = bytearray()
        self._fault: FrameFault | None = None
        self._false_starts = 0
        self._started = False
        self._position = 0
        self._segment = 0
        self._segments = 0
        self._in_scan = False

    def feed(self, data: bytes) -> list[bytes]:
        """The pictures that these bytes complete, oldest first; each begins with its FF D8 and ends with its FF D9.

        A picture that is torn (another begins before its end) or whose header breaks the rules is passed over.

        Raises:
            FrameFault: A picture is too large, or the stream keeps beginning what are no JPEGs. Pictures found before
                that are given first; then, every call raises it.
        """
        if self._fault is not None:
            raise self._fault
        self._held += data
        found: list[bytes] = []
        try:
            while (picture := self._next()) is not None:
                found.append(picture)
        except FrameFault as fault:
            self._held.clear()
            self._fault = fault
            if not found:
                raise
        return found

    def _next(self) -> bytes | None:
        """The next picture, or None while it takes more bytes to tell."""
        while self._started or self._find_start():
            step = self._walk_scan() if self._in_scan else self._walk_header()
            if step is None:
                return None
            if step:
                picture = bytes(self._held[: self._position])
                self._forget(self._position)
                return picture
        return None

    def _find_start(self) -> bool:
        start = self._held.find(_START)
        if start < 0:
            # The last two bytes may be the beginning of one.
            del self._held[: max(0, len(self._held) - len(_START) + 1)]
            return False
        del self._held[:start]
        self._begin(2)
        return True

    def _walk_header(self) -> bool | None:
        """Go over one segment. False: go on; None: it takes more bytes to tell."""
        position = self._position
        self._bound(position + 4)
        if len(self._held) < position + 4:
            return None
        marker = self._held[position + 1]
        length = int.from_bytes(self._held[position + 2 : position + 4], "big")
        self._segments += 1
        if self._held[position] != 0xFF or self._segments > MAX_SEGMENTS:
            self._give_up()
        elif marker == 0xFF:
            self._position += 1  # A fill byte; any number may stand before a marker.
        elif marker not in _HEADER_MARKERS or length < 2:
            self._give_up()
        else:
            self._segment, self._position = position + 2, position + 2 + length
            self._in_scan = marker == _SOS
        return False

    def _walk_scan(self) -> bool | None:
        """Go over compressed data to the marker behind it. True: there the picture ends; else as `_walk_header`."""
        match = _MARKER_IN_SCAN.search(self._held, self._position, self._max_bytes)
        if match is None:
            # The last byte may be the FF of a marker.
            self._position = max(self._position, min(len(self._held), self._max_bytes) - 1)
            self._bound(self._position + 2)
            return None
        marker = self._held[match.end() - 1]
        if marker == _SOI:
            self._position = match.start()  # Torn: the next picture begins within this one.
            self._give_up()
            return False
        if marker == _EOI:
            self._position = match.end()
            return True
        self._position = match.start()
        self._in_scan = False
        return False

    def _bound(self, end: int) -> None:
        """Make sure that a picture which reaches to there is none too large.

        Raises:
            FrameFault: It is.
        """
        if end > self._max_bytes:
            raise FrameFault(
                f"A picture in the stream has more than the {self._max_bytes:,} bytes allowed.",
                "Lower the camera's quality or resolution, or raise `max_bytes`.",
            )

    def _give_up(self) -> None:
        """What began is no whole JPEG: go on where that showed, but do not miss a picture that has begun meanwhile.

        If the last segment did not end at a marker, the picture broke off within it, and the next one may have begun
        within its supposed length. Its thumbnail may lie there too, which must not be taken for a picture.
        """
        self._false_starts += 1
        if self._false_starts > MAX_FALSE_STARTS:
            raise FrameFault(
                f"The stream holds no whole JPEG, but {MAX_FALSE_STARTS:,} beginnings of one.",
                "See that the address is one of an M-JPEG stream, and that the line is sound.",
            )
        next_one = None
        if self._held[self._position] != 0xFF:
            next_one = _NEXT_PICTURE.search(self._held, self._segment, self._position + len(_START) - 1)
        self._forget(self._position if next_one is None else next_one.end())

    def _forget(self, count: int) -> None:
        del self._held[:count]
        self._begin(None)

    def _begin(self, position: int | None) -> None:
        """A picture begins at the first byte held (its first marker at `position`), or none has begun."""
        self._started = position is not None
        self._position = position or 0
        self._segment = self._position
        self._segments = 0
        self._in_scan = False
