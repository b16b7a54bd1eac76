"""Between checks: what is held is told or dropped, what nobody has taken note of is reminded of."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from monitor.clock import HeldClock
from monitor.domain.addressee import Addressee
from monitor.domain.alert import AlertKind, Outcome, Receipt
from monitor.domain.matcher import Matter
from monitor.domain.reminders import ReminderPolicy
from monitor.domain.view import ViewKey
from monitor.store import DeliveryStatus, Resolution, Store, open_store
from monitor.usecases.tend import NO_LONGER_ROUTED, Tended, Tending, tend
from tests.store.builders import KEY, NOW, announce, at, opened, recovered, spec

HOUR = 3600.0


class ChangingAddressing:
    """Tells the notifiers that it is told to, and holds them back for the reason that it is given."""

    def __init__(self) -> None:
        self.notifiers: list[str] = ["ops"]
        self.held: Callable[[Matter], str] = lambda _matter: ""
        self.group = ""

    def hold(self, reason: str) -> None:
        self.held = lambda _matter: reason

    def __call__(self, matter: Matter) -> Sequence[Addressee]:
        return [Addressee(name, self.group, 30.0, self.held(matter)) for name in self.notifiers]


class Desk:
    """A store, a clock that stands, and somebody who tends."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.clock = HeldClock(NOW)
        self.addressing = ChangingAddressing()
        self.reminders: dict[str, ReminderPolicy] = {}
        self.ended: list[str] = []
        self.tending = Tending(
            store,
            self.addressing,
            lambda: self.reminders,
            self.clock,
            lambda: self.ended.append("asked"),
        )

    def open(self, seconds: float = 0.0, key: ViewKey = KEY) -> int:
        matter = Matter.of([spec(key)], opened(0).verdict.kind)
        incident = self.store.record(opened(seconds, key=key), self.addressing(matter), announce).incident
        assert incident is not None
        return incident.id

    def recover(self, seconds: float) -> None:
        matter = Matter.of([spec()], opened(0).verdict.kind)
        self.store.record(recovered(seconds), self.addressing(matter), announce)

    def tend(self, seconds: float) -> Tended:
        self.clock.set(at(seconds))
        return tend(self.tending)

    def deliver(self, seconds: float) -> list[str]:
        sent: list[str] = []
        while batches := self.store.deliveries.lease(at(seconds), "me", 30.0, 99, 99):
            for batch in batches:
                self.store.deliveries.finish(batch, Receipt(Outcome.ACCEPTED), None, at(seconds))
                sent.append("+".join(f"{batch.notifier}:{alert.id}" for alert in batch.alerts))
        return sent

    def reasons(self) -> list[tuple[DeliveryStatus, str]]:
        return [(row.status, row.detail) for row in reversed(self.store.deliveries.list())]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with open_store(f"sqlite:///{tmp_path / 'monitor.db'}", tmp_path / "images") as store:
        store.views.sync([spec(), spec(ViewKey("yard"))], NOW)
        yield Desk(store)


def test_what_is_held_is_told_when_nothing_holds_it_any_more(desk: Desk) -> None:
    desk.addressing.hold("silenced")
    incident = desk.open()
    assert desk.tend(60) == Tended()
    assert desk.deliver(60) == []
    desk.addressing.hold("")
    assert desk.tend(70) == Tended(released=1)
    assert desk.tend(80) == Tended()
    assert desk.deliver(80) == [f"ops:{incident}-1"]


def test_what_is_released_together_is_told_together(desk: Desk) -> None:
    desk.addressing.hold("silenced")
    desk.addressing.group = "site default"
    first, second = desk.open(), desk.open(5, ViewKey("yard"))
    desk.addressing.hold("")
    assert desk.tend(70) == Tended(released=2)
    assert desk.deliver(99) == []
    assert desk.deliver(100) == [f"ops:{first}-1+ops:{second}-1"]


def test_the_reason_is_that_which_holds_now(desk: Desk) -> None:
    desk.addressing.hold("silenced until 6")
    desk.open()
    desk.addressing.hold("maintenance until 8")
    assert desk.tend(60) == Tended()
    assert desk.reasons() == [(DeliveryStatus.HELD, "maintenance until 8")]


def test_what_is_over_meanwhile_is_never_told(desk: Desk) -> None:
    desk.addressing.hold("silenced")
    desk.open()
    desk.recover(60)
    desk.addressing.hold("")
    assert desk.tend(70) == Tended()
    assert desk.deliver(80) == []
    assert {status for status, _ in desk.reasons()} == {DeliveryStatus.DROPPED}


def test_what_ended_without_a_word_about_it_is_dropped_too(desk: Desk) -> None:
    desk.addressing.hold("silenced")
    incident = desk.open()
    desk.store.incidents.resolve(incident, at(50), Resolution("ann"))
    assert desk.tend(60) == Tended(dropped=1)


def test_what_no_route_leads_to_any_more_is_dropped(desk: Desk) -> None:
    desk.addressing.hold("silenced")
    desk.open()
    desk.addressing.notifiers = []
    assert desk.tend(60) == Tended(dropped=1)
    assert desk.reasons() == [(DeliveryStatus.DROPPED, NO_LONGER_ROUTED)]


def test_an_open_incident_is_reminded_of_so_often_and_then_no_more(desk: Desk) -> None:
    desk.reminders = {"ops": ReminderPolicy(HOUR, 2)}
    incident = desk.open()
    desk.deliver(10)
    assert desk.tend(HOUR) == Tended()
    assert desk.tend(HOUR + 10) == Tended(reminded=1)
    # Idempotent: the next look, even before it is sent, makes no second one.
    assert desk.tend(HOUR + 20) == Tended()
    assert desk.deliver(HOUR + 30) == [f"ops:{incident}-2"]
    assert desk.tend(2 * HOUR + 29) == Tended()
    assert desk.tend(2 * HOUR + 30) == Tended(reminded=1)
    assert desk.deliver(2 * HOUR + 40) == [f"ops:{incident}-3"]
    assert desk.tend(99 * HOUR) == Tended()
    newest = desk.store.deliveries.list()[0].alert
    assert newest.kind is AlertKind.REMINDER
    assert newest.headline.startswith("Reminder, open for 2 h: ")


def test_each_notifier_is_reminded_as_it_wishes(desk: Desk) -> None:
    desk.addressing.notifiers = ["ops", "mail", "log"]
    desk.reminders = {"ops": ReminderPolicy(HOUR, 1), "mail": ReminderPolicy(HOUR, 9)}
    incident = desk.open()
    desk.deliver(0 + 10)
    assert desk.tend(2 * HOUR) == Tended(reminded=2)
    assert sorted(desk.deliver(2 * HOUR)) == [f"mail:{incident}-2", f"ops:{incident}-2"]
    assert desk.tend(4 * HOUR) == Tended(reminded=1)
    assert desk.deliver(4 * HOUR) == [f"mail:{incident}-3"]


def test_nobody_is_reminded_of_what_somebody_has_acknowledged(desk: Desk) -> None:
    desk.reminders = {"ops": ReminderPolicy(HOUR, 2)}
    incident = desk.open()
    desk.deliver(10)
    desk.store.incidents.acknowledge(incident, "ann", "", at(20))
    assert desk.tend(9 * HOUR) == Tended()


def test_nobody_is_reminded_of_what_is_silenced_or_not_told_yet_or_over(desk: Desk) -> None:
    desk.reminders = {"ops": ReminderPolicy(HOUR, 2)}
    desk.open()
    assert desk.tend(9 * HOUR) == Tended()
    desk.deliver(9 * HOUR)
    desk.addressing.hold("silenced")
    assert desk.tend(11 * HOUR) == Tended()
    desk.addressing.hold("")
    desk.recover(11 * HOUR)
    assert desk.tend(12 * HOUR) == Tended()


def test_a_reminder_counts_from_when_the_notifier_was_told_not_from_when_it_began(desk: Desk) -> None:
    desk.reminders = {"ops": ReminderPolicy(HOUR, 2)}
    desk.addressing.hold("silenced")
    desk.open()
    desk.addressing.hold("")
    assert desk.tend(8 * HOUR) == Tended(released=1)
    desk.deliver(8 * HOUR)
    assert desk.tend(8 * HOUR + 60) == Tended()
    assert desk.tend(9 * HOUR + 1) == Tended(reminded=1)


def test_incidents_that_stand_for_others_are_ended_first(desk: Desk) -> None:
    desk.tend(0)
    desk.tend(10)
    assert desk.ended == ["asked", "asked"]
    assert timedelta(seconds=10) == desk.clock.now() - NOW
