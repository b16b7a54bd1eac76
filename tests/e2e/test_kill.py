"""SIGKILL at every step of a check and of a delivery: nothing lost, nothing doubled, whatever was told keeps its id."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from monitor.domain.state import Change, Status
from monitor.domain.verdict import VerdictKind
from monitor.domain.view import ViewKey
from monitor.store import Store
from monitor.store.rows import DeliveryStatus
from tests.e2e.conftest import SimulatedPlace
from tests.e2e.program import QUICK, Daemon, look_into, monitor, write_config
from tests.notifiers.receiver import Receiver

GATE = ViewKey("gate")
# One check decides here, so that the very check that is killed is the one that matters.
AT_ONCE = {**QUICK, "policy": {**QUICK["policy"], "open_checks": 1, "window": 1, "default_duration": "0s"}}
BEFORE_THE_COMMIT = ("load", "grab", "encode", "compare", "record", "within record")


def kill_at(step: str, config: Path, start: Callable[..., Daemon]) -> None:
    """Run the daemon until it stands at a step, and kill it there."""
    daemon = start(config, module="tests.e2e.hasty", options=("--stand-at", step))
    daemon.until(lambda: "here" in daemon.output_path.read_text(), f"standing at {step}")
    daemon.kill()


def slots_are_unique(store: Store) -> bool:
    slots = [row.slot for row in store.history.observations(GATE, limit=10_000)]
    return len(slots) == len(set(slots))


def goes_on_as_if_nothing_had_happened(
    config: Path, place: SimulatedPlace, receiver: Receiver, start: Callable[..., Daemon]
) -> None:
    """The flip was told under one id, is told to be over under another, and stands once in the store."""
    with look_into(config) as store:
        daemon = start(config, module="tests.e2e.hasty").started()
        daemon.until(lambda: receiver.accepted, "the alert")
        daemon.until(
            lambda: not store.deliveries.list(status=DeliveryStatus.PENDING), "it is written down as sent"
        )
        (incident,) = store.incidents.list()
        assert incident.cause is VerdictKind.FLIPPED_180
        assert set(receiver.accepted) == {f"{incident.id}-1"}
        place.restore()
        daemon.until(lambda: len(set(receiver.accepted)) == 2, "the end")
        daemon.until(lambda: not store.incidents.open())
        assert daemon.stop() == 0
        assert [delivery.id for delivery in store.deliveries.list()] == [
            f"room:{incident.id}-2",
            f"room:{incident.id}-1",
        ]
        assert slots_are_unique(store)
        opened = [
            row for row in store.history.observations(GATE, limit=10_000) if row.change is Change.OPENED
        ]
        assert len(opened) == 1
        assert store.views.get(GATE).state.status is Status.OK
    for request in receiver.requests:
        request.verified()


@pytest.fixture
def config(enrolled: Path, place: SimulatedPlace, webhook: dict[str, Any]) -> Path:
    """One camera, which was flipped while nobody looked."""
    place.let("gate", "flip")
    cameras = [{"name": "gate", "source": place.source("gate")}]
    return write_config(enrolled, defaults=AT_ONCE, cameras=cameras, notifiers=[webhook])


@pytest.fixture
def postgres_config(
    tmp_path: Path, place: SimulatedPlace, webhook: dict[str, Any], postgres_url: str
) -> Path:
    """The same with PostgreSQL."""
    cameras = [{"name": "gate", "source": place.source("gate")}]
    parts = {
        "defaults": AT_ONCE,
        "cameras": cameras,
        "notifiers": [webhook],
        "database": {"url": postgres_url},
    }
    path = write_config(tmp_path / "site", **parts)
    enrolled = monitor("--config", path, "enroll", "--all", "--force")
    assert enrolled.code == 0, enrolled.output + enrolled.errors
    place.let("gate", "flip")
    return path


def nothing_is_recorded(config: Path) -> None:
    with look_into(config) as store:
        assert store.history.observations(GATE) == []
        assert store.incidents.list() == []
        assert store.deliveries.list() == []
        assert store.views.get(GATE).state.status is Status.OK


def all_is_recorded_and_nothing_sent(config: Path) -> str:
    """The id of the one alert."""
    with look_into(config) as store:
        (incident,) = store.incidents.open()
        (delivery,) = store.deliveries.list()
        assert delivery.id == f"room:{incident.id}-1"
        assert delivery.status is DeliveryStatus.PENDING
        assert store.views.get(GATE).state.status is Status.ALERT
        assert slots_are_unique(store)
    return delivery.alert.id


def test_killed_at_each_step_before_the_commit_the_check_leaves_nothing_and_is_made_again(
    config: Path, place: SimulatedPlace, receiver: Receiver, start: Callable[..., Daemon]
) -> None:
    # One after the other on the same site: each run passes the steps at which those before were killed.
    for step in BEFORE_THE_COMMIT:
        kill_at(step, config, start)
        nothing_is_recorded(config)
    assert receiver.requests == []
    goes_on_as_if_nothing_had_happened(config, place, receiver, start)


def test_killed_after_the_commit_and_about_the_delivery_everything_is_there_and_the_alert_keeps_its_id(
    config: Path, place: SimulatedPlace, receiver: Receiver, start: Callable[..., Daemon]
) -> None:
    kill_at("recorded", config, start)
    alert = all_is_recorded_and_nothing_sent(config)
    kill_at("leased", config, start)
    assert all_is_recorded_and_nothing_sent(config) == alert
    assert receiver.requests == []
    # At least once is the promise: sent, but not yet written down as sent, it comes again under the same id.
    kill_at("sent", config, start)
    assert all_is_recorded_and_nothing_sent(config) == alert
    assert [request.webhook_id for request in receiver.requests] == [alert]
    goes_on_as_if_nothing_had_happened(config, place, receiver, start)
    assert receiver.accepted.count(alert) == 2


def test_with_postgresql_it_is_the_same(
    postgres_config: Path, place: SimulatedPlace, receiver: Receiver, start: Callable[..., Daemon]
) -> None:
    kill_at("within record", postgres_config, start)
    nothing_is_recorded(postgres_config)
    kill_at("leased", postgres_config, start)
    alert = all_is_recorded_and_nothing_sent(postgres_config)
    assert receiver.requests == []
    goes_on_as_if_nothing_had_happened(postgres_config, place, receiver, start)
    assert receiver.accepted.count(alert) == 1
