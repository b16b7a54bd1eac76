"""What the daemon stands on gives way: the bundle, the disk, the database. Refused by name, or outlived."""

from __future__ import annotations

import os
import resource
import shutil
import sqlite3
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from monitor.domain.view import ViewKey
from monitor.store import Store
from tests import postgres
from tests.e2e.conftest import SimulatedPlace
from tests.e2e.program import Daemon, look_into, monitor, until, write_config
from tests.notifiers.receiver import Receiver

FAULT_LINES = ("check.broke_down", "job.", "lock.", "delivery.")


def cameras_of(place: SimulatedPlace) -> list[dict[str, Any]]:
    return [{"name": name, "source": place.source(name)} for name in ("gate", "yard")]


def checks(store: Store, name: str) -> int:
    return len(store.history.observations(ViewKey(name), limit=9999))


def goes_on(daemon: Daemon, config: Path) -> None:
    """Both cameras are looked at again."""
    with look_into(config) as store:
        before = {name: checks(store, name) for name in ("gate", "yard")}
        daemon.until(
            lambda: all(checks(store, name) > count + 1 for name, count in before.items()), "it goes on"
        )


def test_a_damaged_bundle_is_refused_by_name(enrolled: Path, place: SimulatedPlace) -> None:
    from monitor.vision.bundle import shipped_bundle_path

    whole = shipped_bundle_path().read_bytes()
    damaged = enrolled / "damaged.bundle"
    damaged.write_bytes(whole[: len(whole) // 2])
    config = write_config(enrolled, cameras=cameras_of(place), bundle=str(damaged))
    ended = monitor("--config", config, "run")
    assert ended.code == 2
    assert "damaged.bundle" in ended.errors
    assert "Traceback" not in ended.errors


def test_a_database_of_a_newer_version_is_refused(enrolled: Path, place: SimulatedPlace) -> None:
    config = write_config(enrolled, cameras=cameras_of(place))
    with closing(sqlite3.connect(enrolled / "monitor-data" / "monitor.db")) as database:
        database.execute("UPDATE alembic_version SET version_num = '9999_from_the_future'")
        database.commit()
    ended = monitor("--config", config, "run")
    assert ended.code == 2
    assert "newer" in ended.errors
    assert "Traceback" not in ended.errors


def test_a_locked_sqlite_database_is_said_once_and_outlived(
    enrolled: Path, place: SimulatedPlace, start: Callable[..., Daemon]
) -> None:
    config = write_config(enrolled, cameras=cameras_of(place))
    daemon = start(config, module="tests.e2e.hasty").started()
    goes_on(daemon, config)
    with closing(
        sqlite3.connect(enrolled / "monitor-data" / "monitor.db", isolation_level=None, timeout=30)
    ) as other:
        other.execute("BEGIN EXCLUSIVE")
        daemon.until(lambda: said_about_database(daemon), "it is said")
        other.execute("ROLLBACK")
    goes_on(daemon, config)
    faults = said_about_database(daemon)
    assert all("locked by another program" in line["reason"] for line in faults), faults
    # However often it was met: a line for each kind of work that failed.
    kinds = [(line["event"], line.get("job")) for line in faults]
    assert len(kinds) == len(set(kinds)), daemon.text
    assert daemon.stop() == 0


def test_a_full_disk_is_said_once_and_outlived_and_the_alert_comes_when_there_is_room(
    tmp_path: Path,
    place: SimulatedPlace,
    receiver: Receiver,
    webhook: dict[str, Any],
    postgres_url: str,
    start: Callable[..., Daemon],
) -> None:
    # No file of the daemon's may grow beyond this, which to it is a disk without room; its database is elsewhere.
    room = 12_000
    assert len(place.picture("gate")) > room
    config = write_config(
        tmp_path, cameras=cameras_of(place), notifiers=[webhook], database={"url": postgres_url}
    )
    assert monitor("--config", config, "enroll", "--all", "--force").code == 0
    daemon = start(config, module="tests.e2e.hasty").started()
    goes_on(daemon, config)
    unlimited = resource.prlimit(daemon.process.pid, resource.RLIMIT_FSIZE, (room, resource.RLIM_INFINITY))
    place.let("gate", "flip")
    said = daemon.expect("check.broke_down", view="gate")
    assert "space" in said["reason"]
    with look_into(config) as store:
        others, pictures = checks(store, "yard"), list((tmp_path / "monitor-data" / "images").glob("??/??/*"))
        daemon.until(lambda: checks(store, "yard") > others + 3, "the other camera goes on")
        assert list((tmp_path / "monitor-data" / "images").glob("??/??/*")) == pictures
        assert receiver.requests == []
        resource.prlimit(daemon.process.pid, resource.RLIMIT_FSIZE, unlimited)
        daemon.until(lambda: receiver.accepted, "the alert")
    assert len(daemon.lines("check.broke_down")) == 1, daemon.text
    assert daemon.stop() == 0


@pytest.fixture
def own_server() -> Iterator[postgres.PostgresServer]:
    """A server of the test's own, to be stopped."""
    home = Path(tempfile.mkdtemp(prefix="monitor-pg-", dir="/tmp"))
    try:
        server = postgres._start(home)
        try:
            yield server
        finally:
            postgres._stop(server)
    finally:
        shutil.rmtree(home, ignore_errors=True)


def started_again(server: postgres.PostgresServer) -> postgres.PostgresServer:
    """The same server, the same data."""
    account = postgres._unprivileged()
    process = subprocess.Popen(
        server.process.args,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=server.socket_dir,
        user=account.pw_uid if account else None,
        group=account.pw_gid if account else None,
        env={"PATH": os.environ.get("PATH", ""), "LC_ALL": "C", "TZ": "UTC"},
        preexec_fn=postgres._die_with_parent,
    )
    return postgres.PostgresServer(server.socket_dir, process)


def test_a_database_that_goes_away_and_comes_back_is_said_and_outlived(
    tmp_path: Path,
    place: SimulatedPlace,
    receiver: Receiver,
    webhook: dict[str, Any],
    own_server: postgres.PostgresServer,
    start: Callable[..., Daemon],
) -> None:
    with own_server.database() as url:
        config = write_config(tmp_path, cameras=cameras_of(place), notifiers=[webhook], database={"url": url})
        assert monitor("--config", config, "enroll", "--all", "--force").code == 0
        daemon = start(config, module="tests.e2e.hasty").started()
        goes_on(daemon, config)
        postgres._stop(own_server)
        place.let("gate", "flip")
        daemon.until(lambda: said_about_database(daemon), "it is said")
        again = started_again(own_server)
        try:
            until(lambda: answers(again), "the server is back")
            daemon.until(lambda: receiver.accepted, "the alert")
            goes_on(daemon, config)
            # However often it was met: one line of each job and of each thing that failed.
            faults = [line["event"] + str(line.get("job", "")) for line in said_about_database(daemon)]
            assert len(faults) == len(set(faults)), daemon.text
            assert "Traceback" not in daemon.text
            assert daemon.stop() == 0
        finally:
            with look_into(config) as store:
                slots = [row.slot for row in store.history.observations(ViewKey("gate"), limit=9999)]
                assert len(slots) == len(set(slots))
                assert len(store.incidents.list()) == 1
            postgres._stop(again)
            # For the block around this, which drops the database.
            final = started_again(again)
            until(lambda: answers(final), "the server is back")
    postgres._stop(final)


def said_about_database(daemon: Daemon) -> list[dict[str, Any]]:
    return [
        line
        for line in daemon.lines()
        if line["level"] in ("warning", "error") and line["event"].startswith(FAULT_LINES)
    ]


def answers(server: postgres.PostgresServer) -> bool:
    try:
        server.execute("SELECT 1")
    except Exception:
        return False
    return True
