import io
import time
from contextlib import contextmanager
from pathlib import Path

import av
import numpy as np
import pytest

from monitor.domain.errors import (
    FrameFault,
    SourceDenied,
    SourceError,
    SourceStale,
    SourceTimeout,
    SourceUnreachable,
)
from monitor.sources.errors import InvalidOption
from monitor.sources.hls import read_playlist
from monitor.sources.playlist import Variant, choose
from monitor.sources.video import VideoOptions, VideoSource
from tests.net.hostile_server import PASSWORD, USERNAME, answer, basic, serving, silence

RATE, SECONDS, STEP = 5, 6, 40
"""Each second of the test video is `STEP` brighter."""


def record(folder: Path, kind: str, size: tuple[int, int] = (64, 48)) -> dict[str, bytes]:
    """Six seconds as HLS segments of two seconds; the files by name."""
    options = {"hls_time": "2", "hls_segment_type": kind, "hls_list_size": "0", "hls_playlist_type": "vod"}
    with av.open(str(folder / "index.m3u8"), "w", format="hls", options=options) as container:
        stream = container.add_stream("libx264", rate=RATE)
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        stream.options = {"tune": "zerolatency", "x264-params": f"keyint={RATE}:scenecut=0"}
        for number in range(RATE * SECONDS):
            grain = np.random.default_rng(number).integers(0, 9, (size[1], size[0], 3))
            picture = (STEP * (number // RATE) + grain).astype(np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode())
    return {file.name: file.read_bytes() for file in folder.iterdir()}


@pytest.fixture(scope="module", params=["mpegts", "fmp4"])
def files(request, tmp_path_factory):
    return record(tmp_path_factory.mktemp(request.param), request.param)


@pytest.fixture(scope="module")
def ts_files(tmp_path_factory):
    return record(tmp_path_factory.mktemp("ts"), "mpegts")


@contextmanager
def served(files: dict[str, bytes], **more):
    paths = {f"/{name}": answer(data) for name, data in files.items()}
    with serving({**paths, **{f"/{name}": behaviour for name, behaviour in more.items()}}) as site:
        yield site


def live(files: dict[str, bytes]) -> dict[str, bytes]:
    """The same without its end, which is what live means."""
    return {
        **files,
        "index.m3u8": files["index.m3u8"].replace(b"#EXT-X-ENDLIST", b"").replace(b"VOD", b"EVENT"),
    }


def second(frame) -> int:
    return round(float(frame.pixels.mean()) / STEP)


def test_a_recording_is_played_by_time(files, clock):
    with served(files) as site:
        source = VideoSource(VideoOptions(url=site.url("/index.m3u8"), position_s=0.5), clock)
        seen = []
        for _ in range(7):
            seen.append(second(source.grab(5)))
            clock.advance(1)
        source.close()
    assert seen == [0, 1, 2, 3, 4, 5, 0] or seen == [0, 1, 2, 3, 4, 5, 1]


def test_a_recording_that_is_over_is_stale_if_so_configured(ts_files, clock):
    with served(ts_files) as site:
        options = VideoOptions(url=site.url("/index.m3u8"), step_s=3.0, at_end="stale")
        source = VideoSource(options, clock)
        assert [second(source.grab(5)) for _ in range(2)] == [0, 3]
        with pytest.raises(SourceStale, match="is over"):
            source.grab(5)


def test_of_a_live_video_the_newest_key_frame_is_taken(files, clock):
    with served(live(files)) as site:
        source = VideoSource(VideoOptions(url=site.url("/index.m3u8")), clock)
        frame = source.grab(5)
        assert second(frame) == SECONDS - 1
        assert frame.captured_at == clock.now()
        assert source.grab(5).digest == frame.digest


def test_a_live_video_that_does_not_go_on_is_stale_also_for_another_instance(ts_files, clock):
    with served(live(ts_files)) as site:
        options = VideoOptions(url=site.url("/index.m3u8"))
        source = VideoSource(options, clock)
        source.grab(5)
        memory = dict(source.remember())
        another = VideoSource(options, clock)
        another.recall({**memory, "since_s": time.monotonic() - 31.0})
        with pytest.raises(SourceStale, match="no new video for 31 s"):
            another.grab(5)
        for odd in (
            {"newest": "x", "since_s": None},
            {"newest": 1, "since_s": 1e18},
            {"newest": 5, "since_s": -1},
        ):
            odder = VideoSource(options, clock)
            odder.recall(odd)
            odder.grab(5)


def test_the_smallest_size_that_is_large_enough_is_chosen(tmp_path, clock):
    files: dict[str, bytes] = {}
    lines = ["#EXTM3U"]
    for width, height in ((160, 120), (640, 480), (1280, 960)):
        folder = tmp_path / str(width)
        folder.mkdir()
        files |= {f"{width}/{name}": data for name, data in record(folder, "mpegts", (width, height)).items()}
        lines += [
            f"#EXT-X-STREAM-INF:BANDWIDTH={width * 1000},RESOLUTION={width}x{height}",
            f"{width}/index.m3u8",
        ]
    lines += ['#EXT-X-STREAM-INF:BANDWIDTH=1,CODECS="mp4a.40.2"', "sound.m3u8", ""]
    files["master.m3u8"] = "\n".join(lines).encode()
    with served(files) as site:
        for target, expected in ((480, 640), (100, 160), (2000, 1280)):
            options = VideoOptions(url=site.url("/master.m3u8"), target_long_side=target)
            assert VideoSource(options, clock).grab(5).native_width == expected


def test_segments_may_be_ranges_of_one_file(ts_files, clock):
    names = sorted(name for name in ts_files if name.endswith(".ts"))
    whole, text = b"", "#EXTM3U\n#EXT-X-VERSION:4\n#EXT-X-TARGETDURATION:2\n"
    for number, name in enumerate(names):
        offset = f"@{len(whole)}" if number != 1 else ""
        text += f"#EXTINF:2,\n#EXT-X-BYTERANGE:{len(ts_files[name])}{offset}\nall.ts\n"
        whole += ts_files[name]
    with served({"index.m3u8": (text + "#EXT-X-ENDLIST\n").encode(), "all.ts": whole}) as site:
        source = VideoSource(VideoOptions(url=site.url("/index.m3u8"), step_s=2.0, position_s=0.1), clock)
        assert [second(source.grab(5)) for _ in range(3)] == [0, 2, 4]
        asked = [request.headers.get("range") for request in site.asked if request.target == "/all.ts"]
        assert (
            asked[1] == f"bytes={len(ts_files[names[0]])}-{len(ts_files[names[0]] + ts_files[names[1]]) - 1}"
        )


def test_a_whole_file_at_an_address_is_played(ts_files, clock):
    data = b"".join(data for name, data in sorted(ts_files.items()) if name.endswith(".ts"))
    with served({"video.ts": data}) as site:
        source = VideoSource(VideoOptions(url=site.url("/video.ts"), step_s=2.0), clock)
        assert [second(source.grab(5)) for _ in range(2)] == [0, 2]


def test_credentials_go_to_the_host_of_the_address_and_to_no_other(ts_files, clock):
    name = min(name for name in ts_files if name.endswith(".ts"))
    with served(ts_files) as elsewhere:
        text = f"#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n{elsewhere.url('/' + name)}\n#EXT-X-ENDLIST\n"
        with serving({"/index.m3u8": basic(text.encode())}) as site:
            options = VideoOptions(url=site.url("/index.m3u8"), username=USERNAME, password=PASSWORD)
            VideoSource(options, clock).grab(5)
        assert [request.headers.get("authorization") for request in elsewhere.asked] == [None]
        with serving({"/index.m3u8": basic(text.encode())}) as site, pytest.raises(SourceDenied, match="401"):
            VideoSource(VideoOptions(url=site.url("/index.m3u8")), clock).grab(5)


SEGMENT = "#EXTM3U\n#EXT-X-TARGETDURATION:2\n{}#EXTINF:2,\n{}\n#EXT-X-ENDLIST\n"
KEY = '#EXT-X-KEY:METHOD={},URI="key.bin"\n'


@pytest.mark.parametrize(
    ("text", "error", "said"),
    [
        (SEGMENT.format("", "http://169.254.169.254/latest/c4nary"), SourceUnreachable, "may not be contacted"),
        (SEGMENT.format("", "file:///etc/passwd"), SourceUnreachable, "neither"),
        (SEGMENT.format("", "ftp://x/c4nary"), SourceUnreachable, "neither"),
        (SEGMENT.format("", "missing.ts"), SourceUnreachable, "404"),
        (SEGMENT.format("", "page.ts"), FrameFault, "an HTML page"),
        (SEGMENT.format("", "garbage.ts"), FrameFault, ""),
        (SEGMENT.format("", "silent.ts"), SourceTimeout, "not done within"),
        (SEGMENT.format("", "redirect.ts"), SourceUnreachable, "redirects"),
        (SEGMENT.format(KEY.format("AES-128"), "0.ts"), FrameFault, "encrypted"),
        (SEGMENT.format(KEY.format("SAMPLE-AES"), "0.ts"), FrameFault, "encrypted"),
        ("#EXTM3U\n", FrameFault, "without video"),
        ("#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nindex.m3u8\n", FrameFault, "without video"),
        ("#EXTM3U\n#EXTINF:nan,\n#EXT-X-BYTERANGE:-5@x\na.ts\n", FrameFault, "cannot be understood"),
        ('<?xml version="1.0"?><MPD></MPD>', FrameFault, "manifest without video"),
        ("<html>c4nary</html>", FrameFault, "no video, but an HTML page"),
        ("", SourceError, ""),
    ],
)  # fmt: skip
def test_what_cannot_be_played_says_why_and_is_bounded(clock, text, error, said):
    behaviours = {
        "page.ts": answer(b"<html>c4nary"),
        "garbage.ts": answer(b"\x47" * 5000),
        "silent.ts": silence,
        "redirect.ts": answer(b"", "302 Found", "Location: http://169.254.169.254/"),
    }
    with served({"index.m3u8": text.encode()}, **behaviours) as site:
        source = VideoSource(VideoOptions(url=site.url("/index.m3u8?c4nary")), clock)
        started_s = time.monotonic()
        with pytest.raises(error) as caught:
            source.grab(0.5)
        source.close()
    assert time.monotonic() - started_s < 4.0
    assert said in str(caught.value)
    assert "c4nary" not in str(caught.value) + repr(caught.value)
    assert caught.value.problem
    assert caught.value.remedy


def test_too_many_bytes_and_pixels_are_refused(ts_files, clock):
    with served(ts_files) as site:
        for bound in ({"max_bytes": 1000}, {"max_pixels": 1000}):
            with pytest.raises(FrameFault):
                VideoSource(VideoOptions(url=site.url("/index.m3u8"), **bound), clock).grab(5)


def test_a_torn_newest_key_frame_is_passed_over_for_the_one_before(ts_files, clock):
    name = max(name for name in ts_files if name.endswith(".ts"))
    files = live(ts_files)
    data = files[name]
    # The last second's packets are cut off in the middle of its key frame.
    with av.open(io.BytesIO(data)) as container:
        last = [packet.pos for packet in container.demux(video=0) if packet.size and packet.is_keyframe][-1]
    files[name] = data[: last + 188]
    with served(files) as site:
        assert second(VideoSource(VideoOptions(url=site.url("/index.m3u8")), clock).grab(5)) == SECONDS - 2


def test_options_name_one_place(clock):
    for options in ({}, {"path": Path("a"), "url": "http://192.0.2.1/a.m3u8"}):
        with pytest.raises(InvalidOption, match="exclude each other"):
            VideoOptions(**options)


def test_of_variants_without_sizes_the_one_with_the_lowest_rate_is_taken():
    variants = [Variant("a", 0, 300), Variant("b", 0, 100), Variant("c", 0, 200)]
    assert choose(variants, 480).url == "b"


def test_ranges_go_on_where_the_one_before_ended():
    text = "#EXTM3U\n#EXTINF:1,\n#EXT-X-BYTERANGE:10@5\na.ts\n#EXTINF:1,\n#EXT-X-BYTERANGE:7\na.ts\n"
    first, later = read_playlist(text, "http://h/x/index.m3u8", "http://h").segments
    assert (first.media.first_byte, first.media.length) == (5, 10)
    assert (later.media.first_byte, later.media.length) == (15, 7)
    assert later.media.url == "http://h/x/a.ts"
