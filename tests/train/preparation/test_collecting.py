"""Anchors and positives from folders, films, snapshots and key presses."""

from __future__ import annotations

import os
import pty
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from click.testing import CliRunner, Result

from tests.train.drawn import draw_scene
from tests.train.preparation.web import Behaviour, serve
from train.cli.collect import collect as command
from train.preparation.addresses import shown
from train.preparation.cameras import CameraLost
from train.preparation.capture import FilmSource, open_source
from train.preparation.collecting import Collection, CollectSettings, collect_by_keys
from train.preparation.keys import keys_of
from train.preparation.problems import PreparationError, Problems


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Four pictures, of which the third is the first again, and one file that is none."""
    directory = tmp_path / "source"
    directory.mkdir()
    for name, seed in (("1", 1), ("2", 2), ("3", 1), ("4", 4)):
        cv2.imwrite(str(directory / f"{name}.png"), draw_scene(seed))
    (directory / "5.jpg").write_bytes(b"no picture")
    return directory


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six seconds at 10 frames a second; the brightness is 4 times the frame's number."""
    path = tmp_path_factory.mktemp("film") / "film.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"MJPG"), 10, (64, 48))
    for number in range(60):
        writer.write(np.full((48, 64, 3), 4 * number, np.uint8))
    writer.release()
    return path


def run(*words: object) -> Result:
    return CliRunner().invoke(command, [str(word) for word in words])


def names(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir())


def test_a_folder_is_copied_byte_for_byte_and_equal_pictures_once(folder: Path, tmp_path: Path) -> None:
    result = run("--source", folder, "--out", tmp_path / "out", "--role", "anchor", "--every", 0)
    assert result.exit_code == 0, result.output
    assert names(tmp_path / "out" / "anchor") == ["000001.png", "000002.png", "000003.png"]
    assert (tmp_path / "out" / "anchor" / "000003.png").read_bytes() == (folder / "4.png").read_bytes()
    assert "kept 3 anchor; 1 duplicates skipped" in result.output
    assert "not a picture" in result.output
    again = run("--source", folder, "--out", tmp_path / "out", "--role", "anchor", "--every", 0)
    assert "kept nothing; 4 duplicates skipped" in again.output
    assert again.exit_code == 0


def test_near_duplicates_are_skipped_on_demand_only(folder: Path, tmp_path: Path) -> None:
    nearly = np.clip(draw_scene(1).astype(int) + 2, 0, 255).astype(np.uint8)
    cv2.imwrite(str(folder / "3.png"), nearly)
    exact = run("--source", folder, "--out", tmp_path / "a", "--role", "positive", "--every", 0)
    alike = run("--source", folder, "--out", tmp_path / "b", "--role", "positive", "--every", 0, "--alike", 4)
    assert "kept 4 positive" in exact.output
    assert "kept 3 positive; 1 duplicates" in alike.output


def test_names_can_be_unique_everywhere(folder: Path, tmp_path: Path) -> None:
    run(
        "--source",
        folder,
        "--out",
        tmp_path / "out",
        "--role",
        "anchor",
        "--every",
        0,
        "--names",
        "uuid",
        "--count",
        2,
    )
    assert len(names(tmp_path / "out" / "anchor")) == 2
    assert all(
        re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\.png", n)
        for n in names(tmp_path / "out/anchor")
    )


def test_a_film_is_played_by_its_own_clock(film: Path, tmp_path: Path) -> None:
    started = time.monotonic()
    result = run(
        "--source", film, "--out", tmp_path / "out", "--role", "positive", "--every", 2, "--count", 9
    )
    assert result.exit_code == 0, result.output
    kept = [
        cv2.imread(str(tmp_path / "out" / "positive" / name)) for name in names(tmp_path / "out" / "positive")
    ]
    assert [round(float(one.mean()) / 4) for one in kept] == [0, 20, 40]
    assert time.monotonic() - started < 5, "nobody waits for a film"


def press(source: Path, out: Path, keys: bytes) -> Collection:
    """Collect by keys that come through a pipe."""
    ours, theirs = os.pipe()
    os.write(theirs, keys)
    os.close(theirs)
    stopped = threading.Event().is_set
    collection = Collection(out, CollectSettings(), lambda line: None)
    with open_source(str(source), 0, stopped, Problems()) as opened, keys_of(ours) as poll:
        collect_by_keys(opened, collection, poll, 0.0, stopped)
    os.close(ours)
    return collection


def test_keys_from_a_pipe_sort_pictures_into_roles(folder: Path, tmp_path: Path) -> None:
    collection = press(folder, tmp_path / "out", b"a\nx\npositive\nN\nq\na\n")
    assert collection.kept == {"anchor": 1, "positive": 1, "negative": 1}
    assert (tmp_path / "out" / "anchor" / "000001.png").read_bytes() == (folder / "1.png").read_bytes()
    assert (tmp_path / "out" / "positive" / "000001.png").read_bytes() == (folder / "2.png").read_bytes()
    assert (tmp_path / "out" / "negative" / "000001.png").read_bytes() == (folder / "3.png").read_bytes()


def test_the_end_of_the_input_ends_it(folder: Path, tmp_path: Path) -> None:
    assert press(folder, tmp_path / "out", b"a\ns\np").kept == {"anchor": 1, "positive": 1}


@pytest.fixture
def terminal() -> Iterator[tuple[int, int]]:
    ours, theirs = pty.openpty()
    yield ours, theirs
    os.close(ours)
    os.close(theirs)


def test_single_key_presses_count_in_a_terminal_which_is_as_before_afterwards(
    terminal: tuple[int, int],
) -> None:
    import termios

    ours, theirs = terminal
    before = termios.tcgetattr(theirs)
    with keys_of(theirs) as poll:
        assert poll(0.0) == ""
        os.write(ours, b"Ap\x04")
        assert [poll(2.0), poll(2.0), poll(2.0)] == ["a", "p", None]
        assert termios.tcgetattr(theirs) != before
    assert termios.tcgetattr(theirs) == before


def child(*words: object, stdin: int = subprocess.DEVNULL) -> subprocess.Popen[str]:
    program = "from train.cli.collect import collect; collect()"
    return subprocess.Popen(
        [sys.executable, "-u", "-c", program, *map(str, words)],
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def test_the_command_listens_to_a_terminal(folder: Path, tmp_path: Path, terminal: tuple[int, int]) -> None:
    ours, theirs = terminal
    process = child("--source", folder, "--out", tmp_path / "out", "--key", stdin=theirs)
    assert process.stdout is not None
    while "keys:" not in process.stdout.readline():
        pass
    os.write(ours, b"a")
    assert "anchor" in process.stdout.readline()
    os.write(ours, b"pq")
    output, _ = process.communicate(timeout=20)
    assert process.returncode == 0
    assert "kept 1 anchor, 1 positive" in output


def test_a_snapshot_address_is_asked_again_and_ctrl_c_keeps_what_is_there(tmp_path: Path) -> None:
    encoded = [cv2.imencode(".jpg", draw_scene(seed))[1].tobytes() for seed in range(2)]
    server = Behaviour(encoded[0], content_type="image/jpeg")
    with serve(server) as address:
        process = child(
            "--source", f"{address}/snap.jpg", "--out", tmp_path, "--role", "anchor", "--every", 0.05
        )
        assert process.stdout is not None
        assert "000001.jpg" in process.stdout.readline()
        server.content = encoded[1]
        while "000002.jpg" not in process.stdout.readline():
            pass
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=20)
    assert process.returncode == 0, output
    assert "kept 2 anchor" in output
    assert "Traceback" not in output


def test_a_lost_camera_is_a_clear_error_that_tells_no_password(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    address = "rtsp://operator:hunter2@127.0.0.1:9/stream?password=hunter3"
    stopped = threading.Event().is_set
    with (
        pytest.raises(CameraLost) as caught,
        open_source(address, 1, stopped, Problems(), pause_s=0.01),
    ):
        pass
    assert "rtsp://127.0.0.1:9/stream does not answer; tried 2 times" in str(caught.value)
    told = "".join(capfd.readouterr()) + str(caught.value)
    assert "hunter" not in told


def test_a_snapshot_camera_that_goes_away_is_lost_after_all_retries() -> None:
    server = Behaviour(cv2.imencode(".jpg", draw_scene(1))[1].tobytes(), content_type="image/jpeg")
    stopped = threading.Event().is_set
    with (
        serve(server) as address,
        open_source(
            f"{address.replace('//', '//me:hunter2@')}/a.jpg", 2, stopped, Problems(), 0.01
        ) as source,
    ):
        captured = source.read(0.0)
        assert captured is not None
        assert captured.pixels.shape == (240, 320, 3)
        assert server.requests[-1]["authorization"].startswith("Basic ")
        server.status = 503
        before = len(server.requests)
        with pytest.raises(CameraLost, match="answers 503; tried 3 times"):
            source.read(0.0)
        assert len(server.requests) - before == 3


@pytest.mark.parametrize(
    ("address", "safe"),
    [
        ("rtsp://u:p@host:554/a?pw=x#y", "rtsp://host:554/a"),
        ("http://host/a", "http://host/a"),
        ("/some/folder", "/some/folder"),
        ("0", "0"),
    ],
)
def test_addresses_are_shown_without_secrets(address: str, safe: str) -> None:
    assert shown(address) == safe


def test_what_is_no_source_is_explained(tmp_path: Path) -> None:
    assert "Give either" in run("--source", "x", "--out", tmp_path).output
    stopped = threading.Event().is_set
    with pytest.raises(PreparationError, match="no source"), open_source("nowhere", 0, stopped, Problems()):
        pass
    (tmp_path / "notes.txt").write_text("no film")
    with pytest.raises(PreparationError, match="no video"):
        FilmSource(tmp_path / "notes.txt")
