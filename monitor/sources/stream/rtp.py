"""RTP packets (RFC 3550), as far as a receiver of one track needs them."""

from __future__ import annotations

from dataclasses import dataclass, field

_HEADER_BYTES = 12


@dataclass(frozen=True, slots=True)
class RtpPacket:
    """One packet.

    Attributes:
        payload_type: What the payload is, as the session's description says.
        marker: For video: the last packet of a picture.
        sequence: 16 bits.
        timestamp: 32 bits; the same for all packets of a picture.
        source: Who sends (SSRC).
        payload: Without header, extension and padding.
    """

    payload_type: int
    marker: bool
    sequence: int
    timestamp: int
    source: int
    payload: bytes = field(repr=False)


def parse_rtp(data: bytes) -> RtpPacket | None:
    """The packet, or None where the bytes are none."""
    if len(data) < _HEADER_BYTES or data[0] >> 6 != 2:
        return None
    begins = _HEADER_BYTES + 4 * (data[0] & 0x0F)
    if data[0] & 0x10:
        begins += 4 + 4 * int.from_bytes(data[begins + 2 : begins + 4], "big")
    ends = len(data) - (data[-1] if data[0] & 0x20 else 0)
    if begins > ends:
        return None
    return RtpPacket(
        payload_type=data[1] & 0x7F,
        marker=bool(data[1] & 0x80),
        sequence=int.from_bytes(data[2:4], "big"),
        timestamp=int.from_bytes(data[4:8], "big"),
        source=int.from_bytes(data[8:12], "big"),
        payload=data[begins:ends],
    )
