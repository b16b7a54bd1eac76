"""Programs run by grabbers, which ignore signals, live under limits, and may be killed."""

import os
import signal
import threading
import time
from pathlib import Path

import pytest

from monitor.domain.errors import SourceError, SourceTimeout
from monitor.grabbers.pool import GrabberPool, PoolOptions
from monitor.grabbers.source import PooledSource
from monitor.sources.exec import ExecOptions, ExecSource
from tests.sources.drawing import draw, encode
from tests.sources.test_exec import is_running, wait_for

JPEG = encode(draw())


@pytest.fixture(scope="module")
def pool():
    grabbers = GrabberPool(PoolOptions(size=2))
    yield grabbers
    grabbers.close()


@pytest.fixture
def pooled(pool, tmp_path):
    """A source whose program runs a script beside a picture."""
    (tmp_path / "picture.jpg").write_bytes(JPEG)
    (tmp_path / "hang").write_text("#!/bin/sh\ntrap '' TERM\necho $$ > $1\nwhile :; do sleep 1000; done\n")
    (tmp_path / "hang").chmod(0o755)

    def make(script: str) -> PooledSource:
        options = ExecOptions(("sh", "-c", script), tmp_path, {"PASSWORD": "c4nary-word"})
        return PooledSource(pool, ExecSource, options)

    return make


def wait_for_end(pids: list[str]) -> None:
    until_s = time.monotonic() + 10
    while any(is_running(pid) for pid in pids):
        assert time.monotonic() < until_s
        time.sleep(0.02)


def test_a_picture_comes_through_and_what_is_left_behind_is_ended(pooled, tmp_path):
    source = pooled("setsid ./hang pid & while [ ! -s pid ]; do sleep 0.01; done; cat picture.jpg")
    assert source.grab(10).encoded == JPEG
    wait_for_end([wait_for(tmp_path / "pid")])


def test_the_limit_ends_the_program_and_not_the_grabber(pooled, tmp_path, pool):
    before = pool.counters().kills
    with pytest.raises(SourceTimeout, match="did not end within"):
        pooled("./hang one & setsid ./hang two & wait").grab(2)
    assert pool.counters().kills == before
    wait_for_end([wait_for(tmp_path / name) for name in ("one", "two")])


def test_a_grabber_that_is_killed_takes_the_program_with_it(pooled, tmp_path):
    source = pooled("./hang one & setsid ./hang two & wait")
    caught: list[SourceError] = []

    def grab() -> None:
        try:
            source.grab(20)
        except SourceError as error:
            caught.append(error)

    grabbing = threading.Thread(target=grab)
    grabbing.start()
    pids = [wait_for(tmp_path / name) for name in ("one", "two")]
    os.kill(grabber_above(int(pids[0])), signal.SIGKILL)
    wait_for_end(pids)
    grabbing.join(20)
    assert not grabbing.is_alive()
    assert len(caught) == 1


def grabber_above(pid: int) -> int:
    """The process that started the warden of a program."""
    while "warden.py" not in Path(f"/proc/{pid}/cmdline").read_text():
        pid = parent_of(pid)
    return parent_of(pid)


def parent_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
