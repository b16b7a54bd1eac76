"""A recorder with six cameras dies beside a machine whose cameras live: one incident, and one end of it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from monitor.domain.incident import Scope
from monitor.domain.view import ViewKey
from monitor.simulator import Event, SimulatedCamera, SimulatedClock, Site, SiteServer
from monitor.store import DeliveryStatus, Store
from tests.e2e.conftest import SIZE, SimulatedPlace
from tests.e2e.program import QUICK, Daemon, look_into, monitor, write_config
from tests.notifiers.receiver import Receiver

HOST = "127.0.0.2"
CHANNELS = tuple(f"channel{number}" for number in range(1, 7))
LIVING = ("gate", "yard")
# Long enough for six cameras to be seen to fail before the first of them would have an incident of its own.
POLICY = {**QUICK["policy"], "min_duration": {"offline": "4s", "stream_fault": "4s"}}


class Recorder:
    """Six cameras behind one address, which can be switched off and on."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._server = SiteServer(site, HOST).start()
        self.port = int(self._server.url.rpartition(":")[2])

    def source(self, channel: str) -> dict[str, Any]:
        return {"kind": "http", "url": f"http://{HOST}:{self.port}/{channel}/snapshot.jpg"}

    def switch_off(self) -> None:
        self._server.close()
        # Connections that are open already would be served on.
        self._let_all("die", how="refuse")

    def switch_on(self) -> None:
        self._let_all("restore")
        self._server = SiteServer(self._site, HOST, self.port).start()

    def _let_all(self, do: str, **values: Any) -> None:
        for name in CHANNELS:
            self._site.apply(Event(name, do, self._site.clock.now(), values))


@pytest.fixture
def recorder() -> Iterator[Recorder]:
    cameras = [SimulatedCamera(name, "street", 7100, SIZE) for name in CHANNELS]
    site = Site(cameras, SimulatedClock(datetime(2026, 6, 1, 12, 0, tzinfo=UTC), 1.0))
    site.prepare()
    running = Recorder(site)
    yield running
    running.switch_off()


def told(receiver: Receiver) -> list[tuple[str, str]]:
    return [
        (body["type"], body["data"]["headline"]) for body in (r.verified() for r in list(receiver.requests))
    ]


def all_delivered(store: Store) -> bool:
    rows = store.deliveries.list()
    return bool(rows) and all(row.status is DeliveryStatus.DELIVERED for row in rows)


def test_a_recorder_that_dies_is_one_incident_survives_a_kill_and_ends_once(
    tmp_path: Path,
    place: SimulatedPlace,
    recorder: Recorder,
    receiver: Receiver,
    webhook: dict[str, Any],
    start: Callable[..., Daemon],
) -> None:
    cameras = [{"name": name, "source": recorder.source(name)} for name in CHANNELS]
    cameras += [{"name": name, "source": place.source(name)} for name in LIVING]
    config = write_config(
        tmp_path, cameras=cameras, defaults={**QUICK, "policy": POLICY}, notifiers=[webhook]
    )
    done = monitor("--config", config, "enroll", "--all", "--force")
    assert done.code == 0, done.output + done.errors
    daemon = start(config).started()
    with look_into(config) as store:
        daemon.until(lambda: all(row.last_checked_at for row in store.views.all()), "all looked at")
        recorder.switch_off()
        daemon.expect("host.unreachable", host=HOST)
        daemon.until(lambda: all_delivered(store), "the alert")
        (incident,) = store.incidents.open()
        assert (incident.scope, incident.subject) == (Scope.HOST, HOST)
        assert [key.camera for key in incident.members] == list(CHANNELS)

        # The database knows of it: a daemon that is killed and started again opens nothing new.
        daemon.kill()
        shown = monitor("--config", config, "status")
        assert f"host incident {incident.id}, recorder {HOST}: offline" in shown.output
        noted = monitor("--config", config, "ack", str(incident.id), "--by", "ada")
        assert f"of recorder {HOST}" in noted.output
        refused = monitor("--config", config, "accept", str(incident.id))
        assert refused.code != 0
        assert "It ends by itself when the recorder is back." in refused.errors
        daemon = start(config).started()
        restarted_at = datetime.now(UTC)
        time.sleep(5.0)
        assert [one.id for one in store.incidents.open()] == [incident.id], daemon.text

        recorder.switch_on()
        daemon.expect("host.answers", timeout_s=40.0, host=HOST)
        daemon.until(lambda: not store.incidents.open(), "the end of the incident")
        daemon.until(lambda: len(receiver.accepted) >= 3 and all_delivered(store), "the alert about the end")
        daemon.until(
            lambda: all(
                store.views.get(ViewKey(name)).last_verdict.kind == "ok"  # type: ignore[union-attr]
                for name in CHANNELS
            ),
            "every channel is seen again",
        )
        # The others never waited: a check a second all the time, and never a doubt.
        for name in LIVING:
            rows = store.history.observations(ViewKey(name), since=restarted_at, limit=9999)
            assert {row.verdict.kind.value for row in rows} == {"ok"}
        assert len(store.incidents.list()) == 1
    rows = json.loads(monitor("--config", config, "status", "--json").output)
    assert {row["part_of"] for row in rows} == {None}
    assert told(receiver) == [
        ("incident.opened", f"Recorder {HOST} is unreachable: 6 cameras"),
        ("incident.acknowledged", f"Acknowledged by ada: recorder {HOST} (offline)"),
        ("incident.resolved", f"Resolved: Recorder {HOST} answers again: 6 cameras"),
    ]
    assert daemon.stop() == 0
