"""Putting RTP packets together to access units: all NAL units of one moment."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Protocol

from monitor.sources.stream.rtp import RtpPacket

START_CODE = b"\x00\x00\x00\x01"


class Piece(Enum):
    """Which part of a NAL unit a packet brings."""

    WHOLE = auto()
    FIRST = auto()
    MIDDLE = auto()
    LAST = auto()


@dataclass(frozen=True, slots=True)
class Entry:
    """How decoding can begin at an access unit.

    Attributes:
        frames: How many further reference frames it takes until a picture is whole: 0 at a key frame, more where the
            picture is refreshed little by little.
    """

    frames: int


class Codec(Protocol):
    """What differs between H.264 and H.265."""

    @property
    def decoder(self) -> str:
        """FFmpeg's name."""
        ...

    def pieces(self, payload: bytes) -> Iterator[tuple[Piece, bytes]]:
        """The parts of NAL units in a packet's payload.

        Raises:
            ValueError: It is malformed.
        """
        ...

    def parameter_set(self, nal: bytes) -> tuple[int, ...] | None:
        """The kind and number of a parameter set; None for all other NAL units."""
        ...

    def entry(self, nals: list[bytes]) -> Entry | None:
        """Whether decoding can begin here.

        Raises:
            ValueError: The beginning of the picture is missing, or malformed.
        """
        ...

    def is_reference(self, nals: list[bytes]) -> bool:
        """Whether later frames may build on this one."""
        ...

    def size(self, nal: bytes) -> tuple[int, int] | None:
        """Width and height that a parameter set declares; None if it is of another kind.

        Raises:
            ValueError: It is malformed.
        """
        ...


@dataclass(frozen=True, slots=True)
class AccessUnit:
    """What belongs to one moment.

    Attributes:
        nals: In order, without start codes.
        intact: Whether nothing of it was lost on the way.
    """

    nals: list[bytes] = field(repr=False)
    intact: bool


class Assembler:
    """Puts packets together.

    Args:
        codec: Of the stream.
        max_bytes: Of an access unit; a larger one is dropped as not intact.
    """

    def __init__(self, codec: Codec, max_bytes: int) -> None:
        self._codec = codec
        self._max_bytes = max_bytes
        self._nals: list[bytes] = []
        self._parts: list[bytes] | None = None
        self._bytes = 0
        self._intact = True
        self.begin_anew()

    def begin_anew(self) -> None:
        """Forget what is not complete; the next packet may have any number."""
        self._sequence: int | None = None
        self._timestamp: int | None = None
        self._begin()

    def add(self, packet: RtpPacket) -> list[AccessUnit]:
        """The access units that are complete with this packet: mostly none, at most two."""
        complete: list[AccessUnit] = []
        lost = self._sequence is not None and packet.sequence != self._sequence
        self._sequence = (packet.sequence + 1) % (1 << 16)
        if self._timestamp is not None and packet.timestamp != self._timestamp:
            # Either end may be what was lost: of the unit before, or of the one that begins.
            self._intact = self._intact and not lost
            complete += self._end()
        if lost:
            self._intact = False
            self._parts = None
        self._timestamp = packet.timestamp
        try:
            for piece, data in self._codec.pieces(packet.payload):
                self._take(piece, data)
        except ValueError:
            self._intact = False
        return complete + self._end() if packet.marker else complete

    def _begin(self) -> None:
        self._nals = []
        self._parts = None
        self._bytes = 0
        self._intact = True

    def _take(self, piece: Piece, data: bytes) -> None:
        self._bytes += len(data)
        if self._bytes > self._max_bytes:
            self._nals, self._parts, self._intact = [], None, False
            return
        if piece is Piece.WHOLE:
            self._nals.append(data)
            return
        if piece is Piece.FIRST:
            self._intact = self._intact and self._parts is None
            self._parts = [data]
            return
        if self._parts is None:
            self._intact = False
            return
        self._parts.append(data)
        if piece is Piece.LAST:
            self._nals.append(b"".join(self._parts))
            self._parts = None

    def _end(self) -> list[AccessUnit]:
        self._timestamp = None
        unit = AccessUnit(self._nals, self._intact and self._parts is None)
        self._begin()
        return [unit] if unit.nals or not unit.intact else []
