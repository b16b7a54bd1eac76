"""Real processes, real signals."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from monitor.service.engine import EXIT_ABANDONED, EXIT_DRAINED
from tests.service.doubles import until

ROOT = Path(__file__).parents[2]


class Daemon:
    """The driver as a process; its output goes to a file."""

    def __init__(self, folder: Path, drain_s: float) -> None:
        self.folder = folder
        (folder / "drain_s").write_text(str(drain_s))
        self.output = folder / "output"
        with self.output.open("w") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tests.service.daemon", str(folder)],
                cwd=ROOT,
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**os.environ, "PYTHONUNBUFFERED": "1"},
            )
        self.wait_for("checked")

    def said(self, word: str) -> int:
        return sum(line.strip() == word for line in self.output.read_text().splitlines())

    def wait_for(self, word: str, times: int = 1) -> None:
        until(lambda: self.said(word) >= times, timeout_s=20.0)

    def hang(self) -> None:
        """Let the check that begins next hang."""
        (self.folder / "hang").touch()
        self.wait_for("begun", self.said("begun") + 1)

    def end(self) -> int:
        return self.process.wait(20.0)


@pytest.fixture
def start(tmp_path: Path) -> Iterator:
    started: list[Daemon] = []

    def start(drain_s: float = 10.0) -> Daemon:
        started.append(Daemon(tmp_path, drain_s))
        return started[-1]

    yield start
    for daemon in started:
        daemon.process.kill()
        daemon.process.wait()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_an_idle_daemon_cleanly(start, number: signal.Signals):
    daemon = start()
    daemon.process.send_signal(number)
    assert daemon.end() == EXIT_DRAINED
    assert daemon.said("ended") == 1
    assert daemon.said("begun") == daemon.said("checked")


def test_sigterm_lets_what_runs_finish(start):
    daemon = start()
    daemon.hang()
    daemon.process.send_signal(signal.SIGTERM)
    until(lambda: "service.stopping" in daemon.output.read_text())
    (daemon.folder / "hang").unlink()
    assert daemon.end() == EXIT_DRAINED
    assert daemon.said("begun") == daemon.said("checked")


def test_sigterm_ends_in_bounded_time_although_a_check_hangs(start):
    daemon = start(drain_s=0.3)
    daemon.hang()
    began_s = time.monotonic()
    daemon.process.send_signal(signal.SIGTERM)
    assert daemon.end() == EXIT_ABANDONED
    assert time.monotonic() - began_s < 8.0
    assert "service.abandoned" in daemon.output.read_text()
    assert "gate" in daemon.output.read_text()


def test_the_second_signal_ends_at_once(start):
    daemon = start(drain_s=600.0)
    daemon.hang()
    daemon.process.send_signal(signal.SIGINT)
    until(lambda: "service.stopping" in daemon.output.read_text())
    daemon.process.send_signal(signal.SIGINT)
    assert daemon.end() == 128 + signal.SIGINT
    assert daemon.said("ended") == 0


def test_sighup_reloads_and_the_daemon_goes_on(start):
    daemon = start()
    daemon.process.send_signal(signal.SIGHUP)
    daemon.wait_for("reloaded")
    daemon.process.send_signal(signal.SIGHUP)
    daemon.wait_for("reloaded", 2)
    daemon.wait_for("checked", daemon.said("checked") + 2)
    daemon.process.send_signal(signal.SIGTERM)
    assert daemon.end() == EXIT_DRAINED
