"""The frame at a time is that frame, however one got there: compared with all frames, decoded from the beginning."""

import math
import random
import time
from pathlib import Path

import av
import numpy as np
import pytest

from monitor.sources.movie import Movie

RATE = 10
FRAMES = 120


def record(path: Path, codec: str, options: dict[str, str]) -> Path:
    """Each frame is a little brighter than the one before."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=RATE)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        stream.gop_size = 15
        stream.options = options
        for number in range(FRAMES):
            picture = np.full((48, 64, 3), 2 * number, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode())
    return path


@pytest.mark.parametrize("codec", ["libx264", "mpeg4"])
@pytest.mark.parametrize("suffix", ["mp4", "mkv", "avi", "ts"])
@pytest.mark.parametrize("way", ["anywhere", "on by a second", "on by two and a half", "back and forth"])
def test_the_frame_at_a_time_is_the_same_whichever_was_looked_at_before(tmp_path, suffix, codec, way):
    b_frames = {"bf": "2", "qp": "4"} if codec == "libx264" and suffix != "avi" else {}
    path = record(tmp_path / f"grey.{suffix}", codec, b_frames)
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        frames = [(frame.time, frame.to_ndarray(format="gray").mean()) for frame in container.decode(stream)]
        begins_s = float((stream.start_time or 0) * stream.time_base)
    draw = random.Random(7)
    last = frames[-1][0] - begins_s
    times = {
        "anywhere": [draw.uniform(0, last) for _ in range(60)],
        "on by a second": [*map(float, range(math.floor(last)))] * 2,
        "on by two and a half": [2.5 * number for number in range(math.floor(last / 2.5))] * 2,
        "back and forth": [at for second in range(5, 10) for at in (second, second - 4.95, second + 0.05)],
    }[way]
    movie = Movie(path, 1_000_000)
    for at_s in times:
        found = movie.frame_at(at_s, time.monotonic() + 10)
        expected_s, grey = next(frame for frame in frames if frame[0] - begins_s >= at_s - 1e-3)
        assert found is not None
        assert (found.time, found.to_ndarray(format="gray").mean()) == (expected_s, grey), at_s
    movie.close()


def test_going_back_from_a_key_frame_that_was_jumped_to_goes_back(tmp_path):
    movie = Movie(record(tmp_path / "grey.mp4", "mpeg4", {}), 1_000_000)
    for at_s in (0.0, 9.0, 0.0, 3.0, 1.0):
        found = movie.frame_at(at_s, time.monotonic() + 10)
        assert found is not None
        assert found.time == at_s
    movie.close()
