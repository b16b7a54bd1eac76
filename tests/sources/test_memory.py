"""What folders and videos remember, as another process would be given it: after JSON, and after a forger."""

from __future__ import annotations

import json
import math
import os
from pathlib import Path
from typing import Any

import pytest

from monitor.domain.errors import SourceTimeout
from monitor.sources.folder import FolderOptions, FolderSource
from monitor.sources.memory import Foretelling, Remembering
from monitor.sources.video import VideoOptions, VideoSource
from tests.sources.drawing import draw, encode

FORGED: list[Any] = [
    None,
    "x",
    7,
    -1,
    2**80,
    math.nan,
    math.inf,
    [1],
    [[]],
    {"a": 1},
    {"a": [1, 2, 3, math.inf]},
]


def handed_on(source: Remembering) -> Any:
    return json.loads(json.dumps(dict(source.remember())))


def test_a_folder_goes_on_where_another_instance_stopped(tmp_path, wall_clock):
    for hour in range(3):
        (tmp_path / f"20260601_{hour:02}0000.jpg").write_bytes(encode(draw()))
    options = FolderOptions(tmp_path, mode="all")
    memory: Any = {}
    hours = []
    for _ in range(4):
        source = FolderSource(options, wall_clock)
        source.recall(memory)
        hours.append(source.grab(5.0).captured_at.hour)
        memory = handed_on(source)
    assert hours == [0, 1, 2, 2]


def test_a_folder_tells_its_position_before_it_reads(tmp_path, wall_clock):
    (tmp_path / "20260601_000000.jpg").write_bytes(encode(draw()))
    source = FolderSource(FolderOptions(tmp_path, mode="all"), wall_clock)
    told: list[Any] = []
    source.foretell(told.append)
    for _ in range(2):
        source.grab(5.0)
    assert [memory["position"] for memory in told] == ["2026-06-01T00:00:00+00:00 20260601_000000.jpg"]


def test_the_watch_over_an_unfinished_file_is_handed_on(tmp_path, wall_clock):
    path = tmp_path / "a.jpg"
    path.write_bytes(encode(draw()) + b"without a proper end")
    # The writer's clock is ahead, so that only watching tells.
    ahead = wall_clock.now().timestamp() + 3600
    os.utime(path, (ahead, ahead))
    options = FolderOptions(tmp_path, settle_s=0.3)
    first = FolderSource(options, wall_clock)
    with pytest.raises(SourceTimeout):
        first.grab(0.2)
    second = FolderSource(options, wall_clock)
    second.recall(handed_on(first))
    assert second.grab(0.2).digest


def test_a_video_goes_on_by_steps_and_by_time(clock):
    for options in (VideoOptions(Path("/nowhere"), step_s=5.0), VideoOptions(Path("/nowhere"))):
        clock.advance(10.0)
        first = VideoSource(options, clock)
        first._due_s()
        clock.advance(5.0)
        second = VideoSource(options, clock)
        second.recall(handed_on(first))
        assert second._due_s() == 5.0


@pytest.mark.parametrize("value", FORGED, ids=str)
def test_a_forged_memory_is_left_out(tmp_path, clock, value):
    (tmp_path / "20260601_000000.jpg").write_bytes(encode(draw()))
    folder = FolderSource(FolderOptions(tmp_path, mode="all"), clock)
    folder.recall({"position": value, "unfinished": value})
    folder.recall({"position": "0001-01-01T00:00:00+23:00 a", "unfinished": {"b": value}})
    assert folder.grab(5.0).digest
    video = VideoSource(VideoOptions(tmp_path / "none.mp4"), clock)
    video.recall({"grabs": value, "started_s": value})
    assert video._due_s() >= 0.0


def test_both_kinds_remember_and_foretell(tmp_path, clock):
    for source in (FolderSource(FolderOptions(tmp_path), clock), VideoSource(VideoOptions(tmp_path), clock)):
        assert isinstance(source, Remembering)
        assert isinstance(source, Foretelling)
        source.recall({})
