"""Manifests of MPEG-DASH, and indices of files."""

from __future__ import annotations

from datetime import UTC, datetime

from monitor.domain.errors import FrameFault
from monitor.sources.dash import MOST_SEGMENTS, read_manifest
from monitor.sources.playlist import Part
from monitor.sources.segment_index import read_index
from tests.fuzz.target import Broken, Target

NOON = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
_REPRESENTATION = b'<Representation id="v" mimeType="video/mp4" width="64" bandwidth="9"/>'


def check(data: bytes) -> object:
    try:
        if b"sidx" in data:
            segments = read_index(data, Part("http://h/a", 800, 60), "http://h")
        else:
            segments = read_manifest(data, "http://h/m.mpd", "http://h", NOON, 480).segments
    except FrameFault as fault:
        return type(fault)
    if len(segments) > MOST_SEGMENTS:
        raise Broken(f"{len(segments)} segments")
    if any(segment.media.first_byte < 0 or segment.duration_s < 0 for segment in segments):
        raise Broken("bytes before the first, or a negative length")
    return len(segments)


def seeds() -> list[bytes]:
    def manifest(inner: bytes, kind: bytes = b'mediaPresentationDuration="PT6S"') -> bytes:
        return (
            b"<MPD " + kind + b"><Period><BaseURL>a/</BaseURL><AdaptationSet>" + inner + _REPRESENTATION
            + b"</AdaptationSet></Period></MPD>"
        )  # fmt: skip

    live = b'type="dynamic" availabilityStartTime="2026-06-01T11:00:00Z"'
    numbers = b'<SegmentTemplate media="$Number%05d$" initialization="i" duration="2" timescale="1"/>'
    entries = b'<SegmentTimeline><S t="0" d="2" r="-1"/></SegmentTimeline>'
    timeline = b'<SegmentTemplate media="$Time$">' + entries + b"</SegmentTemplate>"
    listed = b'<SegmentList duration="2"><Initialization range="0-9"/><SegmentURL mediaRange="10-20"/></SegmentList>'
    single = b'<SegmentBase indexRange="10-20"/>'
    index = b"\0\0\0\x2csidx\0\0\0\0\0\0\0\1\0\0\0\x0a" + b"\0" * 11 + b"\1\0\0\1\0\0\0\0\x14\x90\0\0\0"
    return [
        *(manifest(each) for each in (numbers, timeline, listed, single)),
        *(manifest(each, live) for each in (numbers, timeline)),
        index,
        b"",
    ]


TARGET = Target(
    promise="Segments of a bounded number, none of them before the first byte, or a fault.",
    check=check,
    seeds=seeds,
    words=(
        b"<S ",
        b'r="-1"',
        b'd="',
        b'r="999999999"',
        b"$Time$",
        b"$Number%09d$",
        b"PT1H",
        b"sidx",
        b"<Period/>",
    ),
    longest=2_000,
    slowest_s=1.0,
)
