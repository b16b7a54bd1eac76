"""A whole site changes at once: every view's check is recorded as it would be, and one message is to tell of it."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from monitor.clock import SystemClock
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
from tests.proofs.books import EVERYTHING, complaints_about_incidents
from tests.proofs.watching import look, verdict, watched
from tests.proofs.worker import make_deliverer, make_tending

NAME = "grouped"
SITE = "near"
TWICE = StatePolicy(min_duration_s={}, default_duration_s=0.0, close_checks=1, close_after_s=0.0)
"""As usual two checks of three must say so; only without waiting."""


@dataclass(frozen=True, slots=True)
class Crowd:
    """What came of it.

    Attributes:
        views: That changed.
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
    def __init__(self, store: Store, views: int) -> None:
        policy = SiteEventPolicy(at_least=5, share=0.3, window_s=3600.0)
        self.specs = [watched(f"camera-{number:05}", SITE, policy, TWICE) for number in range(views)]
        self.store = store
        self.slowest_s = 0.0
        self._now = SystemClock().now() - timedelta(minutes=30)
        store.views.sync(self.specs, self._now)

    def all_see(self, kind: VerdictKind) -> float:
        """One check of each; processor time of one, milliseconds."""
        self._now += timedelta(minutes=5)
        began_s = time.process_time()
        for spec in self.specs:
            started_s = time.perf_counter()
            look(self.store, spec.key, verdict(kind), self._now, _addressing)
            self.slowest_s = max(self.slowest_s, time.perf_counter() - started_s)
        return round((time.process_time() - began_s) * 1000 / len(self.specs), 2)


def change_all(database: str, folder: Path, views: int) -> Crowd:
    """Let all views of a site change, and recover; count what a receiver got.

    Args:
        database: URL of an empty database.
        folder: For pictures.
        views: How many.
    """
    inbox = _Inbox()
    with open_store(database, folder / "images") as store, running_receiver() as receiver:
        receiver.respond = inbox.take
        site = _Site(store, views)
        suspected_ms = site.all_see(VerdictKind.FLIPPED_180)
        opened_ms = site.all_see(VerdictKind.FLIPPED_180)
        events = store.group_incidents.open(Scope.SITE)
        single = [one for one in store.incidents.open() if one.scope is Scope.VIEW]
        _send(store, receiver.url)
        beginning = list(inbox.about)
        recovered_ms = site.all_see(VerdictKind.OK)
        _send(store, receiver.url)
        end = inbox.about[len(beginning) :]
        dropped = [
            row for row in store.deliveries.list(limit=EVERYTHING) if row.status is DeliveryStatus.DROPPED
        ]
        complaints = [*complaints_about_arrivals(inbox.arrivals.all), *complaints_about_incidents(store)]
        complaints += [f"{one.name} is still open" for one in store.incidents.open()]
        complaints += [f"{row.id} still waits" for row in store.deliveries.list(DeliveryStatus.PENDING)]
    if len(single) != views or len(events) != 1 or any(one.parent_id != events[0].id for one in single):
        complaints.append("not every view has an incident that the site's stands for")
    if sum(beginning, Counter()) != {"site incident.opened": 1} or len(beginning) != 1:
        complaints.append(f"the beginning was told by {beginning}")
    return Crowd(
        views=views,
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


def _addressing(_matter: Matter) -> list[Addressee]:
    return [Addressee(NAME, SITE, 0.05)]


def _send(store: Store, receiver: str) -> None:
    """Tend and send until nothing is due; what waits because the site's incident stands for it stays."""
    deliverer, tending = make_deliverer(store, receiver, 0), make_tending(store)
    time.sleep(0.1)
    for _ in range(3):
        tend(tending)
        deliverer.deliver_due()
    deliverer.close(30.0)
