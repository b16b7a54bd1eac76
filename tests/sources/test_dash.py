"""MPEG-DASH as FFmpeg writes it, and as servers write it that mean no good."""

import re
import time
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.domain.errors import FrameFault, SourceError, SourceStale, SourceUnreachable
from monitor.sources.dash import LIVE_SEGMENTS, MOST_SEGMENTS, read_manifest
from monitor.sources.dash_times import parse_duration
from monitor.sources.video import VideoOptions, VideoSource
from tests.net.hostile_server import answer, serving
from tests.sources.test_network_video import RATE, SECONDS, STEP, second, served

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
KINDS = {
    "numbers": {"use_timeline": "0"},
    "timeline": {"use_timeline": "1"},
    "list": {"single_file": "1"},
}


def record(folder, options, size=(64, 48), codec="libx264"):
    """Six seconds in segments of two; the files by name."""
    with av.open(
        str(folder / "m.mpd"), "w", format="dash", options={"seg_duration": "2", **options}
    ) as container:
        stream = container.add_stream(codec, rate=RATE)
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        stream.options = {"tune": "zerolatency", "x264-params": f"keyint={RATE}:scenecut=0"}
        for number in range(RATE * SECONDS):
            grain = np.random.default_rng(number).integers(0, 9, (size[1], size[0], 3))
            picture = (STEP * (number // RATE) + grain).astype(np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode())
    return {file.name: file.read_bytes() for file in folder.iterdir()}


@pytest.fixture(scope="module")
def recordings(tmp_path_factory):
    return {kind: record(tmp_path_factory.mktemp(kind), options) for kind, options in KINDS.items()}


def with_index(files):
    """The single file with one index for all of it, as packagers for video on demand write it."""
    data = files["m-stream0.mp4"]
    spans = [(int(a), int(b)) for a, b in re.findall(rb'mediaRange="(\d+)-(\d+)"', files["m.mpd"])]
    head, timescale = spans[0][0], 10
    entries = b"".join(
        (last - first + 1).to_bytes(4, "big") + (2 * timescale).to_bytes(4, "big") + b"\x90\0\0\0"
        for first, last in spans
    )
    numbers = [1, timescale, 0, 0]
    body = b"sidx\0\0\0\0" + b"".join(number.to_bytes(4, "big") for number in numbers)
    body += b"\0\0" + len(spans).to_bytes(2, "big") + entries
    box = (len(body) + 4).to_bytes(4, "big") + body
    first = f'<Initialization range="0-{head - 1}"/>'
    base = f'<SegmentBase indexRange="{head}-{head + len(box) - 1}">{first}</SegmentBase>'
    manifest = re.sub(rb"<SegmentList.*</SegmentList>", base.encode(), files["m.mpd"], flags=re.DOTALL)
    return {"m.mpd": manifest, "m-stream0.mp4": data[:head] + box + data[head:]}


def seconds_seen(files, clock, count=7):
    with served(files) as site:
        source = VideoSource(VideoOptions(url=site.url("/m.mpd"), position_s=0.5), clock)
        seen = []
        for _ in range(count):
            seen.append(second(source.grab(5)))
            clock.advance(1)
        source.close()
    return seen


@pytest.mark.parametrize("kind", [*KINDS, "index", "whole file"])
def test_a_recording_is_played_by_time(recordings, clock, kind):
    if kind == "index":
        files = with_index(recordings["list"])
    elif kind == "whole file":
        files = dict(recordings["list"])
        files["m.mpd"] = re.sub(rb"<SegmentList.*</SegmentList>", b"", files["m.mpd"], flags=re.DOTALL)
    else:
        files = recordings[kind]
    seen = seconds_seen(files, clock)
    assert seen[:6] == [0, 1, 2, 3, 4, 5]
    assert seen[6] in (0, 1)


def test_h265_is_played_too(tmp_path, clock):
    try:
        files = record(tmp_path, {"use_timeline": "1"}, codec="libx265")
    except (av.FFmpegError, ValueError) as error:
        pytest.skip(f"FFmpeg here has no encoder for H.265: {error}")
    assert seconds_seen(files, clock, 3) == [0, 1, 2]


def test_periods_follow_each_other(recordings, clock):
    files = dict(recordings["timeline"])
    period = re.search(rb"<Period.*</Period>", files["m.mpd"], re.DOTALL)[0]
    # The first ends after its first segment; the second shows all three.
    first = period.replace(b'start="PT0.0S"', b'duration="PT2S"').replace(b'r="2"', b"")
    second_ = period.replace(b'start="PT0.0S"', b'duration="PT6S"')
    files["m.mpd"] = files["m.mpd"].replace(period, first + second_).replace(b"PT6.0S", b"PT8.0S")
    assert seconds_seen(files, clock, 5) == [0, 1, 0, 1, 2]


@contextmanager
def on_air(files, elapsed_s, skew=timedelta(), missing=()):
    """The recording as live video that has run for so long, by a server whose clock is off."""
    now = datetime.now(UTC) + skew
    began = (now - timedelta(seconds=elapsed_s)).isoformat().encode()
    manifest = (
        files["m.mpd"]
        .replace(b'type="static"', b'type="dynamic" availabilityStartTime="' + began + b'"')
        .replace(b'mediaPresentationDuration="PT6.0S"', b"")
    )
    paths = {f"/{name}": answer(data) for name, data in files.items() if name not in missing}
    paths["/m.mpd"] = answer(manifest, headers=f"Date: {format_datetime(now, usegmt=True)}")
    with serving(paths) as site:
        yield site


@pytest.mark.parametrize("skew", [timedelta(), timedelta(hours=-5), timedelta(days=400)])
def test_of_live_video_the_newest_segment_that_is_over_is_taken_by_the_servers_clock(recordings, clock, skew):
    # The header has whole seconds: up to one is cut off.
    for elapsed_s, expected in ((3.0, 1), (5.0, 3), (7.0, 5)):
        with on_air(recordings["numbers"], elapsed_s, skew) as site:
            source = VideoSource(VideoOptions(url=site.url("/m.mpd")), clock)
            frame = source.grab(5)
            assert second(frame) == expected
            assert frame.captured_at == clock.now()


def test_a_segment_that_is_not_there_yet_gives_way_to_the_one_before_it(recordings, clock):
    with on_air(recordings["numbers"], 7.0, missing=["chunk-stream0-00003.m4s"]) as site:
        assert second(VideoSource(VideoOptions(url=site.url("/m.mpd")), clock).grab(5)) == 3
    with on_air(recordings["numbers"], 60) as site, pytest.raises(SourceUnreachable, match="404"):
        VideoSource(VideoOptions(url=site.url("/m.mpd")), clock).grab(5)


@pytest.mark.parametrize("kind", ["timeline", "list"])
def test_of_live_video_that_is_listed_the_last_is_taken_and_is_stale_when_it_stays(recordings, clock, kind):
    with on_air(recordings[kind], 1000) as site:
        options = VideoOptions(url=site.url("/m.mpd"))
        source = VideoSource(options, clock)
        assert second(source.grab(5)) == SECONDS - 1
        another = VideoSource(options, clock)
        another.recall({**dict(source.remember()), "since_s": time.monotonic() - 31.0})
        with pytest.raises(SourceStale, match="no new video for 31 s"):
            another.grab(5)


HEAD = '<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" mediaPresentationDuration="PT10S">'
VIDEO = '<Representation id="v" mimeType="video/mp4" width="640" height="360" bandwidth="9"/>'


LIST_OF_NOTHING = '<SegmentList duration="1"><SegmentURL mediaRange="9-3"/></SegmentList>'
ENDLESS = (
    '<SegmentTemplate media="$Number$"><SegmentTimeline><S d="1" r="999999999999"/></SegmentTimeline>'
    "</SegmentTemplate>"
)


def manifest(inner, head=HEAD):
    return f"{head}<Period><AdaptationSet>{inner}</AdaptationSet></Period></MPD>".encode()


def read(data, target=512):
    return read_manifest(data, "http://h/a/m.mpd", "http://h", NOON, target)


def urls(data, target=512):
    return [segment.media.url for segment in read(data, target).segments]


def test_of_several_sizes_the_smallest_that_is_large_enough_is_taken_and_sound_and_thumbnails_never():
    media = "$RepresentationID$-$Bandwidth$-$Number%03d$$$.m4s"
    template = f'<SegmentTemplate media="{media}" duration="5" startNumber="7"/>'
    sizes = "".join(
        f'<Representation id="{width}" codecs="avc1.4d" width="{width}" height="10" bandwidth="{width}"/>'
        for width in (160, 640, 1280)
    )
    sound = '<Representation id="sound" mimeType="audio/mp4" bandwidth="1"/>'
    small = '<Representation id="thumbs" mimeType="image/jpeg" width="4000" height="10" bandwidth="1"/>'
    data = manifest(template + sound + small + sizes)
    assert urls(data) == ["http://h/a/640-640-007$.m4s", "http://h/a/640-640-008$.m4s"]
    assert urls(data, 100)[0].endswith("/160-160-007$.m4s")
    assert urls(data, 9000)[0].endswith("/1280-1280-007$.m4s")


def test_addresses_start_where_the_levels_above_say():
    inner = (
        "<BaseURL>group/</BaseURL>"
        '<SegmentTemplate timescale="10" initialization="head"/>'
        '<Representation id="v" mimeType="video/mp4"><BaseURL>one/</BaseURL>'
        '<SegmentTemplate media="$Time$"><SegmentTimeline><S t="30" d="20" r="1"/><S d="60"/></SegmentTimeline>'
        "</SegmentTemplate></Representation>"
    )
    data = manifest(inner, HEAD + "<BaseURL>//other.example/x/</BaseURL>")
    base = "http://other.example/x/group/one/"
    assert urls(data) == [f"{base}30", f"{base}50", f"{base}70"]
    assert read(data).segments[0].head.url == f"{base}head"
    assert [segment.duration_s for segment in read(data).segments] == [2.0, 2.0, 6.0]


def test_a_timeline_repeats_as_often_as_fits():
    inner = (
        '<SegmentTemplate media="$Number$"><SegmentTimeline><S t="0" d="2" r="-1"/><S t="6" d="1" r="-1"/>'
        "</SegmentTimeline></SegmentTemplate>" + VIDEO
    )
    assert [url.rpartition("/")[2] for url in urls(manifest(inner))] == ["1", "2", "3", "4", "5", "6", "7"]


@pytest.mark.parametrize(
    ("inner", "said"),
    [
        ("", "without video"),
        ('<Representation mimeType="audio/mp4"/>', "without video"),
        (f"<ContentProtection/>{VIDEO}", "encrypted"),
        (f'<SegmentTemplate media="$Number$"/>{VIDEO}', "cannot be understood"),
        (f'<SegmentTemplate media="$Number$" duration="0"/>{VIDEO}', "cannot be understood"),
        (f'<SegmentTemplate media="$Number$" duration="1" timescale="0"/>{VIDEO}', "cannot be understood"),
        (f'<SegmentTemplate media="$Number$" duration="1" timescale="1000000"/>{VIDEO}', "more than"),
        (f'<SegmentTemplate media="$RepresentationID%05d$" duration="1"/>{VIDEO}', "cannot be understood"),
        (ENDLESS + VIDEO, "more than"),
        (
            (f'<SegmentList duration="1"><SegmentURL mediaRange="9-3"/></SegmentList>{VIDEO}'),
            "cannot be understood",
        ),
    ],
)
def test_what_cannot_be_played_is_said(inner, said):
    with pytest.raises(FrameFault, match=said):
        read(manifest(inner))


@pytest.mark.parametrize(
    "data",
    [
        b"<MPD",
        b"<MPD>" * 10_000,
        b'<!DOCTYPE MPD [<!ENTITY a "x">]><MPD>&a;</MPD>',
        b'<!DOCTYPE MPD SYSTEM "file:///etc/passwd"><MPD/>',
    ],
    ids=["torn", "deep", "entities", "a document type"],
)
def test_no_manifest_is_refused_at_once(data):
    began_s = time.perf_counter()
    with pytest.raises(FrameFault, match="cannot be understood"):
        read(data)
    assert time.perf_counter() - began_s < 5


def test_endless_repeats_of_live_video_cost_nothing():
    found = read(manifest(ENDLESS + VIDEO, '<MPD type="dynamic">'))
    assert [segment.media.url for segment in found.segments] == [
        "http://h/a/999999999999",
        "http://h/a/1000000000000",
    ]
    assert len(found.segments) == LIVE_SEGMENTS < MOST_SEGMENTS


@pytest.mark.parametrize("base", ["http://169.254.169.254/latest/", "file:///etc/", "ftp://127.0.0.1/"])
def test_segments_elsewhere_are_judged_as_every_address(recordings, clock, base):
    files = dict(recordings["numbers"])
    files["m.mpd"] = files["m.mpd"].replace(b"<Period ", f"<BaseURL>{base}</BaseURL><Period ".encode())
    with served(files) as site, pytest.raises(SourceError) as caught:
        VideoSource(VideoOptions(url=site.url("/m.mpd")), clock).grab(5)
    assert "passwd" not in str(caught.value)


@pytest.mark.parametrize(
    "index",
    [b"", b"no index", b"\0\0\0\x20sidx", b"\0\0\0\x20sidx" + b"\xff" * 40],
    ids=["none", "other", "torn", "odd"],
)
def test_an_index_that_is_none_is_said(recordings, clock, index):
    files = with_index(recordings["list"])
    start = files["m-stream0.mp4"].index(b"sidx") - 4
    files["m-stream0.mp4"] = files["m-stream0.mp4"][:start] + index.ljust(68, b"\0")
    with served(files) as site, pytest.raises(FrameFault):
        VideoSource(VideoOptions(url=site.url("/m.mpd")), clock).grab(5)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("PT1H2M3.5S", 3723.5), ("PT0.25S", 0.25), ("P1DT1S", 86_401.0), (None, None)],
)
def test_durations(text, seconds):
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "P", "PT", "5", "PT5", "-PT5S", "PT" + "9" * 40 + "S"])
def test_what_is_no_duration(text):
    with pytest.raises(ValueError, match="no duration"):
        parse_duration(text)


NUMBERS = st.sampled_from(["-1", "0", "1", "2", "90000", "9" * 18, "9" * 5000, "x", "", "1.5", "PT5S"])


@given(st.dictionaries(st.sampled_from(["media", "initialization", "duration", "timescale", "startNumber"]), NUMBERS),
       st.lists(st.dictionaries(st.sampled_from("tdr"), NUMBERS), max_size=4), st.booleans(), NUMBERS)  # fmt: skip
def test_whatever_a_manifest_says_it_is_segments_or_a_fault(template, timeline, live, length):
    def written(attributes):
        return " ".join(f'{name}="{value}"' for name, value in attributes.items())

    entries = "".join(f"<S {written(entry)}/>" for entry in timeline)
    kind = 'type="dynamic" availabilityStartTime="2026-03-04T11:00:00Z"' if live else ""
    attributes = written({"media": "$Number$", **template})
    inner = (
        f"<SegmentTemplate {attributes}><SegmentTimeline>{entries}</SegmentTimeline></SegmentTemplate>{VIDEO}"
    )
    try:
        found = read(manifest(inner, f'<MPD {kind} mediaPresentationDuration="{length}">'))
    except FrameFault:
        return
    assert 0 < len(found.segments) <= MOST_SEGMENTS
    assert all(segment.media.url.startswith("http") for segment in found.segments)
