import gc
import struct
import time
from pathlib import Path

import av
import numpy as np
import pytest

from monitor.domain.errors import FrameFault, SourceDenied, SourceStale, SourceTimeout, SourceUnreachable
from monitor.sources.errors import InvalidOption
from monitor.sources.video import VideoOptions, VideoSource
from tests.net.hostile_server import answer, serving
from tests.sources.drawing import draw, looks_like

RATE = 10
SECONDS = 6
STEP = 40  # Each second of the test video is this much brighter.


def record(path: Path, *, width: int = 64, height: int = 48, codec: str = "mpeg4") -> Path:
    """Six seconds whose grey tells the second."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=RATE)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.gop_size = 15
        for number in range(RATE * SECONDS):
            picture = np.full((height, width, 3), STEP * (number // RATE), np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode())
    return path


@pytest.fixture(scope="module")
def video(tmp_path_factory):
    return record(tmp_path_factory.mktemp("video") / "grey.mp4")


def second(frame) -> int:
    return round(float(frame.pixels.mean()) / STEP)


def test_goes_on_by_the_clock(video, clock):
    source = VideoSource(VideoOptions(video), clock)
    seen = []
    for _ in range(8):
        seen.append(second(source.grab(2)))
        clock.advance(1)
    assert seen == [0, 1, 2, 3, 4, 5, 0, 1]
    source.close()
    source.close()


def test_the_same_moment_gives_the_same_frame(video, clock):
    source = VideoSource(VideoOptions(video, position_s=2.5), clock)
    assert source.grab(2).digest == source.grab(2).digest


@pytest.mark.parametrize("suffix", ["mp4", "avi", "mkv", "ts"])
def test_goes_on_by_steps_in_every_container(tmp_path, clock, suffix):
    source = VideoSource(VideoOptions(record(tmp_path / f"grey.{suffix}"), step_s=1.0, position_s=0.5), clock)
    frames = [source.grab(2) for _ in range(7)]
    assert [second(frame) for frame in frames[:5]] == [0, 1, 2, 3, 4]
    assert all(second(frame) in range(SECONDS) for frame in frames)
    assert frames[0].pixels.shape == (48, 64, 3)
    assert frames[0].captured_at == clock.now()
    assert frames[0].encoded is None
    assert len(frames[0].digest) == 64


def test_small_steps_give_every_frame_once(video, clock):
    source = VideoSource(VideoOptions(video, step_s=1 / RATE), clock)
    assert [second(source.grab(2)) for _ in range(RATE * SECONDS)] == [
        number // RATE for number in range(RATE * SECONDS)
    ]


def test_plays_on_after_being_closed(video, clock):
    source = VideoSource(VideoOptions(video, step_s=1.0), clock)
    source.grab(2)
    source.close()
    assert second(source.grab(2)) == 1


def test_is_stale_behind_its_end_if_so_configured(video, clock):
    source = VideoSource(VideoOptions(video, step_s=2.0, at_end="stale"), clock)
    assert [second(source.grab(2)) for _ in range(3)] == [0, 2, 4]
    for _ in range(2):
        with pytest.raises(SourceStale, match="is over"):
            source.grab(2)


def test_large_frames_are_reduced(tmp_path, clock):
    path = record(tmp_path / "large.mp4", width=1280, height=720)
    frame = VideoSource(VideoOptions(path), clock).grab(5)
    assert frame.pixels.shape == (360, 640, 3)
    assert (frame.native_width, frame.native_height) == (1280, 720)


def test_turns_frames_upright_by_the_recorded_rotation(tmp_path, clock):
    path = tmp_path / "turned.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=RATE)
        stream.width, stream.height, stream.pix_fmt, stream.bit_rate = 64, 48, "yuv420p", 2_000_000
        # As a camera records that hangs a quarter turn counter-clockwise.
        sideways = np.ascontiguousarray(np.rot90(draw(48, 64), 1))
        for _ in range(3):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(sideways, format="rgb24")))
        container.mux(stream.encode())
    data = bytearray(path.read_bytes())
    matrix = data.index(b"tkhd") + 4 + 40
    one = 1 << 16
    data[matrix : matrix + 36] = struct.pack(">9i", 0, one, 0, -one, 0, 0, 0, 0, 1 << 30)
    path.write_bytes(data)
    frame = VideoSource(VideoOptions(path), clock).grab(2)
    assert frame.pixels.shape == (64, 48, 3)
    assert (frame.native_width, frame.native_height) == (48, 64)
    assert looks_like(frame.pixels, tolerance=40)


def test_a_file_cut_in_the_middle_plays_as_far_as_it_goes(tmp_path, clock):
    path = record(tmp_path / "cut.ts")
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    source = VideoSource(VideoOptions(path, step_s=1.0), clock)
    assert [second(source.grab(2)) for _ in range(2)] == [0, 1]
    for _ in range(10):
        source.grab(2)


def test_every_unusable_file_has_its_named_error(tmp_path, clock, video, capfd):
    (tmp_path / "page.mp4").write_bytes(b"<html>" * 100)
    (tmp_path / "empty.mp4").write_bytes(b"")
    (tmp_path / "zeros.mp4").write_bytes(b"\0" * 5000)
    (tmp_path / "half.mp4").write_bytes(video.read_bytes()[: video.stat().st_size // 2])
    for path, expected in (
        (tmp_path / "none.mp4", SourceUnreachable),
        (tmp_path, SourceUnreachable),
        (tmp_path / "page.mp4", FrameFault),
        (tmp_path / "empty.mp4", FrameFault),
        (tmp_path / "zeros.mp4", FrameFault),
        (tmp_path / "half.mp4", FrameFault),
    ):
        source = VideoSource(VideoOptions(path), clock)
        for _ in range(2):
            with pytest.raises(expected):
                source.grab(2)
    assert capfd.readouterr().err == ""


def test_a_codec_that_is_not_known_is_a_fault(tmp_path, clock):
    path = record(tmp_path / "unknown.avi")
    path.write_bytes(path.read_bytes().replace(b"FMP4", b"zz9!"))
    with pytest.raises(FrameFault, match="codec"):
        VideoSource(VideoOptions(path), clock).grab(1)


def test_a_playlist_makes_no_request(tmp_path, clock, video):
    with serving({"/x.ts": answer(video.read_bytes())}) as site:
        path = tmp_path / "list.m3u8"
        path.write_text(f"#EXTM3U\n#EXTINF:1,\n{site.url('/x.ts')}\n#EXT-X-ENDLIST\n")
        with pytest.raises(FrameFault):
            VideoSource(VideoOptions(path), clock).grab(2)
        assert site.connections == 0


def test_a_file_that_may_not_be_read_is_denied(as_nobody, clock, video):
    locked = as_nobody.folder / "locked.mp4"
    locked.write_bytes(video.read_bytes())
    locked.chmod(0)
    with as_nobody(), pytest.raises(SourceDenied):
        VideoSource(VideoOptions(locked), clock).grab(1)


def test_frames_with_too_many_pixels_are_refused(video, clock):
    with pytest.raises(FrameFault, match="max_pixels"):
        VideoSource(VideoOptions(video, max_pixels=1000), clock).grab(2)


def test_a_start_behind_the_end_is_a_fault(video, clock):
    with pytest.raises(FrameFault, match="position"):
        VideoSource(VideoOptions(video, position_s=100.0), clock).grab(2)


def test_a_long_search_is_bounded(tmp_path, clock):
    path = record(tmp_path / "large.mp4", width=1280, height=720)
    started_s = time.monotonic()
    with pytest.raises(SourceTimeout):
        VideoSource(VideoOptions(path, position_s=1.4), clock).grab(0.001)
    assert time.monotonic() - started_s < 3.0


def test_damaged_packets_are_passed_over(tmp_path, clock, video):
    data = bytearray(video.read_bytes())
    start = data.index(b"mdat")
    for position in range(start + 500, start + 900):
        data[position] ^= 0x5A
    path = tmp_path / "damaged.mp4"
    path.write_bytes(data)
    source = VideoSource(VideoOptions(path, step_s=0.5), clock)
    outcomes = []
    for _ in range(12):
        try:
            outcomes.append(source.grab(2).pixels.shape == (48, 64, 3))
        except FrameFault:
            outcomes.append(False)
    assert sum(outcomes) >= 6


@pytest.mark.parametrize(
    "wrong", [{"at_end": "stop"}, {"position_s": -1}, {"step_s": 0}, {"step_s": float("nan")}]
)
def test_refuses_options_that_cannot_work(wrong):
    with pytest.raises(InvalidOption):
        VideoOptions(Path("x.mp4"), **wrong)


def test_what_was_closed_keeps_no_thread_until_the_collector_comes(video, clock):
    def threads() -> int:
        return len(list(Path("/proc/self/task").iterdir()))

    gc.collect()
    gc.disable()
    try:
        before = threads()
        for _ in range(20):
            source = VideoSource(VideoOptions(video), clock)
            source.grab(2)
            source.close()
        assert threads() < before + 10
    finally:
        gc.enable()
