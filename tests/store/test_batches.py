"""Alerts of one group leave as one message: formed once, sent again as it is, in order, by one sender at a time."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections import Counter
from pathlib import Path

import pytest
from sqlalchemy import Engine, event

from monitor.domain.addressee import Addressee
from monitor.domain.alert import Outcome, Receipt
from monitor.domain.view import ViewKey
from monitor.store import DeliveryStatus, LeasedBatch, Resolution, Store
from tests.store.builders import KEY, NOW, announce, announce_resolved, at, opened, recovered, spec, told

ACCEPTED = Receipt(Outcome.ACCEPTED, "200")
TRY_AGAIN = Receipt(Outcome.RETRY, "503")
GROUPED = (Addressee("ops", "site default", 30.0),)


def cameras(number: int) -> list[ViewKey]:
    return [ViewKey(f"camera-{index:04}") for index in range(number)]


def open_incidents(store: Store, number: int, *, at_s: float = 0.0, resolved: bool = False) -> list[str]:
    """Grouped alerts, as ids in the order in which they are to arrive."""
    keys = cameras(number)
    store.views.sync([spec(key) for key in keys], NOW)
    ids = []
    for key in keys:
        incident = store.record(opened(at_s, key=key), GROUPED, announce).incident
        assert incident is not None
        ids.append(f"{incident.id}-1")
        if resolved:
            store.record(recovered(at_s + 1, key=key), GROUPED, announce)
            ids.append(f"{incident.id}-2")
    return ids


def lease(store: Store, seconds: float, limit: int = 10_000, owner: str = "me") -> list[LeasedBatch]:
    return store.deliveries.lease(at(seconds), owner, 30.0, 100, 100, batch_limit=limit)


def alerts_of(batch: LeasedBatch) -> list[str]:
    return [alert.id for alert in batch.alerts]


def assert_in_order(arrived: list[str]) -> None:
    """Of each incident the first before the second."""
    for one in {alert.partition("-")[0] for alert in arrived}:
        mine = [alert for alert in arrived if alert.startswith(f"{one}-")]
        assert mine == sorted(mine)


def test_a_group_waits_for_others_and_leaves_as_one_message(store: Store) -> None:
    ids = open_incidents(store, 5)
    # The first, at second 1, says when: what follows within its wait goes with it.
    assert lease(store, 30.9) == []
    (batch,) = lease(store, 31)
    assert alerts_of(batch) == ids
    assert batch.id.startswith("group-")
    assert batch.deliveries == tuple(f"ops:{alert}" for alert in ids)
    assert store.deliveries.finish(batch, ACCEPTED, None, at(32))
    assert store.deliveries.counts()[DeliveryStatus.DELIVERED] == 5


def test_whoever_comes_late_joins_the_group_that_is_about_to_leave(store: Store) -> None:
    open_incidents(store, 2)
    store.views.sync([spec(KEY), *(spec(key) for key in cameras(2))], NOW)
    store.record(opened(25), GROUPED, announce)
    (batch,) = lease(store, 31)
    assert len(batch.alerts) == 3


def test_a_group_of_one_has_the_id_of_its_alert(store: Store) -> None:
    (only,) = open_incidents(store, 1)
    (batch,) = lease(store, 31)
    assert batch.id == only


def test_different_groups_and_notifiers_and_single_alerts_are_not_mixed(store: Store) -> None:
    keys = cameras(3)
    store.views.sync([spec(key) for key in keys], NOW)
    everybody = [
        (Addressee("ops", f"camera {key}"), Addressee("mail", "all"), Addressee("log")) for key in keys
    ]
    for key, addressees in zip(keys, everybody, strict=True):
        store.record(opened(0, key=key), addressees, announce)
    sizes = Counter((batch.notifier, len(batch.alerts)) for batch in lease(store, 10))
    assert sizes == {("ops", 1): 3, ("mail", 3): 1, ("log", 1): 3}


def test_a_message_that_failed_is_sent_again_as_it_was_whatever_has_come_since(store: Store) -> None:
    ids = open_incidents(store, 3)
    (batch,) = lease(store, 31)
    store.views.sync([spec(KEY), *(spec(key) for key in cameras(3))], NOW)
    store.record(opened(40), GROUPED, announce)
    assert store.deliveries.finish(batch, TRY_AGAIN, at(100), at(41))
    (newcomer,) = lease(store, 80)
    assert len(newcomer.alerts) == 1
    (again,) = lease(store, 100)
    assert (again.id, alerts_of(again), again.attempt) == (batch.id, ids, 2)
    assert again.fence != batch.fence
    assert not store.deliveries.finish(batch, ACCEPTED, None, at(101))
    assert store.deliveries.finish(again, ACCEPTED, None, at(101))


def test_a_beginning_and_its_end_may_be_in_one_message_and_are_in_order(store: Store) -> None:
    ids = open_incidents(store, 4, resolved=True)
    (batch,) = lease(store, 31)
    assert alerts_of(batch) == ids


def test_an_end_does_not_overtake_its_beginning_that_is_in_another_message(store: Store) -> None:
    open_incidents(store, 2)
    (first,) = lease(store, 31)
    store.record(recovered(35, key=cameras(1)[0]), GROUPED, announce)
    assert lease(store, 60) == []
    assert store.deliveries.finish(first, TRY_AGAIN, at(500), at(61))
    assert lease(store, 499) == []
    (again,) = lease(store, 500)
    assert again.id == first.id
    assert store.deliveries.finish(again, ACCEPTED, None, at(501))
    (end,) = lease(store, 501)
    assert alerts_of(end) == [f"{first.alerts[0].incident_id}-2"]


@pytest.mark.parametrize("limit", [1, 2, 3, 7])
def test_a_group_that_is_too_great_for_one_message_leaves_in_several_one_after_the_other(
    store: Store, limit: int
) -> None:
    ids = open_incidents(store, 5, resolved=True)
    arrived: list[str] = []
    sizes = []
    while batches := lease(store, 100, limit):
        (batch,) = batches
        sizes.append(len(batch.alerts))
        arrived += alerts_of(batch)
        assert store.deliveries.finish(batch, ACCEPTED, None, at(101))
    assert sorted(arrived) == sorted(ids)
    assert_in_order(arrived)
    assert sizes == [limit] * (10 // limit) + [10 % limit] * bool(10 % limit)


def test_a_clock_that_was_set_back_does_not_turn_beginning_and_end_around(store: Store) -> None:
    keys = cameras(1)
    store.views.sync([spec(key) for key in keys], NOW)
    store.record(opened(1000, key=keys[0]), GROUPED, announce)
    # Ended by hand, by a clock that is an hour behind.
    (incident,) = store.incidents.open()
    store.incidents.resolve(incident.id, at(-2600), Resolution("ann", "", GROUPED, announce_resolved))
    (batch,) = lease(store, 5000, 1)
    assert alerts_of(batch) == [f"{incident.id}-1"]


def test_of_a_notifier_that_is_spared_only_a_probe_is_taken(store: Store) -> None:
    keys = cameras(4)
    store.views.sync([spec(key) for key in keys], NOW)
    for key in keys:
        store.record(opened(0, key=key), told("down", "fine"), announce)

    def leased(room: int) -> Counter[str]:
        batches = store.deliveries.lease(at(10), "me", 30.0, 100, 4, rooms={"down": room})
        return Counter(batch.notifier for batch in batches)

    assert leased(0) == {"fine": 4}
    assert leased(1) == {"down": 1}
    assert leased(1) == {}
    waiting = [row for row in store.deliveries.list(DeliveryStatus.PENDING) if row.notifier == "down"]
    assert sorted(row.attempts for row in waiting) == [0, 0, 0, 1]


def test_what_waits_for_its_next_attempt_is_due_when_the_receiver_works_again(store: Store) -> None:
    store.record(opened(0), told("ops"), announce)
    (batch,) = lease(store, 10)
    store.deliveries.finish(batch, TRY_AGAIN, at(100_000), at(11))
    assert store.deliveries.hurry("other", at(20)) == 0
    assert store.deliveries.hurry("ops", at(20)) == 1
    (again,) = lease(store, 20)
    assert again.attempt == 2


def test_everything_that_was_given_up_is_replayed_or_that_of_one_notifier(store: Store) -> None:
    store.record(opened(0), told("a", "b"), announce)
    for batch in lease(store, 10):
        store.deliveries.finish(batch, Receipt(Outcome.REJECTED, "no"), None, at(11))
    assert store.deliveries.replay_dead(at(20), "a") == 1
    assert store.deliveries.replay_dead(at(20)) == 1
    assert store.deliveries.replay_dead(at(20)) == 0
    assert {(batch.notifier, batch.attempt) for batch in lease(store, 20)} == {("a", 1), ("b", 1)}


def test_an_alert_is_in_one_message_at_a_time_and_in_order_whoever_leases(store: Store) -> None:
    open_incidents(store, 30, resolved=True)
    arrived: list[str] = []
    lock, errors = threading.Lock(), []
    queueing = threading.Event()

    def deliver() -> None:
        idle = 0
        try:
            while idle < 3:
                batches = lease(store, 1000, 7, threading.current_thread().name)
                idle = idle + 1 if not batches and queueing.is_set() else 0
                for batch in batches:
                    # Put down as arrived while it is leased, as only its holder may.
                    with lock:
                        arrived.extend(alerts_of(batch))
                    assert store.deliveries.finish(batch, ACCEPTED, None, at(1001))
        except BaseException as error:
            errors.append(error)

    senders = [threading.Thread(target=deliver) for _ in range(2)]
    for sender in senders:
        sender.start()
    for number, key in enumerate(cameras(30)):
        store.record(opened(100 + number, key=key), GROUPED, announce)
    queueing.set()
    for sender in senders:
        sender.join()
    assert errors == []
    assert sorted(arrived) == sorted(row.alert.id for row in store.deliveries.list(limit=1000))
    assert len(set(arrived)) == len(arrived) == 90
    assert_in_order(arrived)


def test_killed_between_lease_and_send_the_same_message_is_sent_by_whoever_comes_next(
    store: Store, migrated_url: str, images_dir: Path
) -> None:
    open_incidents(store, 3)
    child = subprocess.Popen(
        [sys.executable, "-m", "tests.store.child", "lease_a_batch", migrated_url, images_dir],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    assert child.stdout is not None
    leased = child.stdout.readline().split()
    assert child.stdout.readline() == "here\n"
    child.kill()
    child.wait()
    child.stdout.close()
    assert lease(store, 129) == []
    (batch,) = lease(store, 130)
    assert [batch.id, *batch.deliveries] == leased
    assert batch.attempt == 2


def statements_to_send(store: Store, number: int, seconds: float) -> int:
    """How many statements the database is asked to lease and finish the one message of so many incidents."""
    open_incidents(store, number, at_s=seconds)
    asked: list[str] = []

    def ask(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        asked.append(statement)

    event.listen(Engine, "before_cursor_execute", ask)
    try:
        (batch,) = lease(store, seconds + 1000)
        assert store.deliveries.finish(batch, ACCEPTED, None, at(seconds + 1001))
    finally:
        event.remove(Engine, "before_cursor_execute", ask)
    assert len(batch.alerts) == number
    return len(asked)


def test_many_incidents_at_once_are_one_message_and_cost_no_more_statements(store: Store) -> None:
    few = statements_to_send(store, 10, 0.0)
    for key in cameras(10):
        store.record(recovered(2000.0, key=key), GROUPED, announce)
    (ends,) = lease(store, 3000)
    assert store.deliveries.finish(ends, ACCEPTED, None, at(3001))
    assert statements_to_send(store, 300, 4000.0) <= few + 2
