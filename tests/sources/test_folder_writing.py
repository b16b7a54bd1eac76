"""Files that are being written, replaced and cleared away while they are looked at."""

import subprocess
import sys
import threading
import time
from datetime import timedelta
from pathlib import Path

import pytest

from monitor.domain.errors import (
    FrameFault,
    SourceTimeout,
    SourceUnreachable,
)
from monitor.sources import folder
from monitor.sources.folder import FolderOptions, FolderSource
from tests.sources.camera_folder import JPEG, NOON, minutes, name_of, put
from tests.sources.drawing import draw, encode, looks_like


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
