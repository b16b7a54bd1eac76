"""Folders: whole files with the time in their names."""

import re
import threading
import time
from datetime import datetime, timedelta

import cv2
import pytest

from monitor.simulator import FolderWriter, SimulatorError, write_folder
from tests.simulator.conftest import NOON


def minutes(*counts):
    return [NOON + timedelta(minutes=count) for count in counts]


def test_files_are_named_for_the_second_of_their_picture(make_site, tmp_path):
    paths = write_folder(make_site(), "gate", tmp_path / "new" / "gate", minutes(0, 1))
    assert [path.name for path in paths] == ["20260601T120000Z.jpg", "20260601T120100Z.jpg"]
    assert sorted(path.name for path in (tmp_path / "new" / "gate").iterdir()) == [
        path.name for path in paths
    ]
    assert cv2.imread(str(paths[0])).shape == (240, 320, 3)


def test_a_reader_never_sees_half_a_file(make_site, tmp_path):
    site, seen, done = make_site(), set(), threading.Event()

    def look():
        while not done.is_set():
            for path in tmp_path.glob("[0-9]*.jpg"):
                seen.add((path.name, path.read_bytes().endswith(b"\xff\xd9")))

    reader = threading.Thread(target=look)
    reader.start()
    write_folder(site, "gate", tmp_path, minutes(*range(12)))
    done.set()
    reader.join()
    assert seen
    assert all(whole for _, whole in seen)


def test_a_frozen_camera_writes_the_same_bytes_and_a_dead_one_nothing(make_site, tmp_path):
    site = make_site(("gate", "freeze", 1, {}), ("hall", "die", 1, {}))
    frozen = write_folder(site, "gate", tmp_path / "gate", minutes(1, 2))
    assert frozen[0].read_bytes() == frozen[1].read_bytes()
    assert write_folder(site, "hall", tmp_path / "hall", minutes(1, 2)) == []


def test_a_folder_that_cannot_be_written_is_named(make_site, tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    with pytest.raises(SimulatorError, match="file"):
        write_folder(make_site(), "gate", blocked, minutes(0))


def test_the_live_writer_keeps_adding_pictures_of_every_camera_until_closed(make_site, tmp_path):
    writer = FolderWriter(make_site(speed=600), tmp_path, 0.05).start()
    deadline = time.monotonic() + 15
    while len(list(tmp_path.glob("gate/*.jpg"))) < 3 and time.monotonic() < deadline:
        time.sleep(0.02)
    writer.close()
    for name in ("gate", "yard", "hall"):
        names = sorted(path.name for path in (tmp_path / name).iterdir())
        assert len(names) >= 2
        assert all(re.fullmatch(r"\d{8}T\d{6}Z\.jpg", each) for each in names)
    assert datetime.strptime(names[-1], "%Y%m%dT%H%M%SZ.jpg").date() == NOON.date()  # noqa: DTZ007


def test_an_interval_of_nothing_is_refused(make_site, tmp_path):
    with pytest.raises(SimulatorError, match="interval"):
        FolderWriter(make_site(), tmp_path, 0)
