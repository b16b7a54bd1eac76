"""SIGKILL at random moments: a worker records, sends and tends, is killed, and the next one goes on."""

from __future__ import annotations

import multiprocessing
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from random import Random

from standardwebhooks.webhooks import WebhookVerificationError

from monitor.clock import SystemClock
from monitor.domain.verdict import VerdictKind
from monitor.store import DeliveryStatus, Store, open_store
from monitor.usecases.tend import tend
from tests.notifiers.receiver import Answer, Received, running_receiver
from tests.proofs.arrivals import Arrivals, complaints_about_arrivals
from tests.proofs.books import EVERYTHING, complaints_about_deliveries, complaints_about_incidents
from tests.proofs.watching import look, verdict
from tests.proofs.worker import NOTIFIERS, POLICY, VIEWS, Job, addressing, make_deliverer, make_tending, work

LONGEST_S = 1.2
"""A worker lives for between nothing and this …"""
COLD = 0.2
"""… after its first check; this share of them after its start."""
REST_WITHIN_S = 120.0


@dataclass(frozen=True, slots=True)
class Killed:
    """What came of it.

    Attributes:
        rounds: Processes killed.
        checks: Recorded, by the word of the workers.
        incidents: In the end.
        alerts: Deliveries in the end …
        delivered: … of these delivered …
        dropped: … and dropped with a reason.
        messages: That arrived …
        repeated: … of these again, under the same key.
        torn: Requests cut off by a kill.
        complaints: What is wrong; empty when nothing is.
    """

    rounds: int
    checks: int
    incidents: int
    alerts: int
    delivered: int
    dropped: int
    messages: int
    repeated: int
    torn: int
    complaints: tuple[str, ...]


class _Inbox:
    """Takes what arrives whole and rightly signed."""

    def __init__(self) -> None:
        self.arrivals = Arrivals()
        self.torn = 0

    def take(self, request: Received) -> Answer:
        try:
            request.verified()
        except WebhookVerificationError:
            self.torn += 1
            return Answer(400)
        # Both notifiers have one receiver; which of them sends is in the path.
        notifier = request.path.rpartition("=")[2]
        self.arrivals.add_body(notifier, request.webhook_id, request.body)
        return Answer()


def kill_again_and_again(database: str, folder: Path, rounds: int, seed: int) -> Killed:
    """Kill that many workers, let everything come to rest, and judge.

    Args:
        database: URL of an empty database.
        folder: Empty.
        rounds: How many are killed.
        seed: Of what is seen and when is killed; the moments are the machine's all the same.
    """
    random, inbox = Random(seed), _Inbox()
    with open_store(database, folder / "images") as store:
        store.views.sync(VIEWS, SystemClock().now())
    with running_receiver() as receiver:
        receiver.respond = inbox.take
        for number in range(rounds):
            with _worker(Job(database, folder, receiver.url, seed * 10_000 + number)) as (process, hears):
                if random.random() >= COLD:
                    hears.recv_bytes()
                time.sleep(random.uniform(0.0, LONGEST_S))
                process.kill()
        job = Job(database, folder, receiver.url, seed)
        with job.open_store() as store:
            _come_to_rest(store, receiver.url)
            return _judge(store, job, rounds, inbox)


@contextmanager
def _worker(job: Job) -> Iterator[tuple[BaseProcess, Connection]]:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([work.__module__])
    hears, says = context.Pipe(duplex=False)
    process = context.Process(target=work, args=(job, says), daemon=True)
    process.start()
    says.close()
    try:
        yield process, hears
    finally:
        process.kill()
        process.join()
        process.close()
        hears.close()


def _come_to_rest(store: Store, receiver: str) -> None:
    """All views recover, and what is queued is sent."""
    for spec in VIEWS:
        look(store, spec.key, verdict(VerdictKind.OK), SystemClock().now(), addressing)
    deliverer, tending = make_deliverer(store, receiver, 0), make_tending(store)
    deadline_s = time.monotonic() + REST_WITHIN_S
    while time.monotonic() < deadline_s:
        tend(tending)
        deliverer.deliver_due()
        if not any(
            store.deliveries.list(status, 1) for status in (DeliveryStatus.PENDING, DeliveryStatus.HELD)
        ):
            break
        time.sleep(0.05)
    deliverer.close(REST_WITHIN_S)


def _judge(store: Store, job: Job, rounds: int, inbox: _Inbox) -> Killed:
    rows = store.deliveries.list(limit=EVERYTHING)
    said = _said(job.said)
    complaints = [
        *complaints_about_arrivals(inbox.arrivals.all),
        *complaints_about_incidents(store),
        *complaints_about_deliveries(store, inbox.arrivals, POLICY.attempts),
        *_lost(store, said),
        *(f"{one.name} is still open" for one in store.incidents.open()),
        *_damage(job.database),
    ]
    return Killed(
        rounds=rounds,
        checks=len(said),
        incidents=len(store.incidents.list(limit=EVERYTHING)),
        alerts=len(rows),
        delivered=sum(row.status is DeliveryStatus.DELIVERED for row in rows),
        dropped=sum(row.status is DeliveryStatus.DROPPED for row in rows),
        messages=len(inbox.arrivals.all),
        repeated=inbox.arrivals.repeated,
        torn=inbox.torn,
        complaints=tuple(complaints),
    )


def _said(path: Path) -> list[tuple[str, str, str]]:
    """What workers said that they recorded: view, time, change. Whoever was killed while writing wrote nothing."""
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return [(key, at, change) for key, at, change in (line.split() for line in lines)]


def _lost(store: Store, said: list[tuple[str, str, str]]) -> Iterator[str]:
    """What was recorded and is not there, or called for alerts that are not."""
    checked = {
        (str(spec.key), row.checked_at.isoformat())
        for spec in VIEWS
        for row in store.history.observations(spec.key, limit=EVERYTHING)
    }
    told = {
        (row.notifier, str(row.alert.key), row.alert.occurred_at.isoformat())
        for row in store.deliveries.list(limit=EVERYTHING)
    }
    for key, at, change in said:
        if (key, at) not in checked:
            yield f"the check of {key} at {at} was recorded and is lost"
        if change != "-":
            missing = [name for name in NOTIFIERS if (name, key, at) not in told]
            yield from (f"{key} {change} at {at}: there is no alert to {name}" for name in missing)


def _damage(database: str) -> Iterator[str]:
    """SQLite's own word; PostgreSQL checks its foreign keys by itself and has no such command."""
    if database.startswith("sqlite:///"):
        connection = sqlite3.connect(database.removeprefix("sqlite:///"))
        try:
            for statement in ("PRAGMA integrity_check", "PRAGMA foreign_key_check"):
                yield from (str(row) for row in connection.execute(statement) if row != ("ok",))
        finally:
            connection.close()
