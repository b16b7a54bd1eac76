import ctypes
import errno
import json
import os
import shutil
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from monitor.domain.errors import (
    FrameFault,
    SourceDenied,
    SourceError,
    SourceStale,
    SourceTimeout,
    SourceUnreachable,
)
from monitor.sources import folder
from monitor.sources.errors import InvalidOption, UndatedFiles
from monitor.sources.folder import FolderOptions, FolderSource
from monitor.sources.listing import frames_in
from tests.sources.drawing import draw, encode, looks_like

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
JPEG = encode(draw())


def put(path: Path, data: bytes = JPEG, *, at: datetime = NOON - timedelta(hours=1)) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    os.utime(path, (at.timestamp(), at.timestamp()))
    return path


def name_of(minute: int) -> str:
    return f"2026-06-01T11_{minute:02}_00.jpg"


def minutes(source: FolderSource, count: int) -> list[int]:
    return [source.grab(1).captured_at.minute for _ in range(count)]


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


@pytest.mark.parametrize("end", [b"", JPEG[200:-2]])
def test_a_file_still_being_written_is_left_for_the_one_before(tmp_path, clock, end):
    put(tmp_path / name_of(1))
    put(tmp_path / name_of(2), JPEG[:200] + end, at=NOON)
    source = FolderSource(FolderOptions(tmp_path, settle_s=30), clock)
    assert minutes(source, 1) == [1]
    put(tmp_path / name_of(2), at=NOON)
    assert minutes(source, 1) == [2]


def test_a_broken_file_that_has_settled_is_a_fault(tmp_path, clock):
    put(tmp_path / name_of(2), JPEG[:300], at=NOON)
    clock.advance(31)
    with pytest.raises(FrameFault, match="truncated"):
        FolderSource(FolderOptions(tmp_path, settle_s=30), clock).grab(1)


def test_waits_for_the_only_file_while_it_is_written(tmp_path, clock):
    path = put(tmp_path / name_of(2), JPEG[:300], at=NOON)
    writer = threading.Timer(0.2, lambda: put(path, at=NOON))
    writer.start()
    assert looks_like(FolderSource(FolderOptions(tmp_path, settle_s=30), clock).grab(3).pixels)
    writer.join()


@pytest.mark.parametrize("mode", ["newest", "all"])
def test_waiting_for_a_file_ends_with_the_time(tmp_path, clock, mode):
    put(tmp_path / name_of(2), JPEG[:300], at=NOON)
    started_s = time.monotonic()
    with pytest.raises(SourceTimeout, match="still being written"):
        FolderSource(FolderOptions(tmp_path, settle_s=30, mode=mode), clock).grab(0.3)
    assert time.monotonic() - started_s < 3.0


def test_a_writer_whose_clock_is_ahead_is_waited_out_by_watching(tmp_path, clock):
    webp = encode(draw(), "WEBP")
    put(tmp_path / "camera.webp", webp, at=NOON + timedelta(hours=3))
    assert looks_like(FolderSource(FolderOptions(tmp_path, settle_s=0.2), clock).grab(2).pixels, tolerance=30)


def test_another_process_writing_slowly_never_yields_a_torn_picture(tmp_path, wall_clock):
    script = (
        "import sys, time\n"
        "data = open(sys.argv[1], 'rb').read()\n"
        "while True:\n"
        "    with open(sys.argv[2], 'wb', buffering=0) as file:\n"
        "        for start in range(0, len(data), 1 + len(data) // 4):\n"
        "            file.write(data[start:start + 1 + len(data) // 4]); time.sleep(0.005)\n"
        "    time.sleep(0.03)\n"
    )
    original = tmp_path / "original"
    original.write_bytes(JPEG)
    latest = tmp_path / "watched" / "latest.jpg"
    latest.parent.mkdir()
    writer = subprocess.Popen([sys.executable, "-c", script, original, latest])
    try:
        while not latest.exists():
            assert writer.poll() is None
            time.sleep(0.01)
        source = FolderSource(FolderOptions(latest.parent, settle_s=30), wall_clock)
        assert all(source.grab(5).encoded == JPEG for _ in range(25))
    finally:
        writer.kill()
        writer.wait()


def test_a_file_replaced_while_it_is_read_is_read_again(tmp_path, clock, monkeypatch):
    path = put(tmp_path / "latest.jpg", encode(draw(128, 96)))
    read_all, reads = folder.read_bounded, []

    def read_while_it_is_replaced(target: Path, max_bytes: int) -> bytes:
        reads.append(target)
        data = read_all(target, max_bytes)
        if len(reads) > 1:
            return data
        put(path)
        return data[:200]

    monkeypatch.setattr(folder, "read_bounded", read_while_it_is_replaced)
    assert FolderSource(FolderOptions(tmp_path), clock).grab(1).encoded == JPEG
    assert len(reads) == 2


def test_files_that_vanish_meanwhile_are_no_trouble(tmp_path, wall_clock):
    put(tmp_path / "0.jpg")
    stop = threading.Event()

    def rotate():
        number = 0
        while not stop.is_set():
            number += 1
            put(tmp_path / f"{number}.jpg")
            (tmp_path / f"{number - 1}.jpg").unlink()

    rotating = threading.Thread(target=rotate)
    rotating.start()
    source = FolderSource(FolderOptions(tmp_path), wall_clock)
    try:
        for _ in range(100):
            try:
                assert looks_like(source.grab(2).pixels)
            except SourceUnreachable as error:
                # One listing may see neither the old file nor the new one.
                if "holds no file" not in str(error):
                    raise
    finally:
        stop.set()
        rotating.join()


def test_every_unusable_folder_has_its_named_error(tmp_path, clock):
    put(tmp_path / "file.jpg")
    (tmp_path / "empty").mkdir()
    for name, expected, said in (
        ("none", SourceUnreachable, "does not exist"),
        ("file.jpg", SourceUnreachable, "not a folder"),
        ("empty", SourceUnreachable, "holds no file"),
        ("a\0b", SourceUnreachable, "no valid path"),
    ):
        with pytest.raises(expected, match=said):
            FolderSource(FolderOptions(tmp_path / name), clock).grab(0.2)


def test_a_pipe_that_nobody_writes_to_does_not_hang(tmp_path, clock):
    os.mkfifo(tmp_path / name_of(1))
    started_s = time.monotonic()
    with pytest.raises(SourceError):
        FolderSource(FolderOptions(tmp_path), clock).grab(0.3)
    assert time.monotonic() - started_s < 3.0


def test_locked_folders_and_files_are_denied(as_nobody, clock):
    file = put(as_nobody.folder / "locked" / name_of(1))
    source = FolderSource(FolderOptions(file.parent), clock)
    file.chmod(0)
    with as_nobody(), pytest.raises(SourceDenied):
        source.grab(0.2)
    file.parent.chmod(0)
    with as_nobody(), pytest.raises(SourceDenied):
        source.grab(0.2)


def test_a_file_that_is_too_large_is_a_fault(tmp_path, clock):
    put(tmp_path / name_of(1))
    with pytest.raises(FrameFault, match="max_bytes"):
        FolderSource(FolderOptions(tmp_path, max_bytes=100), clock).grab(1)


@pytest.mark.parametrize(
    "wrong",
    [
        {"pattern": ""}, {"pattern": "a/*.jpg"}, {"mode": "oldest"}, {"time_from": "exif"}, {"time_zone": "Mars"},
        {"time_format": "x"}, {"settle_s": -1}, {"settle_s": float("nan")}, {"max_age_s": 0},
    ],
)  # fmt: skip
def test_refuses_options_that_cannot_work(tmp_path, wrong):
    with pytest.raises(InvalidOption):
        FolderOptions(tmp_path, **wrong)


@pytest.mark.parametrize("position", ["", "nonsense", "2026-99-99 x"])
def test_refuses_a_position_that_is_none(tmp_path, clock, position):
    with pytest.raises(InvalidOption):
        FolderSource(FolderOptions(tmp_path), clock, position)


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


@pytest.mark.parametrize(
    "name",
    [
        "a.jpg.part",
        "a.jpg.TMP",
        "a.filepart",
        "a.partial",
        "a.jpg~",
        ".a.jpg",
        "a.jpg.crdownload",
        "a.jpg.upload",
    ],
)
def test_names_of_uploads_in_progress_never_count(tmp_path, clock, name):
    put(tmp_path / name)
    with pytest.raises(SourceUnreachable, match="holds no file"):
        FolderSource(FolderOptions(tmp_path, pattern="*"), clock).grab(0.2)


@pytest.mark.parametrize(
    "name", ["@eaDir", "#recycle", "$RECYCLE.BIN", "lost+found", ".snapshot", "System Volume Information"]
)
def test_what_a_file_server_keeps_for_itself_is_never_searched(tmp_path, clock, name):
    put(tmp_path / name / name_of(9))
    put(tmp_path / "ch01" / name_of(1))
    assert minutes(FolderSource(FolderOptions(tmp_path, recursive=True), clock), 1) == [1]


def test_what_is_no_file_is_passed_over(tmp_path, clock):
    put(tmp_path / name_of(1))
    (tmp_path / name_of(5)).symlink_to(tmp_path / name_of(5))
    (tmp_path / name_of(6)).symlink_to("gone.jpg")
    (tmp_path / name_of(7)).mkdir()
    os.mkfifo(tmp_path / name_of(8))
    assert minutes(FolderSource(FolderOptions(tmp_path), clock), 2) == [1, 1]
    assert minutes(FolderSource(FolderOptions(tmp_path, mode="all"), clock), 2) == [1, 1]


def test_names_that_are_no_text_are_read_and_can_be_told(tmp_path, clock):
    name = os.fsdecode(b"Garten-\xfc\xff-" + name_of(1).encode())
    path = put(tmp_path / name)
    source = FolderSource(FolderOptions(tmp_path, mode="all"), clock)
    assert minutes(source, 1) == [1]
    again = FolderSource(FolderOptions(tmp_path, mode="all"), clock)
    again.recall(json.loads(json.dumps(source.remember())))
    assert minutes(again, 1) == [1]
    put(path, b"x" * 200)
    for options in ({"max_bytes": 100}, {"max_age_s": 60}):
        with pytest.raises(SourceError) as caught:
            FolderSource(FolderOptions(tmp_path, **options), clock).grab(1)
        assert r"\xfc\xff" in str(caught.value)


def test_a_sub_folder_that_is_cleared_away_meanwhile_is_no_trouble(tmp_path, clock, monkeypatch):
    put(tmp_path / "a" / name_of(1))
    put(tmp_path / "b" / name_of(2))
    scandir = os.scandir

    def clear_away(place):
        if place == tmp_path / "b":
            shutil.rmtree(place)
        return scandir(place)

    monkeypatch.setattr(os, "scandir", clear_away)
    assert minutes(FolderSource(FolderOptions(tmp_path, recursive=True), clock), 1) == [1]


@pytest.mark.parametrize(
    "number", [errno.ESTALE, errno.EIO, errno.ETIMEDOUT, errno.ENOTCONN, errno.EHOSTDOWN, errno.ENODEV]
)
def test_a_share_that_vanished_has_words_of_its_own(tmp_path, clock, monkeypatch, number):
    put(tmp_path / name_of(1))

    def fail(_place):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "scandir", fail)
    with pytest.raises(SourceUnreachable, match=f"does not answer: {os.strerror(number)}"):
        FolderSource(FolderOptions(tmp_path), clock).grab(1)


@pytest.mark.skipif(os.geteuid() != 0 or not Path("/dev/fuse").exists(), reason="only root mounts /dev/fuse")
def test_a_mount_whose_server_died_has_the_same_words(tmp_path, clock):
    libc = ctypes.CDLL(None, use_errno=True)
    server = os.open("/dev/fuse", os.O_RDWR)
    options = f"fd={server},rootmode=40000,user_id=0,group_id=0".encode()
    if libc.mount(b"camera", os.fsencode(tmp_path), b"fuse.camera", 0, options) != 0:
        os.close(server)
        pytest.skip(f"mounting is not possible here: {os.strerror(ctypes.get_errno())}")
    os.close(server)
    try:
        with pytest.raises(SourceUnreachable, match="does not answer: Transport endpoint is not connected"):
            FolderSource(FolderOptions(tmp_path), clock).grab(1)
    finally:
        libc.umount2(os.fsencode(tmp_path), 2)


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
