"""The processes that grab for a running daemon: killed, outlived by it, and never outliving it."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from monitor.domain.view import ViewKey
from monitor.store import Store
from tests.e2e.conftest import SimulatedPlace
from tests.e2e.program import Daemon, look_into, write_config
from tests.grabbers.conftest import children_of, is_running, until

GATE = ViewKey("gate")
SECRET = "Sup3r-geheim-42"


@pytest.fixture
def watching(
    enrolled: Path,
    place: SimulatedPlace,
    start: Callable[..., Daemon],
    monkeypatch: pytest.MonkeyPatch,
) -> tuple[Daemon, Path]:
    """A daemon that has made a check, with a secret in its environment."""
    monkeypatch.setenv("CAMERA_PASSWORD", SECRET)
    config = write_config(enrolled, cameras=[{"name": "gate", "source": place.source("gate")}])
    daemon = start(config).started()
    with look_into(config) as store:
        daemon.until(lambda: checks(store), "a check")
    return daemon, config


def checks(store: Store) -> int:
    return len(store.history.observations(GATE, limit=10_000))


def test_the_daemon_goes_on_when_its_grabbers_and_their_server_are_killed(watching):
    daemon, config = watching
    with look_into(config) as store:
        for _ in range(2):
            (server,) = children_of(daemon.process.pid)[:1]
            os.kill(server, signal.SIGKILL)
            before = checks(store)
            daemon.until(lambda before=before: checks(store) > before + 1, "checks go on")
        causes = {row.verdict.kind.value for row in store.history.observations(GATE, limit=10_000)}
    assert "offline" not in causes
    assert daemon.lines("grabbers.server_gone")
    family = children_of(daemon.process.pid)
    assert daemon.stop() == 0
    daemon_is_alone(family)


def test_no_grabber_outlives_a_daemon_that_was_killed_and_none_saw_its_secrets(watching):
    daemon, _ = watching
    family = children_of(daemon.process.pid)
    assert len(family) >= 2
    for pid in family:
        for name in ("cmdline", "environ"):
            try:
                assert SECRET.encode() not in Path(f"/proc/{pid}/{name}").read_bytes()
            except PermissionError:
                assert name == "environ"  # grabbers hide theirs from their own account
    daemon.kill()
    daemon_is_alone(family)


def daemon_is_alone(family: list[int]) -> None:
    until(lambda: not any(map(is_running, family)))
