"""What the model is held against: the service without cameras and network, whose clock, receivers and end are ours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from random import Random
from typing import Any, NoReturn

from monitor.clock import HeldClock
from monitor.domain.alert import Outcome, Receipt, RetryPolicy
from monitor.domain.errors import MonitorError
from monitor.domain.matcher import Matcher
from monitor.domain.message import Message
from monitor.domain.reminders import ReminderPolicy
from monitor.domain.silence import Silence
from monitor.domain.site_event import SiteEventPolicy
from monitor.settings import load_settings
from monitor.store import DeliveryStatus, Store, open_store
from monitor.usecases.deliver import Deliverer, DeliveryOptions
from monitor.usecases.incidents import end_site_events
from monitor.usecases.receivers import ReceiverHealth
from monitor.usecases.tend import Tending, tend
from monitor.wiring.notify import Routing
from monitor.wiring.silences import FreshSilences
from tests.proofs.arrivals import Arrival, Arrivals
from tests.proofs.watching import watched

# A Monday noon: far from the window below, which clocks that jump get into.
START = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
CONFIG = """
defaults: {time_zone: Europe/Berlin}
sites: {near: {}, far: {}}
cameras:
  - {name: far-0, site: far, source: {kind: folder, path: in/gate}}
maintenance:
  - {name: cleaning, cron: "30 2 * * *", lasts: 2h, sites: [near]}
notifiers:
  - {name: plain, kind: log}
  - {name: grouped, kind: log, group: {by: [site], wait: 10s}, remind: {every: 4h, at_most: 2}}
  - {name: turns, kind: log, routes: [{causes: [flipped_180, different_scene]}]}
"""
NOTIFIERS = ("plain", "grouped", "turns")
BY_CAUSE = frozenset({"turns"})
"""Those of them whose routes name causes."""
TOGETHER = SiteEventPolicy(at_least=3, share=0.0, window_s=120.0)
VIEWS = [
    *(watched(f"near-{number}", "near", TOGETHER) for number in range(4)),
    *(watched(f"far-{number}", "far") for number in range(2)),
]
KEYS = [spec.key for spec in VIEWS]
POLICY = RetryPolicy(attempts=4)
LEASE_S = 60.0
STEP = timedelta(hours=5)
STEPS = 80


class Mood(StrEnum):
    """How a receiver takes what it is sent."""

    WORKS = "works"
    FAILS = "fails"
    SLOW = "takes it, and answers too late"
    REFUSES = "refuses"
    GONE = "gone"
    BREAKS = "its notifier has a bug"


class Death(StrEnum):
    """Where the sender dies."""

    NEVER = "never"
    LEASED = "between the lease and the sending"
    SENT = "between the sending and its record"


class Crash(MonitorError):
    """The process dies here."""


class MoodyReceiver:
    """A notifier, whose receiver is as it likes."""

    def __init__(self, name: str, arrivals: Arrivals) -> None:
        self.name = name
        self.mood = Mood.WORKS
        self._arrivals = arrivals

    def send(self, message: Message, _attempt: int) -> Receipt:
        if self.mood in (Mood.WORKS, Mood.SLOW):
            self._arrivals.add(Arrival.of_message(self.name, message))
        match self.mood:
            case Mood.WORKS:
                return Receipt(Outcome.ACCEPTED)
            case Mood.REFUSES:
                return Receipt(Outcome.REJECTED, "refused")
            case Mood.GONE:
                return Receipt(Outcome.GONE, "gone")
            case Mood.BREAKS:
                raise ValueError("a bug")
            case _:
                return Receipt(Outcome.RETRY, str(self.mood))


class _Mortal:
    """The queue, as a process sees it that dies at one point; after that nothing of it works any more."""

    def __init__(self, inner: Any, death: Death) -> None:
        self._inner = inner
        self._death = death
        self._is_dead = False

    def lease(self, *arguments: Any, **named: Any) -> Any:
        self._live()
        leased = self._inner.lease(*arguments, **named)
        if leased and self._death is Death.LEASED:
            self._die()
        return leased

    def finish(self, *arguments: Any) -> Any:
        self._live()
        if self._death is Death.SENT:
            self._die()
        return self._inner.finish(*arguments)

    def hurry(self, *arguments: Any) -> Any:
        self._live()
        return self._inner.hurry(*arguments)

    def _live(self) -> None:
        if self._is_dead:
            raise Crash("dead")

    def _die(self) -> NoReturn:
        self._is_dead = True
        raise Crash("killed")


class City:
    """Two sites with a store, their receivers, and a clock that stands.

    Args:
        database: URL of a migrated, empty database.
        folder: Empty.
    """

    def __init__(self, database: str, folder: Path) -> None:
        self._database = database
        self._folder = folder
        (folder / "monitor.yaml").write_text(CONFIG, encoding="utf-8")
        self._settings = load_settings(folder / "monitor.yaml", {})
        self.clock = HeldClock(START)
        self._latest = START
        self.arrivals = Arrivals()
        self.receivers = {name: MoodyReceiver(name, self.arrivals) for name in NOTIFIERS}
        self.store: Store
        self._open()
        self.store.views.sync(VIEWS, START)

    def _open(self) -> None:
        self.store = open_store(self._database, self._folder / "images", migrate=False)
        silences = FreshSilences(self.store.silences.active, self.clock.now())
        self.routing = Routing(self._settings, silences.active, self.clock)

    def restart(self) -> None:
        """What a new process knows: what is stored."""
        self.store.close()
        self._open()

    def close(self) -> None:
        self.store.close()

    def move_clock(self, by: timedelta) -> None:
        self.clock.set(self.clock.now() + by)
        self._latest = max(self._latest, self.clock.now())

    def silence(self, matcher: Matcher, minutes: int) -> None:
        now = self.clock.now()
        self.store.silences.add(
            Silence(0, matcher, "ann", "ladders", now, now, now + timedelta(minutes=minutes))
        )

    def deliver(self, death: Death = Death.NEVER) -> None:
        """Send what is due, one message after the other; where the sender dies, another process takes over."""
        deliverer = Deliverer(
            _Mortal(self.store.deliveries, death),  # type: ignore[arg-type]
            self.receivers,
            self.clock,
            POLICY,
            Random(0),
            "model",
            ReceiverHealth(self.store.receivers, self.clock),
            DeliveryOptions(concurrency=1, per_notifier=1, lease_s=LEASE_S, turn_s=60.0),
        )
        try:
            deliverer.deliver_due()
        except Crash:
            self.restart()
        assert deliverer.close(10.0) == 0

    def tend(self, *, dies: bool = False) -> None:
        """Look after open incidents; who dies does so in the midst of it."""

        def die() -> Mapping[str, ReminderPolicy]:
            raise Crash("killed")

        reminders = die if dies else lambda: self.routing.reminders
        tending = Tending(
            self.store,
            self.routing,
            reminders,
            self.clock,
            end_events=lambda: end_site_events(self.store, self.routing, self.clock),
        )
        try:
            tend(tending)
        except Crash:
            self.restart()

    def waiting(self) -> Sequence[str]:
        """What is neither told nor given up, though no open incident stands for it.

        Also of an incident that is over: who heard of it before it became part of another hears of its end with the
        end of that one.
        """
        incidents = {one.id: one for one in self.store.incidents.list(limit=10_000)}
        open_ones = {one.id for one in incidents.values() if one.resolved_at is None}
        told_by_others = {one.id for one in incidents.values() if one.parent_id in open_ones}
        statuses = (DeliveryStatus.PENDING, DeliveryStatus.HELD)
        return [
            row.id
            for status in statuses
            for row in self.store.deliveries.list(status)
            if row.alert.incident_id not in told_by_others
        ]

    def come_to_rest(self) -> None:
        """Receivers work, nothing is silenced, and time passes."""
        for receiver in self.receivers.values():
            receiver.mood = Mood.WORKS
            self.store.receivers.enable(receiver.name)
        for silence in self.store.silences.list():
            self.store.silences.expire(silence.id, "ann", self.clock.now())
        self.clock.set(self._latest)
        for _ in range(STEPS):
            self.move_clock(STEP)
            self.tend()
            self.deliver()
            if not self.waiting():
                break
