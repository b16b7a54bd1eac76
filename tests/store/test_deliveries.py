from __future__ import annotations

import pytest
from pydantic import ValidationError

from monitor.domain.addressee import Addressee
from monitor.domain.alert import Outcome, Receipt, RetryPolicy
from monitor.domain.view import ViewKey
from monitor.settings.noise import Group
from monitor.store import DeliveryStatus, LeasedBatch, Resolution, Store, UnknownDelivery, UnknownIncident
from monitor.store.leasing import LONGEST_GROUP_WAIT_S, LONGEST_RETRY_S
from tests.store.builders import (
    KEY,
    NOW,
    TOLD,
    announce,
    announce_resolved,
    at,
    opened,
    recovered,
    spec,
    told,
)

ACCEPTED = Receipt(Outcome.ACCEPTED, "200")
TRY_AGAIN = Receipt(Outcome.RETRY, "503")


def lease(
    store: Store, seconds: float = 100, *, limit: int = 100, per_notifier: int = 100
) -> list[LeasedBatch]:
    return store.deliveries.lease(at(seconds), "me", 30.0, limit, per_notifier)


def finish(
    store: Store,
    leased: LeasedBatch,
    receipt: Receipt = ACCEPTED,
    retry_at: float | None = None,
    now: float = 101,
) -> bool:
    return store.deliveries.finish(leased, receipt, None if retry_at is None else at(retry_at), at(now))


def test_a_leased_delivery_carries_the_alert_as_it_was_made(store: Store) -> None:
    incident = store.record(opened(0), told("log"), announce).incident
    assert incident is not None
    (leased,) = lease(store)
    assert (leased.id, leased.deliveries) == (f"{incident.id}-1", (f"log:{incident.id}-1",))
    assert (leased.notifier, leased.attempt) == ("log", 1)
    assert leased.alerts == (announce(incident, opened(0), 1),)


def test_a_leased_delivery_is_nobody_elses_until_the_lease_ends(store: Store) -> None:
    store.record(opened(0), told("log"), announce)
    (first,) = lease(store, 100)
    assert lease(store, 129) == []
    (second,) = lease(store, 130)
    assert (second.id, second.attempt) == (first.id, 2)
    assert second.fence != first.fence
    assert not finish(store, first)
    assert finish(store, second)
    assert not finish(store, second)
    (row,) = store.deliveries.list()
    assert (row.status, row.attempts, row.finished_at, row.detail) == (
        DeliveryStatus.DELIVERED,
        2,
        at(101),
        "200",
    )


def test_whoever_finishes_after_the_lease_ended_but_before_anybody_else_is_still_believed(
    store: Store,
) -> None:
    store.record(opened(0), told("log"), announce)
    (leased,) = lease(store, 100)
    assert finish(store, leased, now=500)


def test_a_failed_attempt_is_made_again_at_its_time(store: Store) -> None:
    store.record(opened(0), told("log"), announce)
    (leased,) = lease(store, 100)
    assert finish(store, leased, TRY_AGAIN, retry_at=200)
    assert lease(store, 199) == []
    (again,) = lease(store, 200)
    assert again.attempt == 2


@pytest.mark.parametrize("outcome", [Outcome.RETRY, Outcome.REJECTED, Outcome.GONE])
def test_what_is_not_tried_again_is_dead_and_can_be_replayed(store: Store, outcome: Outcome) -> None:
    store.record(opened(0), told("log"), announce)
    (leased,) = lease(store, 100)
    retry_at = None if outcome is Outcome.RETRY else 200
    assert finish(store, leased, Receipt(outcome, "no"), retry_at)
    assert lease(store, 1e6) == []
    (dead,) = store.deliveries.list(DeliveryStatus.DEAD)
    assert ((dead.id,), dead.detail) == (leased.deliveries, "no")
    store.deliveries.replay(dead.id, at(300))
    assert lease(store, 299) == []
    (again,) = lease(store, 300)
    assert again.attempt == 1
    with pytest.raises(UnknownDelivery, match="nothing:1-1"):
        store.deliveries.replay("nothing:1-1", NOW)


def test_a_later_alert_waits_for_the_earlier_one_of_the_same_incident_and_notifier_only(store: Store) -> None:
    store.views.sync([spec(), spec(ViewKey("yard"))], NOW)
    incident = store.record(opened(0), TOLD, announce).incident
    assert incident is not None
    store.record(recovered(60), TOLD, announce)
    other = store.record(opened(61, key=ViewKey("yard")), told("log"), announce).incident
    assert other is not None
    first_log, first_webhook, others = lease(store)
    assert [*first_log.deliveries, *first_webhook.deliveries] == [
        f"log:{incident.id}-1",
        f"webhook:{incident.id}-1",
    ]
    assert others.deliveries[0] == f"log:{other.id}-1"
    finish(store, first_log)
    finish(store, first_webhook, TRY_AGAIN, retry_at=1000)
    assert [leased.deliveries[0] for leased in lease(store)] == [f"log:{incident.id}-2"]
    (tried_again,) = lease(store, 1000)[:1]
    assert tried_again.deliveries[0] == f"webhook:{incident.id}-1"
    finish(store, tried_again, Receipt(Outcome.GONE))
    assert f"webhook:{incident.id}-2" in [leased.deliveries[0] for leased in lease(store, 1000)]


def test_the_oldest_go_first_and_no_more_than_asked_for(store: Store) -> None:
    keys = [ViewKey(f"camera-{number}") for number in range(5)]
    store.views.sync([spec(key) for key in keys], NOW)
    for seconds, key in enumerate(reversed(keys)):
        store.record(opened(seconds, key=key), told("log"), announce)
    assert [leased.alerts[0].key for leased in lease(store, limit=2)] == [keys[4], keys[3]]
    assert [leased.alerts[0].key for leased in lease(store, limit=9)] == [keys[2], keys[1], keys[0]]


def test_one_notifier_cannot_take_every_sender(store: Store) -> None:
    keys = [ViewKey(f"camera-{number}") for number in range(5)]
    store.views.sync([spec(key) for key in keys], NOW)
    for seconds, key in enumerate(keys):
        store.record(opened(seconds, key=key), told("slow") if seconds < 4 else TOLD, announce)
    leased = lease(store, per_notifier=2)
    assert [delivery.notifier for delivery in leased] == ["slow", "slow", "log", "webhook"]
    assert lease(store, per_notifier=2) == []
    finish(store, leased[0])
    assert [delivery.notifier for delivery in lease(store, per_notifier=2)] == ["slow"]


def test_ending_an_incident_by_hand_is_told_once(store: Store) -> None:
    incident = store.record(opened(0), told("log"), announce).incident
    assert incident is not None
    resolution = Resolution("ann", "was the cleaner", told("log"), announce_resolved)
    ended = store.incidents.resolve(incident.id, at(10), resolution)
    assert (ended.resolved_at, ended.comment, ended.acknowledged_by) == (at(10), "was the cleaner", "ann")
    assert store.incidents.resolve(incident.id, at(20), resolution) == ended
    assert sorted(row.id for row in store.deliveries.list()) == [
        f"log:{incident.id}-1",
        f"log:{incident.id}-2",
    ]
    for call in (
        lambda: store.incidents.get(99),
        lambda: store.incidents.acknowledge(99, "ann", "", NOW),
        lambda: store.incidents.resolve(99, NOW, resolution),
    ):
        with pytest.raises(UnknownIncident, match="99"):
            call()


def test_incidents_are_listed_by_view_and_newest_first(store: Store) -> None:
    store.views.sync([spec(), spec(ViewKey("yard"))], NOW)
    store.record(opened(0), (), announce)
    store.record(recovered(60), (), announce)
    store.record(opened(1200), (), announce)
    store.record(opened(1300, key=ViewKey("yard")), (), announce)
    assert [incident.key for incident in store.incidents.list()] == [ViewKey("yard"), KEY, KEY]
    assert [incident.opened_at for incident in store.incidents.list(KEY, limit=1)] == [at(1201)]
    assert [incident.key for incident in store.incidents.open()] == [KEY, ViewKey("yard")]


YEARS_S = 3 * 365 * 86_400.0


def test_what_was_queued_by_a_clock_that_ran_ahead_goes_once_it_is_right_again(store: Store) -> None:
    store.record(opened(YEARS_S), [Addressee("ops", "site near", 30.0)], announce)
    (leased,) = lease(store, 100)
    assert finish(store, leased)


def test_a_lease_by_a_clock_that_ran_ahead_is_over_once_it_is_right_again(store: Store) -> None:
    store.record(opened(0), told("log"), announce)
    (lost,) = lease(store, YEARS_S)
    (again,) = lease(store, 100, per_notifier=1)
    assert (again.id, again.attempt) == (lost.id, 2)
    assert lease(store, 101) == [], "this lease is of now"


def test_a_wait_by_a_clock_that_ran_ahead_is_over_once_it_is_right_again(store: Store) -> None:
    store.record(opened(0), told("log"), announce)
    (leased,) = lease(store, YEARS_S)
    assert finish(store, leased, TRY_AGAIN, retry_at=YEARS_S + 300, now=YEARS_S)
    (again,) = lease(store, 100)
    assert finish(store, again, TRY_AGAIN, retry_at=500)
    assert lease(store, 499) == []
    assert [one.id for one in lease(store, 500)] == [leased.id]


def test_the_longest_waits_there_are_still_count(store: Store) -> None:
    assert RetryPolicy().longest_s * 1.2 <= LONGEST_RETRY_S
    Group.model_validate({"by": ["site"], "wait": LONGEST_GROUP_WAIT_S})
    with pytest.raises(ValidationError):
        Group.model_validate({"by": ["site"], "wait": LONGEST_GROUP_WAIT_S + 1})
    store.record(opened(0), [Addressee("ops", "site near", LONGEST_GROUP_WAIT_S)], announce)
    assert lease(store, 1) == []
    (leased,) = lease(store, LONGEST_GROUP_WAIT_S + 1)
    assert finish(store, leased, TRY_AGAIN, retry_at=4000 + LONGEST_RETRY_S, now=4000)
    assert lease(store, 4000) == []
