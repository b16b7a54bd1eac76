from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from monitor.domain.addressee import Addressee
from monitor.domain.alert import Outcome, Receipt
from monitor.domain.incident import Incident, Observation, Scope
from monitor.domain.matcher import Matter
from monitor.domain.severity import Severity
from monitor.domain.site_event import SiteEventPolicy
from monitor.domain.state import Change, Status, ViewState
from monitor.domain.timeline import EntryKind
from monitor.domain.verdict import VerdictKind
from monitor.domain.view import ViewKey, ViewSpec
from monitor.store import DeliveryRow, DeliveryStatus, Resolution, Store
from tests.store.builders import NOW, announce, at, observation, opened, recovered, spec, told

GATE, YARD = ViewKey("gate"), ViewKey("yard")
EVENT = SiteEventPolicy(at_least=3, share=0.3, window_s=120.0)


def everybody(_matter: Matter) -> Sequence[Addressee]:
    return told("log")


def watch_site(store: Store, number: int, site: str = "north") -> list[ViewSpec]:
    specs = [spec(ViewKey(f"camera-{one:02}"), site=site, site_event=EVENT) for one in range(number)]
    store.views.sync(specs, NOW)
    return specs


def record(store: Store, seen: Observation, of: ViewSpec | None = None) -> Incident | None:
    return store.record(seen, told("log"), announce, spec=of or spec(seen.key), addressing=everybody).incident


def suspected(seconds: float, key: ViewKey) -> Observation:
    seen = observation(seconds, VerdictKind.FLIPPED_180, Change.SUSPECTED, key=key)
    return replace(seen, state=ViewState(Status.SUSPECT, at(seconds), VerdictKind.FLIPPED_180))


def swapped(
    seconds: float, key: ViewKey, looks_like: ViewKey, change: Change | None = Change.OPENED
) -> Observation:
    seen = observation(seconds, VerdictKind.DIFFERENT_SCENE, change, key=key)
    return replace(seen, verdict=replace(seen.verdict, looks_like=str(looks_like)))


def statuses(store: Store) -> dict[str, DeliveryStatus]:
    return {row.id: row.status for row in store.deliveries.list(limit=1000)}


def deliver(store: Store, *, now_s: float) -> list[str]:
    """Deliver what may be; the ids in the order of the attempts."""
    done: list[str] = []
    while leased := store.deliveries.lease(at(now_s), "test", 30.0, 100, 100):
        for one in leased:
            assert store.deliveries.finish(one, Receipt(Outcome.ACCEPTED), None, at(now_s))
            done += one.deliveries
    return done


def told_by(store: Store, incident: Incident) -> list[DeliveryRow]:
    return [row for row in store.deliveries.list(limit=1000) if row.alert.incident_id == incident.id]


def only_open(store: Store, scope: Scope) -> Incident:
    (one,) = store.group_incidents.open(scope)
    return one


# A swapped pair.


def test_two_views_that_show_each_other_are_one_incident_naming_both(store: Store) -> None:
    store.views.sync([spec(GATE), spec(YARD)], NOW)
    first = record(store, swapped(0, GATE, YARD))
    assert store.group_incidents.open(Scope.PAIR) == []
    second = record(store, swapped(10, YARD, GATE))
    assert first is not None
    assert second is not None
    pair = only_open(store, Scope.PAIR)
    assert (pair.members, pair.name, pair.cause) == (
        (GATE, YARD),
        "gate and yard",
        VerdictKind.DIFFERENT_SCENE,
    )
    assert pair.severity is Severity.CRITICAL
    assert {store.incidents.get(one.id).parent_id for one in (first, second)} == {pair.id}
    (alert,) = (row.alert for row in told_by(store, pair))
    assert alert.headline == "gate and yard are swapped"
    assert "swap the cables or the addresses of gate and yard" in alert.details["remedy"]
    assert alert.members == (GATE, YARD)


def test_a_pair_is_told_instead_of_its_views(store: Store) -> None:
    store.views.sync([spec(GATE), spec(YARD)], NOW)
    record(store, swapped(0, GATE, YARD))
    record(store, swapped(10, YARD, GATE))
    pair = only_open(store, Scope.PAIR)
    assert deliver(store, now_s=100) == [f"log:{pair.id}-1"]
    for key in (GATE, YARD):
        record(store, recovered(60, key=key))
    assert deliver(store, now_s=200) == [f"log:{pair.id}-2"]
    assert store.incidents.open() == []
    assert DeliveryStatus.PENDING not in statuses(store).values()


def test_a_pair_names_the_incident_that_was_told_before_it(store: Store) -> None:
    store.views.sync([spec(GATE), spec(YARD)], NOW)
    first = record(store, swapped(0, GATE, YARD))
    assert first is not None
    assert deliver(store, now_s=5) == [f"log:{first.id}-1"]
    record(store, swapped(10, YARD, GATE))
    pair = only_open(store, Scope.PAIR)
    (alert,) = (row.alert for row in told_by(store, pair))
    assert alert.details["supersedes"] == [first.id]
    assert f"instead of incident {first.id}" in alert.headline
    # Whoever has the first one on a list hears of its end, after that of the pair.
    for key in (GATE, YARD):
        record(store, recovered(60, key=key))
    assert sorted(deliver(store, now_s=100)) == sorted(
        [f"log:{pair.id}-1", f"log:{pair.id}-2", f"log:{first.id}-2"]
    )


def test_a_pair_lasts_until_both_have_recovered(store: Store) -> None:
    store.views.sync([spec(GATE), spec(YARD)], NOW)
    record(store, swapped(0, GATE, YARD))
    record(store, swapped(10, YARD, GATE))
    record(store, recovered(60, key=GATE))
    pair = only_open(store, Scope.PAIR)
    record(store, recovered(70, key=YARD))
    ended = store.incidents.get(pair.id)
    assert ended.resolved_at == at(71)
    assert told_by(store, pair)[0].alert.headline == "Resolved: gate and yard show their own views again"


def test_a_pair_is_found_by_a_later_check_as_well(store: Store) -> None:
    store.views.sync([spec(GATE), spec(YARD)], NOW)
    record(store, swapped(0, GATE, YARD))
    unlike = observation(10, VerdictKind.DIFFERENT_SCENE, Change.OPENED, key=YARD)
    record(store, unlike)
    assert store.group_incidents.open(Scope.PAIR) == []
    record(store, swapped(70, YARD, GATE, change=None))
    assert only_open(store, Scope.PAIR).members == (GATE, YARD)


@pytest.mark.parametrize("looks_like", [GATE, ViewKey("nowhere"), ViewKey("shed")])
def test_a_view_that_is_not_answered_is_no_pair(store: Store, looks_like: ViewKey) -> None:
    store.views.sync([spec(GATE), spec(YARD), spec(ViewKey("shed"))], NOW)
    record(store, swapped(0, GATE, YARD))
    record(store, swapped(10, YARD, looks_like if looks_like != GATE else ViewKey("shed")))
    assert store.group_incidents.open(Scope.PAIR) == []


def test_two_that_find_each_other_in_one_moment_are_one_pair(store: Store) -> None:
    store.views.sync([spec(GATE), spec(YARD)], NOW)
    errors: list[BaseException] = []

    def one(key: ViewKey, other: ViewKey, start_s: float) -> None:
        try:
            record(store, swapped(start_s, key, other))
            for number in range(1, 4):
                record(store, swapped(start_s + number, key, other, change=None))
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=one, args=args) for args in ((GATE, YARD, 0.0), (YARD, GATE, 0.5))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    record(store, swapped(10, GATE, YARD, change=None))
    pair = only_open(store, Scope.PAIR)
    assert len(told_by(store, pair)) == 1
    assert {one.parent_id for one in store.incidents.open() if one.scope is Scope.VIEW} == {pair.id}


# A site event.


def test_many_views_that_change_together_are_one_incident_of_their_site(store: Store) -> None:
    views = watch_site(store, 6)
    for number, one in enumerate(views[:4]):
        record(store, suspected(number, one.key), one)
    first = record(store, opened(30, key=views[0].key), views[0])
    second = record(store, opened(31, key=views[1].key), views[1])
    assert first is not None
    assert second is not None
    event = only_open(store, Scope.SITE)
    assert (event.subject, event.name, event.cause) == ("north", "site north", VerdictKind.FLIPPED_180)
    assert event.first_seen_at == at(1)
    assert [store.incidents.get(one.id).parent_id for one in (first, second)] == [event.id, event.id]
    assert event.members == (views[0].key, views[1].key)
    (row,) = told_by(store, event)
    assert row.alert.headline == "Site north: 4 views changed together, most of them flipped 180"
    assert row.alert.details["causes"] == {"flipped_180": 4}
    assert row.alert.members == tuple(one.key for one in views[:4])
    assert deliver(store, now_s=40) == [row.id]


def test_too_few_views_and_too_slow_ones_are_told_one_by_one(store: Store) -> None:
    views = watch_site(store, 6)
    for number, one in enumerate(views[:4]):
        record(store, opened(number * 70, key=one.key), one)
    assert store.group_incidents.open(Scope.SITE) == []
    assert len(deliver(store, now_s=1000)) == 4


def test_a_large_site_needs_its_share(store: Store) -> None:
    views = watch_site(store, 20)
    for number, one in enumerate(views[:5]):
        record(store, opened(number, key=one.key), one)
    assert store.group_incidents.open(Scope.SITE) == []
    record(store, opened(6, key=views[5].key), views[5])
    event = only_open(store, Scope.SITE)
    assert len(event.members) == 6


def test_views_of_another_site_and_disabled_ones_do_not_count(store: Store) -> None:
    mine, others = watch_site(store, 2), [spec(ViewKey(f"other-{n}"), site="south") for n in range(5)]
    off = [spec(ViewKey(f"off-{n}"), site="north", enabled=False, site_event=EVENT) for n in range(3)]
    store.views.sync([*mine, *others, *off], NOW)
    for one in (*others, *off, *mine):
        record(
            store,
            opened(0, key=one.key),
            replace(one, site_event=EVENT if one.site == "north" else SiteEventPolicy(0)),
        )
    assert store.group_incidents.open(Scope.SITE) == []


def test_site_events_may_be_switched_off(store: Store) -> None:
    views = [replace(one, site_event=SiteEventPolicy(at_least=0)) for one in watch_site(store, 4)]
    for one in views:
        record(store, opened(0, key=one.key), one)
    assert store.group_incidents.open(Scope.SITE) == []


def site_event(store: Store, number: int) -> tuple[list[ViewSpec], Incident]:
    views = watch_site(store, number)
    for one in views:
        record(store, opened(0, key=one.key), one)
    return views, only_open(store, Scope.SITE)


def test_a_site_event_ends_when_most_of_its_views_are_back(store: Store) -> None:
    views, event = site_event(store, 10)
    assert deliver(store, now_s=10) == [f"log:{event.id}-1"]
    for number, one in enumerate(views[:8]):
        record(store, recovered(600 + number, key=one.key), one)
    assert store.incidents.get(event.id).resolved_at is None, (
        "two are still in trouble, and three make an event"
    )
    record(store, recovered(700, key=views[8].key), views[8])
    assert store.merged_incidents.settle(at(800), everybody) == 0, "the last may be about to follow"
    assert store.merged_incidents.settle(at(821), everybody) == 1
    assert store.incidents.get(event.id).resolved_at == at(821)
    (left,) = store.incidents.open()
    assert (left.key, left.parent_id) == (views[9].key, None)
    end = next(row.alert for row in told_by(store, event) if row.id == f"log:{event.id}-2")
    assert end.headline == (
        "Resolved: Site north is back after 10 views had changed together; 1 are told by themselves now"
    )
    # The event's end, and now the beginning of the one that lasts; nothing of those that are over.
    assert sorted(deliver(store, now_s=900)) == sorted([f"log:{event.id}-2", f"log:{left.id}-1"])
    counts = store.deliveries.counts()
    assert (counts[DeliveryStatus.DROPPED], counts[DeliveryStatus.HELD], counts[DeliveryStatus.PENDING]) == (
        18,
        0,
        0,
    )


def test_suspicions_that_are_not_confirmed_end_a_site_event(store: Store) -> None:
    views = watch_site(store, 10)
    for one in views[1:]:
        record(store, suspected(0, one.key), one)
    record(store, opened(1, key=views[0].key), views[0])
    event = only_open(store, Scope.SITE)
    assert store.merged_incidents.settle(at(5), everybody) == 0
    for one in views[1:]:
        record(store, observation(30, change=Change.CLEARED, key=one.key), one)
    assert store.merged_incidents.settle(at(121), everybody) == 0
    assert store.merged_incidents.settle(at(122), everybody) == 1
    assert store.incidents.get(event.id).resolved_at == at(122)
    assert [one.parent_id for one in store.incidents.open()] == [None]


def test_a_view_that_changes_long_after_the_others_is_told_by_itself(store: Store) -> None:
    views, event = site_event(store, 10)
    record(store, recovered(60, key=views[0].key), views[0])
    late = record(store, opened(3600, key=views[0].key), views[0])
    assert late is not None
    assert store.incidents.get(late.id).parent_id is None
    assert f"log:{late.id}-1" in deliver(store, now_s=3700)
    assert store.incidents.get(event.id).resolved_at is None


def test_one_that_comes_back_within_the_event_is_part_of_it_again(store: Store) -> None:
    views, event = site_event(store, 10)
    deliver(store, now_s=10)
    record(store, recovered(60, key=views[0].key), views[0])
    again = record(store, opened(500, key=views[0].key), views[0])
    assert again is not None
    assert (again.reopened, store.incidents.get(again.id).parent_id) == (1, event.id)
    assert deliver(store, now_s=600) == []
    assert [entry.kind for entry in store.timelines.of(again.id)][-2:] == [
        EntryKind.REOPENED,
        EntryKind.JOINED,
    ]


def test_whoever_would_hear_of_a_later_view_hears_of_the_event_once(store: Store) -> None:
    views, event = site_event(store, 4)
    store.views.sync([*views, spec(ViewKey("late"), site="north"), spec(ViewKey("later"), site="north")], NOW)
    for key in (ViewKey("late"), ViewKey("later")):
        one = spec(key, site="north", site_event=EVENT)
        store.record(opened(60, key=key), told("log", "guard"), announce, spec=one, addressing=everybody)
    assert sorted(deliver(store, now_s=100)) == [f"guard:{event.id}-2", f"log:{event.id}-1"]


def test_the_end_of_an_event_reaches_whoever_heard_of_it_whatever_the_routes_are_now(store: Store) -> None:
    views, event = site_event(store, 4)
    deliver(store, now_s=10)
    for one in views:
        store.record(recovered(60, key=one.key), (), announce, spec=one, addressing=lambda _matter: ())
    assert deliver(store, now_s=100) == [f"log:{event.id}-2"]


def test_incidents_resolved_by_hand_end_what_stood_for_them(store: Store) -> None:
    _views, _event = site_event(store, 4)
    for one in store.incidents.open():
        if one.scope is Scope.VIEW:
            store.incidents.resolve(one.id, at(60), Resolution("ann"))
            record(store, observation(61, key=one.key))
    assert store.merged_incidents.settle(at(70), everybody) == 1
    assert store.incidents.open() == []


def test_a_child_says_what_it_is_part_of(store: Store) -> None:
    views, event = site_event(store, 4)
    child = store.incidents.list(views[0].key)[-1]
    record(store, recovered(60, key=views[0].key), views[0])
    kinds = [entry.kind for entry in store.timelines.of(child.id)]
    assert kinds == [EntryKind.OPENED, EntryKind.JOINED, EntryKind.RESOLVED, EntryKind.LEFT]
    joined = store.timelines.of(child.id)[1]
    assert (joined.text, joined.data) == (f"Part of incident {event.id}.", {"incident": event.id})
    assert child.id in [one.id for one in store.dossiers.of(event.id).children]


def test_many_that_open_at_once_from_many_threads_are_one_event(store: Store) -> None:
    views = watch_site(store, 16)
    errors: list[BaseException] = []

    def everywhere(make: Callable[[ViewKey], Observation]) -> None:
        def some(part: Sequence[ViewSpec]) -> None:
            try:
                for one in part:
                    record(store, make(one.key), one)
            except BaseException as error:
                errors.append(error)

        threads = [threading.Thread(target=some, args=(views[start::4],)) for start in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert errors == []

    everywhere(lambda key: suspected(0, key))
    everywhere(lambda key: opened(30, key=key))
    assert store.merged_incidents.settle(at(40), everybody) == 0
    event = only_open(store, Scope.SITE)
    assert len(event.members) == 16
    everywhere(lambda key: recovered(90, key=key))
    store.merged_incidents.settle(at(100), everybody)
    assert store.incidents.open() == []
    told = store.deliveries.list(DeliveryStatus.PENDING, limit=1000)
    assert all(row.alert.scope is Scope.SITE for row in told)
