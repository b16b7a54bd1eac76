"""H.265: its RTP payload (RFC 7798), and as much of its headers as it takes to find where decoding can begin."""

from __future__ import annotations

from collections.abc import Iterator

from monitor.sources.stream.bits import Bits
from monitor.sources.stream.nal import Entry, Piece

_FIRST_IRAP, _LAST_IRAP, _LAST_VCL = 16, 23, 31
_VPS, _SPS, _PPS = 32, 33, 34
_AGGREGATION, _FRAGMENT, _PACI = 48, 49, 50
_HEADER_BYTES = 2


class H265:
    """The codec; see `Codec`."""

    decoder = "hevc"

    def pieces(self, payload: bytes) -> Iterator[tuple[Piece, bytes]]:
        """The parts of NAL units in a packet's payload."""
        if len(payload) <= _HEADER_BYTES:
            raise ValueError("an empty payload")
        kind = _kind(payload)
        if kind < _AGGREGATION:
            yield Piece.WHOLE, payload
        elif kind == _AGGREGATION:
            yield from _aggregated(payload)
        elif kind == _FRAGMENT:
            header, body = payload[2], payload[3:]
            if header & 0x80:
                body = bytes((payload[0] & 0x81 | (header & 0x3F) << 1, payload[1])) + body
                yield (Piece.WHOLE if header & 0x40 else Piece.FIRST), body
            else:
                yield (Piece.LAST if header & 0x40 else Piece.MIDDLE), body
        else:
            raise ValueError("a packetization that is not used")

    def parameter_set(self, nal: bytes) -> tuple[int, ...] | None:
        """The kind and number of a parameter set; cameras have one of each, but for the pictures' own."""
        kind = _kind(nal)
        if kind == _PPS:
            return kind, Bits(nal[_HEADER_BYTES : _HEADER_BYTES + 8]).unsigned()
        return (kind, 0) if kind in (_VPS, _SPS) else None

    def entry(self, nals: list[bytes]) -> Entry | None:
        """At a random access picture (IDR, BLA, CRA)."""
        slices = [nal for nal in nals if _kind(nal) <= _LAST_VCL]
        if not slices or not _FIRST_IRAP <= _kind(slices[0]) <= _LAST_IRAP:
            return None
        if not Bits(slices[0][_HEADER_BYTES : _HEADER_BYTES + 1]).flag():
            raise ValueError("the first slice is missing")
        return Entry(0)

    def is_reference(self, nals: list[bytes]) -> bool:
        """Whether later frames may build on this one; only asked where decoding begins little by little."""
        return True

    def size(self, nal: bytes) -> tuple[int, int] | None:
        """Width and height that a sequence parameter set declares, without cropping."""
        if _kind(nal) != _SPS:
            return None
        bits = Bits(nal[_HEADER_BYTES:])
        bits.take(4)
        sub_layers = bits.take(3)
        bits.take(1)
        bits.take(88 + 8)  # profile, tier, level
        present = [(bits.flag(), bits.flag()) for _ in range(sub_layers)]
        if sub_layers:
            bits.take(2 * (8 - sub_layers))
        for profile, level in present:
            bits.take(88 * profile + 8 * level)
        bits.unsigned()  # sps_seq_parameter_set_id
        if bits.unsigned() == 3:
            bits.take(1)
        return bits.unsigned(), bits.unsigned()


def _kind(nal: bytes) -> int:
    return (nal[0] >> 1) & 0x3F


def _aggregated(payload: bytes) -> Iterator[tuple[Piece, bytes]]:
    position = _HEADER_BYTES
    while position < len(payload):
        length = int.from_bytes(payload[position : position + 2], "big")
        position += 2
        if length <= _HEADER_BYTES or position + length > len(payload):
            raise ValueError("an aggregation that breaks off")
        yield Piece.WHOLE, payload[position : position + length]
        position += length
