"""A receiver that fails three times in ten: five hundred incidents, each opened, changed and resolved."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from random import Random

from monitor.clock import SystemClock
from monitor.domain.addressee import Addressee
from monitor.domain.matcher import Matter
from monitor.domain.verdict import VerdictKind
from monitor.domain.view import ViewKey
from monitor.store import DeliveryStatus, Store, open_store
from tests.notifiers.receiver import Answer, Received, running_receiver
from tests.proofs.arrivals import Arrivals, complaints_about_arrivals
from tests.proofs.books import EVERYTHING, complaints_about_deliveries, complaints_about_incidents
from tests.proofs.watching import look, verdict, watched
from tests.proofs.worker import POLICY, TIMEOUT_S, make_deliverer

NAME = "plain"
STORY = (VerdictKind.MOVED, VerdictKind.FLIPPED_180, VerdictKind.OK)
KINDS = ("incident.opened", "incident.changed", "incident.resolved")
WITHIN_S = 1800.0


@dataclass(frozen=True, slots=True)
class Endured:
    """What came of it.

    Attributes:
        incidents: Opened, changed and resolved.
        requests: That reached the receiver …
        failed: … of which it failed, by answering 500, 503, or nothing within the time limit.
        arrived: Messages taken, those among them whose answer came too late included …
        repeated: … of these again, under the same key.
        attempts: Alerts by how many attempts they took.
        complaints: What is wrong; empty when nothing is.
    """

    incidents: int
    requests: int
    failed: int
    arrived: int
    repeated: int
    attempts: dict[int, int]
    complaints: tuple[str, ...]


class _Unreliable:
    """Fails at random: answers 500 or 503, or takes the message and answers too late."""

    def __init__(self, share: float, seed: int) -> None:
        self.arrivals = Arrivals()
        self.requests = self.failed = 0
        self._share = share
        self._random = Random(seed)

    def take(self, request: Received) -> Answer:
        request.verified()
        with self.arrivals.lock:
            self.requests += 1
            fails = self._random.random() < self._share
            self.failed += fails
            how = self._random.choice((500, 503, 503, "late"))
        if fails and how != "late":
            return Answer(int(how))
        self.arrivals.add_body(NAME, request.webhook_id, request.body)
        return Answer(after_s=2.5 * TIMEOUT_S if fails else 0.0)


def endure(database: str, folder: Path, incidents: int, share: float, seed: int) -> Endured:
    """Tell of so many incidents, and judge what arrived.

    Args:
        database: URL of an empty database.
        folder: For pictures.
        incidents: How many.
        share: Of the requests that fail.
        seed: Of which fail.
    """
    specs = [watched(f"camera-{number}", "far") for number in range(incidents)]
    receiving = _Unreliable(share, seed)
    with open_store(database, folder / "images") as store, running_receiver() as receiver:
        receiver.respond = receiving.take
        now = SystemClock().now() - timedelta(minutes=5)
        store.views.sync(specs, now)
        for minute, kind in enumerate(STORY):
            for spec in specs:
                look(store, spec.key, verdict(kind), now + timedelta(minutes=minute), _addressing)
        _deliver(store, receiver.url, seed)
        rows = store.deliveries.list(limit=EVERYTHING)
        complaints = [
            *complaints_about_arrivals(receiving.arrivals.all),
            *complaints_about_incidents(store),
            *complaints_about_deliveries(store, receiving.arrivals, POLICY.attempts),
            *_untold(store, [spec.key for spec in specs]),
        ]
    return Endured(
        incidents=incidents,
        requests=receiving.requests,
        failed=receiving.failed,
        arrived=len(receiving.arrivals.all),
        repeated=receiving.arrivals.repeated,
        attempts=dict(sorted(Counter(row.attempts for row in rows).items())),
        complaints=tuple(complaints),
    )


def _addressing(_matter: Matter) -> list[Addressee]:
    return [Addressee(NAME)]


def _deliver(store: Store, receiver: str, seed: int) -> None:
    deliverer = make_deliverer(store, receiver, seed)
    deadline_s = time.monotonic() + WITHIN_S
    while store.deliveries.list(DeliveryStatus.PENDING, 1) and time.monotonic() < deadline_s:
        deliverer.deliver_due()
        time.sleep(0.02)
    deliverer.close(10.0)


def _untold(store: Store, keys: list[ViewKey]) -> list[str]:
    """Views whose whole story was not delivered."""
    told: dict[ViewKey, list[str]] = {key: [] for key in keys}
    for row in sorted(store.deliveries.list(limit=EVERYTHING), key=lambda row: row.created_at):
        if row.status is DeliveryStatus.DELIVERED:
            told[row.alert.key].append(row.alert.kind.value)
    return [f"{key}: told {kinds}" for key, kinds in told.items() if tuple(kinds) != KINDS]
