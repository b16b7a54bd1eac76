"""Cameras whose clocks went back or run ahead, and pictures that come late."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from monitor.domain.errors import (
    SourceStale,
)
from monitor.sources.folder import FolderOptions, FolderSource
from tests.sources.camera_folder import NOON, minutes, name_of, put
from tests.sources.drawing import draw, encode


class ResetCamera:
    """Uploads with a clock that was right until noon, and then began anew."""

    def __init__(self, folder: Path, begins_anew: datetime) -> None:
        self.folder = folder
        self.begins_anew = begins_anew

    def upload(self, minute: int, *, sub: str = "") -> Path:
        """The picture of so many minutes after noon."""
        at = NOON + timedelta(minutes=minute)
        told = at if minute <= 0 else self.begins_anew + timedelta(minutes=minute)
        return put(self.folder / told.strftime(f"{sub}%Y%m%d_%H%M%S.jpg"), encode(draw(200 + minute)), at=at)


@pytest.fixture(params=["1970-01-01", "2000-01-01", "2026-06-01T11:00", "2026-05-31"])
def reset_camera(request, tmp_path):
    return ResetCamera(tmp_path, datetime.fromisoformat(request.param).replace(tzinfo=UTC))


@pytest.mark.parametrize("mode", ["newest", "all"])
def test_a_camera_whose_clock_went_back_is_seen_again_after_a_while(reset_camera, clock, mode):
    for minute in range(-3, 1):
        reset_camera.upload(minute)
    source = FolderSource(FolderOptions(reset_camera.folder, mode=mode, max_age_s=1800), clock)
    for _ in range(4):
        frame = source.grab(1)
    assert frame.native_width == 200
    seen = []
    for minute in range(1, 15):
        clock.advance(60)
        reset_camera.upload(minute)
        frame = source.grab(1)
        seen.append((frame.native_width, frame.captured_at))
    assert seen[8][0] == 200
    assert seen[-3:] == [(200 + minute, NOON + timedelta(minutes=minute)) for minute in (12, 13, 14)]


def test_clocks_that_are_right_again_go_by_names_again(tmp_path, clock):
    camera = ResetCamera(tmp_path, datetime(2000, 1, 1, tzinfo=UTC))
    for minute in range(15):
        camera.upload(minute)
    clock.advance(15 * 60)
    source = FolderSource(FolderOptions(tmp_path), clock)
    assert source.grab(1).native_width == 214
    put(tmp_path / "20260601_121500.jpg", encode(draw(300)), at=clock.now())
    assert source.grab(1).captured_at == clock.now()


def test_a_picture_of_the_future_holds_nothing_up_for_long(tmp_path, clock):
    put(tmp_path / "20990101_000000.jpg", at=NOON)
    source = FolderSource(FolderOptions(tmp_path), clock)
    assert source.grab(1).captured_at.year == 2099
    clock.advance(20 * 60)
    put(tmp_path / "20260601_122000.jpg", at=clock.now())
    assert source.grab(1).captured_at == clock.now()


def test_folders_by_date_are_searched_for_a_camera_whose_clock_went_back(tmp_path, clock):
    camera = ResetCamera(tmp_path, datetime(2000, 1, 1, tzinfo=UTC))
    camera.upload(0, sub="%Y/%m/%d/")
    # A first reset has left its folders, so that none is new.
    put(tmp_path / "2000/01/01/20000101_000000.jpg", at=NOON - timedelta(days=9))
    camera.upload(12, sub="%Y/%m/%d/")
    clock.advance(13 * 60)
    assert FolderSource(FolderOptions(tmp_path, recursive=True), clock).grab(1).native_width == 212


def test_where_only_names_may_tell_the_time_a_clock_that_went_back_is_an_error(tmp_path, clock):
    camera = ResetCamera(tmp_path, datetime(2000, 1, 1, tzinfo=UTC))
    camera.upload(0)
    camera.upload(12)
    source = FolderSource(FolderOptions(tmp_path, time_from="name"), clock)
    source.grab(1)
    clock.advance(13 * 60)
    with pytest.raises(SourceStale, match=r"120000\.jpg whose names tell older times"):
        source.grab(1)


def test_an_archive_that_was_copied_goes_by_names(tmp_path, clock):
    clock.advance(10 * 86400)
    for minute in (3, 9, 5):
        put(tmp_path / name_of(minute), at=clock.now() - timedelta(minutes=20 + minute))
    clock.advance(3600)
    assert minutes(FolderSource(FolderOptions(tmp_path), clock), 1) == [9]


def test_pictures_that_are_uploaded_late_do_not_count_as_newest_while_new_ones_come(tmp_path, clock):
    put(tmp_path / "20260601_115500.jpg", at=NOON - timedelta(minutes=5))
    put(tmp_path / "20260601_090000.jpg", at=NOON)
    assert minutes(FolderSource(FolderOptions(tmp_path), clock), 1) == [55]
