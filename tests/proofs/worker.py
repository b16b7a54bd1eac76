"""A process that records, sends and tends on and on, to be killed; what it has done it says in a file first.

A line is written only after the store has said that a check is recorded: what it tells of must be there for good.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from multiprocessing.connection import Connection
from pathlib import Path
from random import Random

from pydantic import SecretStr

from monitor.clock import SystemClock
from monitor.domain.addressee import Addressee
from monitor.domain.alert import RetryPolicy
from monitor.domain.errors import MonitorError
from monitor.domain.matcher import Matter
from monitor.domain.ports import Clock
from monitor.domain.site_event import SiteEventPolicy
from monitor.domain.verdict import VerdictKind
from monitor.domain.view import ViewSpec
from monitor.notifiers.webhook import WebhookNotifier, WebhookOptions
from monitor.store import Store, open_store
from monitor.usecases.deliver import Deliverer, DeliveryOptions
from monitor.usecases.incidents import end_site_events
from monitor.usecases.receivers import ReceiverHealth
from monitor.usecases.tend import Tending, tend
from tests.notifiers.receiver import KEY
from tests.proofs.watching import look, verdict, watched

TOGETHER = SiteEventPolicy(at_least=3, share=0.0, window_s=1.0)
VIEWS = [
    *(watched(f"alone-{number}", "far") for number in range(4)),
    *(watched(f"together-{number}", "near", TOGETHER) for number in range(4)),
]
NOTIFIERS = ("plain", "grouped")
"""One is sent each alert by itself, the other what belongs together."""
KINDS = (VerdictKind.OK, VerdictKind.OK, VerdictKind.MOVED, VerdictKind.FLIPPED_180, VerdictKind.OFFLINE)
LEASE_S = 2.0
TIMEOUT_S = 1.0
POLICY = RetryPolicy(first_s=0.1, factor=1.5, longest_s=1.0, attempts=60)
RECORDERS = 2


@dataclass(frozen=True, slots=True)
class Job:
    """Where a worker works.

    Attributes:
        database: URL.
        folder: For pictures, and for the file of what is recorded.
        receiver: URL of the receiver.
        seed: Of what is seen.
    """

    database: str
    folder: Path
    receiver: str
    seed: int

    @property
    def said(self) -> Path:
        return self.folder / "said.log"

    def open_store(self) -> Store:
        return open_store(self.database, self.folder / "images", migrate=False)


def addressing(matter: Matter) -> Sequence[Addressee]:
    sites = "+".join(sorted({view.site for view in matter.views}))
    return [Addressee("plain"), Addressee("grouped", sites, 0.05)]


def make_deliverer(store: Store, receiver: str, seed: int, clock: Clock | None = None) -> Deliverer:
    clock = clock or SystemClock()
    return Deliverer(
        store.deliveries,
        {name: open_webhook(name, receiver) for name in NOTIFIERS},
        clock,
        POLICY,
        Random(seed),
        f"worker-{os.getpid()}",
        ReceiverHealth(store.receivers, clock),
        DeliveryOptions(concurrency=4, per_notifier=2, lease_s=LEASE_S, turn_s=0.2),
    )


def open_webhook(name: str, receiver: str) -> WebhookNotifier:
    """One that says its name at the end of the URL."""
    url = SecretStr(f"{receiver}&to={name}")
    options = WebhookOptions(url, (SecretStr(KEY),), timeout_s=TIMEOUT_S, allow_private=True)
    return WebhookNotifier(options, SystemClock())


def make_tending(store: Store, clock: Clock | None = None) -> Tending:
    clock = clock or SystemClock()
    return Tending(
        store, addressing, dict, clock, end_events=lambda: end_site_events(store, addressing, clock)
    )


def work(job: Job, ready: Connection) -> None:
    """Say when the work goes on smoothly; it never ends."""
    store = job.open_store()
    said = os.open(job.said, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    for number in range(RECORDERS):
        mine = VIEWS[number::RECORDERS]
        random = Random(job.seed * RECORDERS + number)
        threading.Thread(target=_record, args=(store, mine, random, said, ready), daemon=True).start()
    threading.Thread(target=_tend, args=(make_tending(store),), daemon=True).start()
    deliverer = make_deliverer(store, job.receiver, job.seed)
    while True:
        deliverer.deliver_due()
        time.sleep(0.01)


def _record(store: Store, views: Sequence[ViewSpec], random: Random, said: int, ready: Connection) -> None:
    clock = SystemClock()
    for number in count():
        spec, kind, now = random.choice(views), random.choice(KINDS), clock.now()
        looked = look(store, spec.key, verdict(kind), now, addressing)
        is_told = looked.change is not None and not looked.recorded.superseded
        os.write(said, f"{spec.key} {now.isoformat()} {looked.change if is_told else '-'}\n".encode())
        if number == 0:
            ready.send_bytes(b"warm")
        time.sleep(random.uniform(0.0, 0.01))


def _tend(tending: Tending) -> None:
    while True:
        try:
            tend(tending)
        except MonitorError as error:
            os.write(2, f"tending: {error}\n".encode())
        time.sleep(0.05)
