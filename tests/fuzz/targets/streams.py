"""M-JPEG streams: `CUTS NUL STREAM`, where CUTS says how long the pieces are in which the stream arrives."""

from __future__ import annotations

from monitor.domain.errors import FrameFault
from monitor.sources.jpeg_stream import JpegStream
from tests.fuzz.target import Broken, Target
from tests.fuzz.targets import pictures
from tests.sources.drawing import draw, encode

MAX_BYTES = 3000


def check(data: bytes) -> object:
    cuts, _, stream = data.partition(b"\0")
    lengths = [byte or 1 for byte in cuts] or [1]
    whole, in_pieces = _found(stream, [len(stream) or 1]), _found(stream, lengths)
    if whole != in_pieces:
        raise Broken(f"at once {_brief(whole)}, in pieces {_brief(in_pieces)}")
    for picture in whole[0]:
        if not (picture.startswith(b"\xff\xd8\xff") and picture.endswith(b"\xff\xd9") and picture in stream):
            raise Broken(f"no JPEG: {picture[:20]!r} … {picture[-20:]!r}")
        if len(picture) > MAX_BYTES:
            raise Broken(f"a picture of {len(picture)} bytes")
    return whole


def _found(stream: bytes, lengths: list[int]) -> tuple[list[bytes], str]:
    """The pictures, and why it ended early if it did."""
    finder, found, at, turn = JpegStream(MAX_BYTES), [], 0, 0
    while at < len(stream):
        length = lengths[turn % len(lengths)]
        try:
            found += finder.feed(stream[at : at + length])
        except FrameFault as fault:
            return found, str(fault)
        at, turn = at + length, turn + 1
    try:
        finder.feed(b"")  # A fault that came together with pictures is raised by the next call.
    except FrameFault as fault:
        return found, str(fault)
    return found, ""


def _brief(outcome: tuple[list[bytes], str]) -> str:
    return f"{[len(picture) for picture in outcome[0]]} {outcome[1]!r}"


def seeds() -> list[bytes]:
    one, two = encode(draw(16, 16), quality=30), encode(draw(24, 16), quality=30)
    part = b"--b\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n%b\r\n"
    return [
        b"\x40\0" + part % (len(one), one) + part % (len(two), two),
        b"\x01\x07\0" + one + two + one,
        b"\x20\0--wrong\r\n\r\n" + one[:300] + two,
        b"\x20\0" + pictures.seeds()[1],
        b"\x03\0<html>no stream</html>",
    ]


TARGET = Target(
    promise="The same pictures however they arrive, each a JPEG from end to end, or a FrameFault.",
    check=check,
    seeds=seeds,
    words=(*pictures.TARGET.words[:11], b"\r\n--b\r\n", b"Content-Length: 9999\r\n", b"\xff\xff\xff"),
    longest=8192,
    slowest_s=1.0,
)
