"""A small simulated site for a whole test process, and daemons that never outlive their test."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from monitor.simulator import Event, SimulatedCamera, SimulatedClock, Site, SiteServer
from tests.e2e.program import Daemon, monitor, write_config
from tests.notifiers.receiver import KEY, Receiver, running_receiver

SIZE = (480, 360)
NAMES = ("gate", "yard", "hall")


class SimulatedPlace:
    """The simulated site behind real HTTP on loopback; time passes there as it does here."""

    def __init__(self, server: SiteServer) -> None:
        self.server = server

    def source(self, name: str) -> dict[str, Any]:
        """How a configuration names a camera."""
        return {"kind": "http", "url": self.server.snapshot_url(name)}

    def let(self, camera: str, do: str, **values: Any) -> None:
        """Let something happen now."""
        site = self.server.site
        site.apply(Event(camera, do, site.clock.now(), values))

    def restore(self) -> None:
        """Undo all that has happened."""
        for name in self.server.site.names:
            self.let(name, "restore")

    def picture(self, name: str) -> bytes:
        """What a camera shows now, as JPEG."""
        site = self.server.site
        return site.snapshot(name, site.clock.now())


@pytest.fixture(scope="session")
def _served() -> Iterator[SimulatedPlace]:
    cameras = [
        SimulatedCamera("gate", "street", 7000, SIZE),
        SimulatedCamera("yard", "car_park", 7002, SIZE),
        SimulatedCamera("hall", "harbour", 7001, SIZE),
    ]
    site = Site(cameras, SimulatedClock(datetime(2026, 6, 1, 12, 0, tzinfo=UTC), 1.0))
    site.prepare()
    with SiteServer(site) as server:
        yield SimulatedPlace(server)


@pytest.fixture
def place(_served: SimulatedPlace) -> Iterator[SimulatedPlace]:
    """The simulated site, with nothing wrong at the start of each test."""
    _served.restore()
    yield _served
    _served.restore()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A receiver of webhooks."""
    with running_receiver() as running:
        yield running


@pytest.fixture
def webhook(receiver: Receiver) -> dict[str, Any]:
    """How a configuration names the receiver."""
    return {"name": "room", "kind": "webhook", "url": receiver.url, "secrets": [KEY], "allow_private": True}


@pytest.fixture
def start() -> Iterator[Callable[..., Daemon]]:
    """Starts daemons; those that still run at the end of the test are killed."""
    started: list[Daemon] = []

    def begin(config: Path, **options: Any) -> Daemon:
        started.append(Daemon(config, **options))
        return started[-1]

    yield begin
    for daemon in started:
        daemon.kill()


@pytest.fixture(scope="session")
def _enrolled(_served: SimulatedPlace, tmp_path_factory: pytest.TempPathFactory) -> Path:
    _served.restore()
    directory = tmp_path_factory.mktemp("enrolled")
    config = write_config(
        directory, cameras=[{"name": name, "source": _served.source(name)} for name in NAMES]
    )
    done = monitor("--config", config, "enroll", "--all", "--force")
    assert done.code == 0, done.errors + done.output
    return directory


@pytest.fixture
def enrolled(_enrolled: Path, tmp_path: Path) -> Path:
    """A folder in which all cameras of the simulated site are enrolled, in SQLite; for a configuration of one's own."""
    return Path(shutil.copytree(_enrolled, tmp_path / "site"))
