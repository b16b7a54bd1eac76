"""A whole site changes, at once or view by view; checks are recorded as they would be, one message is to tell of it.

As configured without a word about it: `site_event` and `group.wait` have their defaults. A site that changes more
slowly than `site_event.window` is no event; what comes then are groups, one message each.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from monitor.clock import HeldClock, SystemClock
from monitor.domain.addressee import Addressee
from monitor.domain.incident import Scope
from monitor.domain.matcher import Matter
from monitor.domain.site_event import SiteEventPolicy
from monitor.domain.state import StatePolicy
from monitor.domain.verdict import VerdictKind
from monitor.store import DeliveryStatus, Store, open_store
from monitor.usecases.tend import tend
from tests.notifiers.receiver import Answer, Received, running_receiver
from tests.proofs.arrivals import Arrivals, complaints_about_arrivals
from tests.proofs.books import EVERYTHING, complaints_about_deliveries, complaints_about_incidents
from tests.proofs.watching import look, verdict, watched
from tests.proofs.worker import POLICY, make_deliverer, make_tending

NAME = "grouped"
SITE = "near"
TOGETHER = SiteEventPolicy()
WAIT_S = 30.0
"""The default of `group.wait`."""
STEP = timedelta(seconds=10)
"""So often is what is due sent and tended."""
QUIET_S = 300.0
TWICE = StatePolicy(min_duration_s={}, default_duration_s=0.0, close_checks=1, close_after_s=0.0)
"""As usual two checks of three must say so; only without waiting."""


@dataclass(frozen=True, slots=True)
class Crowd:
    """What came of it.

    Attributes:
        views: That changed …
        over_s: … the last of them so long after the first, seconds.
        incidents: Of single views, recorded.
        site_incidents: That stand for them.
        messages: That arrived about the beginning; their alerts by kind and scope are `alerts`.
        alerts: See above.
        end_messages: That arrived about the end; `end_alerts` likewise.
        end_alerts: See above.
        held_back: Alerts of single views that were never sent.
        suspected_ms: Processor time of a check that suspects, milliseconds, the mean …
        opened_ms: … of one that opens an incident …
        recovered_ms: … of one that ends it …
        slowest_s: … and the wall-clock time of the slowest check of all, seconds.
        complaints: What is wrong; empty when nothing is.
    """

    views: int
    over_s: float
    incidents: int
    site_incidents: int
    messages: int
    alerts: dict[str, int]
    end_messages: int
    end_alerts: dict[str, int]
    held_back: int
    suspected_ms: float
    opened_ms: float
    recovered_ms: float
    slowest_s: float
    complaints: tuple[str, ...]


class _Inbox:
    """What arrives, and what it is about."""

    def __init__(self) -> None:
        self.arrivals = Arrivals()
        self.about: list[Counter[str]] = []

    def take(self, request: Received) -> Answer:
        body: dict[str, Any] = request.verified()
        self.arrivals.add_body(NAME, request.webhook_id, request.body)
        alerts = body["data"].get("alerts", [body])
        self.about.append(Counter(f"{one['data']['scope']} {one['type']}" for one in alerts))
        return Answer()


class _Site:
    """A site whose clock is ours: what its views see, what is told meanwhile."""

    def __init__(self, store: Store, views: int, receiver: str) -> None:
        self.specs = [watched(f"camera-{number:05}", SITE, TOGETHER, TWICE) for number in range(views)]
        self.store = store
        self.slowest_s = 0.0
        self._receiver = receiver
        self._began = SystemClock().now() - timedelta(hours=2)
        self._clock = HeldClock(self._began)
        self._told_at = self._began
        store.views.sync(self.specs, self._began)

    def see(self, kind: VerdictKind, over_s: float, times: int) -> list[float]:
        """Each view in its turn, and as often as said a recheck later; processor time of each round's checks,
        milliseconds, the mean. Meanwhile what is due is sent.
        """
        began, spent_s = self._clock.now(), [0.0] * times
        apart_s = over_s / len(self.specs)
        checks = sorted(
            (place * apart_s + number * TWICE.recheck_s, number, place)
            for place in range(len(self.specs))
            for number in range(times)
        )
        for at_s, number, place in checks:
            self._tell_until(began + timedelta(seconds=at_s))
            started_s, began_s = time.perf_counter(), time.process_time()
            look(self.store, self.specs[place].key, verdict(kind), self._clock.now(), _addressing)
            spent_s[number] += time.process_time() - began_s
            self.slowest_s = max(self.slowest_s, time.perf_counter() - started_s)
        self._tell_until(self._clock.now() + timedelta(seconds=QUIET_S))
        return [round(spent * 1000 / len(self.specs), 2) for spent in spent_s]

    def _tell_until(self, now: datetime) -> None:
        while self._told_at + STEP <= now:
            self._told_at += STEP
            self._clock.set(self._told_at)
            tend(make_tending(self.store, self._clock))
            deliverer = make_deliverer(self.store, self._receiver, 0, self._clock)
            deliverer.deliver_due()
            deliverer.close(30.0)
        self._clock.set(now)


def change_all(database: str, folder: Path, views: int, over_s: float = 0.0) -> Crowd:
    """Let all views of a site change, and recover; count what a receiver got.

    Args:
        database: URL of an empty database.
        folder: For pictures.
        views: How many.
        over_s: The last of them changes so long after the first, seconds; the others evenly in between.
    """
    inbox = _Inbox()
    with open_store(database, folder / "images") as store, running_receiver() as receiver:
        receiver.respond = inbox.take
        site = _Site(store, views, receiver.url)
        suspected_ms, opened_ms = site.see(VerdictKind.FLIPPED_180, over_s, times=2)
        events = store.group_incidents.open(Scope.SITE)
        single = [one for one in store.incidents.open() if one.scope is Scope.VIEW]
        beginning = list(inbox.about)
        (recovered_ms,) = site.see(VerdictKind.OK, over_s, times=1)
        end = inbox.about[len(beginning) :]
        dropped = [
            row for row in store.deliveries.list(limit=EVERYTHING) if row.status is DeliveryStatus.DROPPED
        ]
        complaints = [
            *complaints_about_arrivals(inbox.arrivals.all),
            *complaints_about_incidents(store),
            *complaints_about_deliveries(store, inbox.arrivals, POLICY.attempts),
            *(f"{one.name} is still open" for one in store.incidents.open()),
        ]
    if len(single) != views:
        complaints.append("not every view has an incident")
    if over_s <= TOGETHER.window_s:
        complaints += _not_one(beginning, [one.parent_id for one in single], [one.id for one in events])
    elif len(beginning) > (over_s + TWICE.recheck_s) / WAIT_S + 1:
        complaints.append(f"{len(beginning)} messages tell of what groups of {WAIT_S:g} s should hold")
    return Crowd(
        views=views,
        over_s=over_s,
        incidents=len(single),
        site_incidents=len(events),
        messages=len(beginning),
        alerts=dict(sum(beginning, Counter())),
        end_messages=len(end),
        end_alerts=dict(sum(end, Counter())),
        held_back=len(dropped),
        suspected_ms=suspected_ms,
        opened_ms=opened_ms,
        recovered_ms=recovered_ms,
        slowest_s=round(site.slowest_s, 2),
        complaints=tuple(complaints),
    )


def _not_one(beginning: list[Counter[str]], parents: list[int | None], events: list[int]) -> Iterator[str]:
    if len(events) != 1 or set(parents) != set(events):
        yield "not every view has an incident that the site's stands for"
    if beginning != [Counter({"site incident.opened": 1})]:
        yield f"the beginning was told by {beginning}"


def _addressing(_matter: Matter) -> list[Addressee]:
    return [Addressee(NAME, SITE, WAIT_S)]
