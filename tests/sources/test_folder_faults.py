"""Folders and files that cannot be used, and names that never count."""

import ctypes
import errno
import json
import os
import shutil
import time
from pathlib import Path

import pytest

from monitor.domain.errors import (
    FrameFault,
    SourceDenied,
    SourceError,
    SourceUnreachable,
)
from monitor.sources.errors import InvalidOption
from monitor.sources.folder import FolderOptions, FolderSource
from tests.sources.camera_folder import minutes, name_of, put


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
