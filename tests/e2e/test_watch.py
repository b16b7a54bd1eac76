"""The main job: enroll, watch, tell, tell the end; stop and start again."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from monitor.store.rows import DeliveryStatus
from tests.e2e.conftest import NAMES, SimulatedPlace
from tests.e2e.program import Daemon, look_into, monitor, until, write_config
from tests.notifiers.receiver import Receiver


def status_of(config: Path) -> dict[str, dict[str, Any]]:
    done = monitor("--config", config, "status", "--json")
    assert done.code == 0, done.errors
    return {row["camera"]: row for row in json.loads(done.output)}


def told(receiver: Receiver) -> list[tuple[str, str, str]]:
    """What the receiver was told: type, camera and cause, in order; every signature is verified."""
    messages = [request.verified() for request in list(receiver.requests)]
    return [(body["type"], body["data"]["camera"], body["data"]["details"]["cause"]) for body in messages]


def test_a_written_configuration_is_valid_but_for_its_cameras(tmp_path: Path) -> None:
    written = monitor("init", tmp_path / "monitor.yaml")
    assert written.code == 0, written.errors
    assert monitor("--config", tmp_path / "monitor.yaml", "config", "validate").code == 0


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_a_flip_and_a_move_are_told_once_and_so_is_their_end_and_a_restart_loses_nothing(
    kind: str,
    request: pytest.FixtureRequest,
    tmp_path: Path,
    place: SimulatedPlace,
    receiver: Receiver,
    webhook: dict[str, Any],
    start: Callable[..., Daemon],
) -> None:
    cameras = [{"name": name, "source": place.source(name)} for name in NAMES]
    more = {"database": {"url": request.getfixturevalue("postgres_url")}} if kind == "postgres" else {}
    config = write_config(tmp_path, cameras=cameras, notifiers=[webhook], **more)
    assert monitor("--config", config, "config", "validate").code == 0
    enrolled = monitor("--config", config, "enroll", "--all")
    assert enrolled.code == 0, enrolled.output + enrolled.errors

    daemon = start(config).started()
    with look_into(config) as store:
        daemon.until(lambda: all(row.last_checked_at for row in store.views.all()), "all looked at")
    place.let("gate", "flip")
    place.let("yard", "move", dx=0.08, dy=-0.05)
    daemon.until(lambda: len(receiver.accepted) >= 2, "two alerts")

    rows = status_of(config)
    assert {name: row["cause"] for name, row in rows.items()} == {
        "gate": "flipped_180",
        "yard": "moved",
        "hall": None,
    }
    assert [rows[name]["state"] for name in NAMES] == ["alert", "alert", "ok"]
    (moved,) = [
        body for body in (r.verified() for r in receiver.requests) if body["data"]["camera"] == "yard"
    ]
    displacement = moved["data"]["details"]["displacement"]
    assert displacement["dx_percent"] == pytest.approx(8.0, abs=0.7)
    assert displacement["dy_percent"] == pytest.approx(-5.0, abs=0.7)

    began_s = time.monotonic()
    assert daemon.stop() == 0
    assert time.monotonic() - began_s < 20.0

    # Restarted, it goes on where it stood: both incidents stay as they are, and nobody hears of them again.
    with look_into(config) as store:
        checked = {row.spec.key: row.last_checked_at for row in store.views.all()}
        incidents = [incident.id for incident in store.incidents.open()]
        daemon = start(config).started()
        daemon.until(
            lambda: all(row.last_checked_at > checked[row.spec.key] for row in store.views.all()),
            "all looked at again",
        )
        assert [incident.id for incident in store.incidents.open()] == incidents
        assert len(receiver.requests) == 2
        place.restore()
        daemon.until(lambda: len(receiver.accepted) >= 4, "both ended")
        assert daemon.stop() == 0
        assert store.incidents.open() == []
        assert len(store.incidents.list()) == 2
        assert {delivery.status for delivery in store.deliveries.list()} == {DeliveryStatus.DELIVERED}
    assert sorted(told(receiver)) == [
        ("incident.opened", "gate", "flipped_180"),
        ("incident.opened", "yard", "moved"),
        ("incident.resolved", "gate", "flipped_180"),
        ("incident.resolved", "yard", "moved"),
    ]
    assert len({request.webhook_id for request in receiver.requests}) == 4
    assert {row["state"] for row in status_of(config).values()} == {"ok"}


def test_a_second_daemon_on_the_same_database_is_refused_and_the_first_goes_on(
    enrolled: Path, place: SimulatedPlace, start: Callable[..., Daemon]
) -> None:
    config = write_config(enrolled, cameras=[{"name": name, "source": place.source(name)} for name in NAMES])
    first = start(config).started()
    second = start(config)
    assert second.process.wait(30) == 2
    assert "Another daemon works on" in second.text
    with look_into(config) as store:
        until(lambda: all(row.last_checked_at for row in store.views.all()))
    assert first.stop() == 0
