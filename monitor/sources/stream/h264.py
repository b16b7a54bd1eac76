"""H.264: its RTP payload (RFC 6184), and as much of its headers as it takes to find where decoding can begin."""

from __future__ import annotations

from collections.abc import Iterator

from monitor.sources.stream.bits import Bits
from monitor.sources.stream.nal import Entry, Piece

_SLICE, _IDR_SLICE, _SEI, _SPS, _PPS = 1, 5, 6, 7, 8
_STAP_A, _FU_A = 24, 28
_RECOVERY_POINT = 6
_HIGH_PROFILES = (100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135)


class H264:
    """The codec; see `Codec`."""

    decoder = "h264"

    def pieces(self, payload: bytes) -> Iterator[tuple[Piece, bytes]]:
        """The parts of NAL units in a packet's payload."""
        if len(payload) < 2:
            raise ValueError("an empty payload")
        kind = payload[0] & 0x1F
        if 1 <= kind < _STAP_A:
            yield Piece.WHOLE, payload
        elif kind == _STAP_A:
            yield from _aggregated(payload, 1)
        elif kind == _FU_A:
            header, body = payload[1], payload[2:]
            if header & 0x80:
                body = bytes((payload[0] & 0xE0 | header & 0x1F,)) + body
                yield (Piece.WHOLE if header & 0x40 else Piece.FIRST), body
            else:
                yield (Piece.LAST if header & 0x40 else Piece.MIDDLE), body
        else:
            raise ValueError("a packetization that is not used")

    def parameter_set(self, nal: bytes) -> tuple[int, ...] | None:
        """The kind and number of a parameter set."""
        kind = nal[0] & 0x1F
        if kind == _SPS:
            return kind, Bits(nal[4:12]).unsigned()
        if kind == _PPS:
            return kind, Bits(nal[1:9]).unsigned()
        return None

    def entry(self, nals: list[bytes]) -> Entry | None:
        """At an IDR picture, at a recovery point, or at a picture of I slices alone."""
        slices = [nal for nal in nals if nal[0] & 0x1F in (_SLICE, _IDR_SLICE)]
        if not slices:
            return None
        if slices[0][0] & 0x1F == _IDR_SLICE:
            if Bits(slices[0][1:9]).unsigned() != 0:
                raise ValueError("the first slice is missing")
            return Entry(0)
        for nal in nals:
            if nal[0] & 0x1F == _SEI and (frames := _recovery_frames(nal)) is not None:
                return Entry(frames)
        return None

    def is_reference(self, nals: list[bytes]) -> bool:
        """Whether later frames may build on this one."""
        return any(nal[0] & 0x60 for nal in nals if nal[0] & 0x1F in (_SLICE, _IDR_SLICE))

    def size(self, nal: bytes) -> tuple[int, int] | None:
        """Width and height that a sequence parameter set declares, without cropping."""
        if nal[0] & 0x1F != _SPS:
            return None
        bits = Bits(nal[1:])
        profile = bits.take(8)
        bits.take(16)
        bits.unsigned()  # seq_parameter_set_id
        if profile in _HIGH_PROFILES:
            _skip_chroma(bits)
        bits.unsigned()  # log2_max_frame_num_minus4
        order = bits.unsigned()
        if order == 0:
            bits.unsigned()
        elif order == 1:
            bits.take(1)
            bits.signed()
            bits.signed()
            for _ in range(min(bits.unsigned(), 255)):
                bits.signed()
        bits.unsigned()  # max_num_ref_frames
        bits.take(1)
        columns, rows = bits.unsigned() + 1, bits.unsigned() + 1
        return 16 * columns, 16 * rows * (1 if bits.flag() else 2)


def _aggregated(payload: bytes, position: int) -> Iterator[tuple[Piece, bytes]]:
    while position < len(payload):
        length = int.from_bytes(payload[position : position + 2], "big")
        position += 2
        if not length or position + length > len(payload):
            raise ValueError("an aggregation that breaks off")
        yield Piece.WHOLE, payload[position : position + length]
        position += length


def _recovery_frames(nal: bytes) -> int | None:
    """`recovery_frame_cnt` of a recovery point message, if the SEI holds one."""
    data, position = nal[1:].replace(b"\x00\x00\x03", b"\x00\x00"), 0
    while position + 2 < len(data):
        kind, position = _sei_number(data, position)
        length, position = _sei_number(data, position)
        if kind == _RECOVERY_POINT:
            return Bits(data[position : position + length]).unsigned()
        position += length
    return None


def _sei_number(data: bytes, position: int) -> tuple[int, int]:
    total = 0
    while position < len(data) and data[position] == 0xFF:
        total += 255
        position += 1
    if position >= len(data):
        raise ValueError("an SEI that breaks off")
    return total + data[position], position + 1


def _skip_chroma(bits: Bits) -> None:
    """The fields of the high profiles, up to the scaling lists."""
    chroma = bits.unsigned()
    if chroma == 3:
        bits.take(1)
    bits.unsigned()
    bits.unsigned()
    bits.take(1)
    if not bits.flag():
        return
    for number in range(12 if chroma == 3 else 8):
        if not bits.flag():
            continue
        last = following = 8
        for _ in range(16 if number < 6 else 64):
            if following:
                following = (last + bits.signed()) % 256
            last = following or last
