"""Making what a camera sends: key frames, packets, descriptions."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from fractions import Fraction
from functools import cache

import av
import numpy as np

from tests.sources.drawing import draw

LARGEST_PAYLOAD = 1200


@cache
def key_frame(codec: str = "h264", width: int = 64, height: int = 48, slices: int = 1) -> tuple[bytes, ...]:
    """The NAL units of one drawn picture, parameter sets first."""
    return tuple(nals_of(encode([draw(width, height)], codec, slices=slices)[0]))


def encode(
    pictures: Sequence[np.ndarray],
    codec: str = "h264",
    *,
    slices: int = 1,
    keys_every: int = 250,
    more: str = "",
) -> list[bytes]:
    """Each picture as the byte stream of its access unit."""
    height, width = pictures[0].shape[:2]
    name = {"h264": "libx264", "hevc": "libx265"}[codec]
    context = av.CodecContext.create(name, "w")
    context.width, context.height, context.pix_fmt = width, height, "yuv420p"
    context.time_base, context.framerate = Fraction(1, 5), Fraction(5)
    parameters = (
        f"slices={slices}:keyint={keys_every}:min-keyint=1:scenecut=0:bframes=0:repeat-headers=1{more}"
    )
    if codec == "h264":
        context.options = {
            "preset": "veryfast",
            "tune": "zerolatency",
            "x264-params": f"{parameters}:sliced-threads=0",
        }
    else:
        context.options = {
            "preset": "ultrafast",
            "tune": "zerolatency",
            "x265-params": f"{parameters}:log-level=none",
        }
    packets = []
    for number, picture in enumerate(pictures):
        frame = av.VideoFrame.from_ndarray(picture, "rgb24")
        frame.pts = number
        packets += context.encode(frame)
    return [bytes(packet) for packet in [*packets, *context.encode(None)]]


def nals_of(stream: bytes) -> list[bytes]:
    """The NAL units of an Annex B byte stream."""
    return [nal for nal in stream.replace(b"\0\0\0\1", b"\0\0\1").split(b"\0\0\1") if nal]


def packetize(
    nals: Sequence[bytes],
    sequence: int = 0,
    timestamp: int = 0,
    codec: str = "h264",
    largest: int = LARGEST_PAYLOAD,
) -> list[bytes]:
    """RTP packets of one access unit, the last one marked."""
    payloads: list[bytes] = []
    for nal in nals:
        payloads += [nal] if len(nal) <= largest else _fragments(nal, codec, largest)
    return [
        rtp(payload, sequence + number, timestamp, marker=number == len(payloads) - 1)
        for number, payload in enumerate(payloads)
    ]


def rtp(payload: bytes, sequence: int, timestamp: int = 0, *, marker: bool = False, source: int = 7) -> bytes:
    """One packet of payload type 96."""
    head = bytes((0x80, 96 | (0x80 if marker else 0)))
    return (
        head
        + (sequence % 65536).to_bytes(2, "big")
        + timestamp.to_bytes(4, "big")
        + source.to_bytes(4, "big")
        + payload
    )


def interleaved(packet: bytes, channel: int = 0) -> bytes:
    """A packet within the RTSP connection."""
    return b"$" + bytes((channel,)) + len(packet).to_bytes(2, "big") + packet


def description(encoding: str = "H264", nals: Sequence[bytes] = (), control: str = "track1") -> str:
    """A session's description."""
    sets = ",".join(base64.b64encode(nal).decode() for nal in nals if nal[0] & 31 in (7, 8))
    sprop = f"a=fmtp:96 packetization-mode=1;sprop-parameter-sets={sets}\r\n" if sets else ""
    return (
        "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=test\r\nc=IN IP4 0.0.0.0\r\nt=0 0\r\na=control:*\r\n"
        f"m=video 0 RTP/AVP 96\r\na=rtpmap:96 {encoding}/90000\r\n{sprop}a=control:{control}\r\n"
    )


def _fragments(nal: bytes, codec: str, largest: int) -> list[bytes]:
    header_bytes = 1 if codec == "h264" else 2
    body = nal[header_bytes:]
    parts = [body[start : start + largest] for start in range(0, len(body), largest)]
    found = []
    for number, part in enumerate(parts):
        edge = (0x80 if number == 0 else 0) | (0x40 if number == len(parts) - 1 else 0)
        if codec == "h264":
            head = bytes((nal[0] & 0xE0 | 28, edge | nal[0] & 0x1F))
        else:
            head = bytes((nal[0] & 0x81 | 49 << 1, nal[1], edge | (nal[0] >> 1) & 0x3F))
        found.append(head + part)
    return found
