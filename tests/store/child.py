"""What the tests of crashes run in processes of their own, to be killed: `python -m tests.store.child WHAT …`.

Each says `here` at the point in question, and then waits to be killed.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from monitor.domain.alert import Alert, Outcome, Receipt
from monitor.domain.incident import Incident, Observation
from monitor.domain.matcher import Matter
from monitor.domain.site_event import SiteEventPolicy
from monitor.domain.state import ViewState
from monitor.domain.view import ViewKey
from monitor.store import Resolution, Store, open_store
from tests.store.builders import (
    KEY,
    TOLD,
    announce,
    at,
    observation,
    opened,
    recovered,
    reference,
    spec,
)

IMAGE = b"\xff\xd8\xff the picture of the incident"


def say(what: object) -> None:
    sys.stdout.write(f"{what}\n")
    sys.stdout.flush()


def wait_to_be_killed() -> NoReturn:
    say("here")
    time.sleep(60)
    raise SystemExit("nobody killed me")


def between_image_and_commit(store: Store) -> None:
    """The picture is a file; the transaction has everything but its end."""

    def announce_and_wait(incident: Incident, observed: Observation, sequence: int) -> Alert:
        wait_to_be_killed()

    store.record(opened(0, image=IMAGE), TOLD, announce_and_wait)


def after_commit(store: Store) -> None:
    """Everything is recorded; the caller never hears of it."""
    store.record(opened(0, image=IMAGE), TOLD, announce)
    wait_to_be_killed()


def between_lease_and_finish(store: Store) -> None:
    """A delivery is leased, perhaps even sent."""
    store.record(opened(0), TOLD, announce)
    assert len(store.deliveries.lease(at(10), "child", 30.0, 9, 9)) == 2
    wait_to_be_killed()


def lease_a_batch(store: Store) -> None:
    """What is due is leased as one message; says its id and those of its deliveries."""
    (batch,) = store.deliveries.lease(at(100), "child", 30.0, 9, 9)
    say(" ".join([batch.id, *batch.deliveries]))
    wait_to_be_killed()


def within_acceptance(store: Store) -> None:
    """A new gallery version, state and resolution are written, but not committed."""
    store.record(opened(0), TOLD, announce)

    def announce_and_wait(incident: Incident, sequence: int) -> Alert:
        wait_to_be_killed()

    store.gallery.add_version(
        KEY, [(reference(1, grids=False), b"new normal")], reason="", author="ann", now=at(30), state=ViewState(),
        resolution=Resolution("ann", addressees=TOLD, announce=announce_and_wait),
    )  # fmt: skip


def within_merge(store: Store) -> None:
    """A view's incident is written, and that of its site is about to be told; nothing is committed."""
    policy = SiteEventPolicy(at_least=2, share=0.0)
    keys = (ViewKey("one"), ViewKey("two"))
    store.views.sync([spec(key, site="north", site_event=policy) for key in keys], at(0))

    def wait(_matter: Matter) -> NoReturn:
        wait_to_be_killed()

    for key in keys:
        view = spec(key, site="north", site_event=policy)
        store.record(opened(0, key=key), TOLD, announce, spec=view, addressing=wait)


def record_on_and_on(store: Store) -> None:
    """Checks without end: each third opens an incident, each next one resolves it. Says which slot is done."""
    start = int(sys.argv[4])
    for number in range(start, start + 10_000):
        seconds = number * 1000
        checks = (opened(seconds, image=b"%d" % number), recovered(seconds), observation(seconds))
        store.record(checks[number % 3], TOLD, announce)
        say(number)


def lease_and_deliver(store: Store) -> None:
    """Delivers everything there is; says each delivery that it has finished."""
    idle = 0
    while idle < 20:
        leased = store.deliveries.lease(at(1e6), sys.argv[4], 3600.0, 3, 100)
        idle = 0 if leased else idle + 1
        for delivery in leased:
            assert store.deliveries.finish(delivery, Receipt(Outcome.ACCEPTED), None, at(1e6))
            say(delivery.deliveries[0])
        if not leased:
            time.sleep(0.01)


SCENES: dict[str, Callable[[Store], None]] = {
    scene.__name__: scene
    for scene in (
        between_image_and_commit,
        after_commit,
        between_lease_and_finish,
        lease_a_batch,
        within_acceptance,
        within_merge,
        record_on_and_on,
        lease_and_deliver,
    )
}

if __name__ == "__main__":
    with open_store(sys.argv[2], Path(sys.argv[3])) as the_store:
        SCENES[sys.argv[1]](the_store)
