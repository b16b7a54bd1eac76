"""RTP packets of H.264 and H.265: `CODEC`, then each packet behind its length in two bytes."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime

from monitor.domain.errors import FrameFault
from monitor.sources.stream.entry import EntryFinder, KeyPicture
from monitor.sources.stream.keyframe import TornPicture, decode_key_picture
from monitor.sources.stream.live import CODECS
from monitor.sources.stream.nal import Assembler
from monitor.sources.stream.rtp import parse_rtp
from tests.fuzz.target import Broken, Target
from tests.sources.drawing import draw

NOON = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
MAX_BYTES = 1 << 16
MAX_PIXELS = 100_000


def check(data: bytes) -> object:
    codec = list(CODECS.values())[(data[0] if data else 0) % len(CODECS)]
    assembler, finder = Assembler(codec, MAX_BYTES), EntryFinder(codec, (), MAX_BYTES)
    seen: list[object] = []
    for packet in filter(None, map(parse_rtp, _packets(data[1:]))):
        for unit in assembler.add(packet):
            if (picture := finder.add(unit, NOON, 0.0)) is not None:
                seen.append(_decoded(picture, codec.decoder))
    return seen, finder.torn


def _decoded(picture: KeyPicture, decoder: str) -> str:
    if sum(map(len, picture.units)) > 2 * MAX_BYTES:
        raise Broken(f"a picture of {sum(map(len, picture.units))} bytes")
    try:
        frame = decode_key_picture(picture, decoder, MAX_PIXELS)
    except (FrameFault, TornPicture) as fault:
        return type(fault).__name__
    if frame.width * frame.height > MAX_PIXELS:
        raise Broken(f"a frame of {frame.width} × {frame.height}")
    if decoder == "hevc":
        # FFmpeg's decoder shows memory that nobody wrote where a slice is damaged, and does not say so.
        return f"{frame.width} × {frame.height}"
    return hashlib.sha256(frame.to_ndarray(format="rgb24").tobytes()).hexdigest()


def _packets(data: bytes) -> list[bytes]:
    found, at = [], 0
    while at + 2 <= len(data):
        length = int.from_bytes(data[at : at + 2], "big")
        found.append(data[at + 2 : at + 2 + length])
        at += 2 + length
    return found


def seeds() -> list[bytes]:
    return [bytes([number]) + _stream(codec.decoder) for number, codec in enumerate(CODECS.values())]


def _stream(decoder: str) -> bytes:
    """Two small pictures, each NAL unit in a packet of its own, large ones left out."""
    import av

    encoder = av.CodecContext.create({"h264": "libx264", "hevc": "libx265"}[decoder], "w")
    encoder.width, encoder.height, encoder.pix_fmt = 64, 48, "yuv420p"
    encoder.framerate, encoder.gop_size = 10, 1
    encoder.options = {"x265-params": "log-level=none", "preset": "ultrafast"}
    units = [encoder.encode(av.VideoFrame.from_ndarray(draw() // shade, format="rgb24")) for shade in (1, 2)]
    packed, sequence = b"", 0
    for moment, packet in enumerate([*units[0], *units[1], *encoder.encode(None)]):
        nals = [nal.lstrip(b"\0") for nal in bytes(packet).split(b"\0\0\1") if nal.strip(b"\0")]
        for nal in nals:
            marker = 0x80 if nal is nals[-1] else 0
            head = (
                bytes((0x80, marker | 96))
                + sequence.to_bytes(2, "big")
                + moment.to_bytes(4, "big")
                + b"\0\0\0\1"
            )
            packed += (len(head) + len(nal)).to_bytes(2, "big") + head + nal
            sequence += 1
    return packed


TARGET = Target(
    promise="Pictures that are whole, or none; a picture that costs too much is a FrameFault.",
    check=check,
    seeds=seeds,
    words=(
        b"\x80\xe0",
        b"\x80\x60",
        b"\x7c\x85",
        b"\x7c\x45",
        b"\x67",
        b"\x68",
        b"\x65\x88",
        b"\x18",
        b"\x62\x01\x93",
    ),
    longest=8192,
    slowest_s=2.0,
)
