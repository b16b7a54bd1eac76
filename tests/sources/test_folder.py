"""Which picture of a folder is the newest one, and which come one after another."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from monitor.domain.errors import (
    FrameFault,
    SourceStale,
    SourceUnreachable,
)
from monitor.sources.errors import UndatedFiles
from monitor.sources.folder import FolderOptions, FolderSource
from monitor.sources.listing import frames_in
from tests.sources.camera_folder import JPEG, NOON, minutes, name_of, put
from tests.sources.drawing import draw, encode, looks_like


def test_gives_the_newest_by_name(tmp_path, clock):
    for minute in (3, 9, 5):
        put(tmp_path / name_of(minute), at=NOON - timedelta(minutes=minute))
    source = FolderSource(FolderOptions(tmp_path), clock)
    frame = source.grab(1)
    assert frame.captured_at == datetime(2026, 6, 1, 11, 9, tzinfo=UTC)
    assert looks_like(frame.pixels)
    source.close()
    source.close()


def test_gives_the_newest_by_writing(tmp_path, clock):
    for minute in (3, 9, 5):
        put(tmp_path / name_of(minute), at=NOON - timedelta(minutes=minute))
    frame = FolderSource(FolderOptions(tmp_path, time_from="mtime"), clock).grab(1)
    assert frame.captured_at == NOON - timedelta(minutes=3)


def test_auto_dates_files_without_time_in_their_names_by_writing(tmp_path, clock):
    put(tmp_path / "garden.jpg", at=NOON - timedelta(minutes=1))
    put(tmp_path / name_of(3))
    assert FolderSource(FolderOptions(tmp_path), clock).grab(1).captured_at == NOON - timedelta(minutes=1)


def test_with_name_alone_files_without_time_do_not_count(tmp_path, clock):
    put(tmp_path / "garden.jpg")
    with pytest.raises(SourceUnreachable, match="time_from"):
        FolderSource(FolderOptions(tmp_path, time_from="name"), clock).grab(1)


def test_patterns_choose_and_hidden_files_never_count(tmp_path, clock):
    put(tmp_path / "2026-06-01T11_01_00.JPG")
    for name in ("2026-06-01T11_02_00.jpg.tmp", ".2026-06-01T11_03_00.jpg", "2026-06-01T11_04_00.txt"):
        put(tmp_path / name)
    put(tmp_path / "thumb_2026-06-01T11_05_00.jpg")
    assert (
        FolderSource(FolderOptions(tmp_path, pattern="2026*.jpg, *.png"), clock).grab(1).captured_at.minute
        == 1
    )


def test_all_gives_every_file_of_a_burst_in_order_and_then_the_last_again(tmp_path, clock):
    for minute in (7, 1, 4):
        put(tmp_path / name_of(minute))
    source = FolderSource(FolderOptions(tmp_path, mode="all"), clock)
    assert minutes(source, 4) == [1, 4, 7, 7]
    put(tmp_path / name_of(9))
    assert minutes(source, 2) == [9, 9]


def test_all_gives_each_of_several_files_of_one_second(tmp_path, clock):
    for number in range(3):
        put(tmp_path / f"2026-06-01T11_00_00_{number}.jpg", encode(draw(64 + 2 * number)))
    source = FolderSource(FolderOptions(tmp_path, mode="all"), clock)
    assert [source.grab(1).native_width for _ in range(3)] == [64, 66, 68]


def test_all_goes_on_from_a_kept_position(tmp_path, clock):
    for minute in (1, 4, 7):
        put(tmp_path / name_of(minute))
    options = FolderOptions(tmp_path, mode="all")
    first = FolderSource(options, clock)
    assert first.position is None
    first.grab(1)
    assert minutes(FolderSource(options, clock, first.position), 2) == [4, 7]


def test_all_goes_on_behind_a_file_that_is_no_picture(tmp_path, clock):
    put(tmp_path / name_of(1), b"")
    put(tmp_path / name_of(2), JPEG[:-9])
    put(tmp_path / name_of(3))
    source = FolderSource(FolderOptions(tmp_path, mode="all"), clock)
    for _ in range(2):
        with pytest.raises(FrameFault):
            source.grab(1)
    assert minutes(source, 1) == [3]


def test_all_passes_over_what_is_too_old(tmp_path, clock):
    for minute in (1, 40, 50):
        put(tmp_path / name_of(minute))
    assert minutes(FolderSource(FolderOptions(tmp_path, mode="all", max_age_s=1500), clock), 2) == [40, 50]


@pytest.mark.parametrize("mode", ["newest", "all"])
def test_old_pictures_are_stale_once_an_age_is_set(tmp_path, clock, mode):
    put(tmp_path / name_of(50))
    source = FolderSource(FolderOptions(tmp_path, mode=mode, max_age_s=700), clock)
    source.grab(1)
    clock.advance(120)
    with pytest.raises(SourceStale, match="2026-06-01 11:50:00"):
        source.grab(1)


def test_searches_sub_folders_by_date_from_the_last_one_back(tmp_path, clock):
    for day in ("2026/05/30", "2026/05/31", "2026/06/01"):
        put(tmp_path / day / "110000.jpg")
    (tmp_path / "2026/06/02").mkdir()
    source = FolderSource(FolderOptions(tmp_path, recursive=True), clock)
    assert source.grab(1).captured_at == datetime(2026, 6, 1, 11, tzinfo=UTC)
    (tmp_path / "2026/05/30").chmod(0)  # Never entered, whoever may.
    assert source.grab(1).captured_at.day == 1
    (tmp_path / "2026/05/30").chmod(0o755)
    every = FolderSource(FolderOptions(tmp_path, recursive=True, mode="all"), clock)
    assert [every.grab(1).captured_at.day for _ in range(3)] == [30, 31, 1]


def test_searches_sub_folders_of_any_name(tmp_path, clock):
    put(tmp_path / "b" / name_of(1))
    put(tmp_path / "a" / name_of(2))
    assert FolderSource(FolderOptions(tmp_path, recursive=True), clock).grab(1).captured_at.minute == 2
    with pytest.raises(SourceUnreachable):
        FolderSource(FolderOptions(tmp_path), clock).grab(1)


def test_links_in_a_circle_are_not_followed(tmp_path, clock):
    put(tmp_path / name_of(1))
    (tmp_path / "circle").symlink_to(tmp_path)
    assert minutes(FolderSource(FolderOptions(tmp_path, recursive=True), clock), 1) == [1]


def test_recorded_frames_come_in_order_of_time(tmp_path):
    for name in ("b/20260601_110300.jpg", "a/20260601_110500.png", "20260601_110400.jpg"):
        put(tmp_path / name)
    (tmp_path / "notes.txt").write_text("x")
    assert [moment.minute for moment, _ in frames_in(tmp_path)] == [3, 4, 5]
    assert [path.name for _, path in frames_in(tmp_path, recursive=False)] == ["20260601_110400.jpg"]


def test_recorded_frames_without_time_in_their_names_go_by_writing(tmp_path):
    for minute, name in ((2, "a.jpg"), (1, "b.jpg")):
        put(tmp_path / name, at=NOON + timedelta(minutes=minute))
    assert [path.name for _, path in frames_in(tmp_path)] == ["b.jpg", "a.jpg"]


def test_recorded_frames_half_of_which_tell_the_time_are_refused(tmp_path):
    put(tmp_path / name_of(1))
    put(tmp_path / "garden.jpg")
    with pytest.raises(UndatedFiles, match="1 of 2 files"):
        list(frames_in(tmp_path))
    assert len(list(frames_in(tmp_path, time_from="name"))) == 1
    assert len(list(frames_in(tmp_path, time_from="mtime"))) == 2


@pytest.mark.parametrize("camera", ["lasvegas", "tilde_webcam/courbevoie", "tfl/cam_625", "crowd_beach"])
def test_real_recordings_are_dated_by_their_names(camera):
    recordings = Path(__file__).parents[3] / "shared" / "data" / camera
    if not recordings.is_dir():
        pytest.skip("the real recordings are not here")
    moments = [moment for moment, _ in frames_in(recordings)]
    assert len(moments) >= 10
    assert moments == sorted(moments)
    assert all(2010 < moment.year < 2026 for moment in moments)


def test_files_of_one_moment_come_in_the_order_of_their_counters(tmp_path, clock):
    names = ["0.jpg", "0(1).jpg", "0(2).jpg", "0(10).jpg"]
    for number, name in enumerate(names):
        put(tmp_path / f"20260601_11000{name}", encode(draw(64 + 2 * number)))
    every = FolderSource(FolderOptions(tmp_path, mode="all"), clock)
    assert [every.grab(1).native_width for _ in names] == [64, 66, 68, 70]
    assert FolderSource(FolderOptions(tmp_path), clock).grab(1).native_width == 70
