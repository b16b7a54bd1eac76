from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from monitor.domain.errors import UnknownView
from monitor.domain.state import StatePolicy, Status, ViewState
from monitor.domain.verdict import VerdictKind
from monitor.domain.view import Rectangle, ViewKey
from monitor.store import Store
from tests.store.builders import KEY, NOW, TOLD, announce, at, observation, opened, reference, spec


def test_a_view_comes_back_as_it_was_configured(store: Store) -> None:
    configured = spec(
        site="harbour",
        tags=("outdoor", "ptz"),
        interval_s=30.0,
        masks=(Rectangle(0.1, 0.2, 0.3, 0.4),),
        policy=StatePolicy(min_duration_s={VerdictKind.MOVED: 7.0}),
        labels={"floor": "2"},
    )
    store.views.sync([configured], NOW)
    row = store.views.get(KEY)
    assert row.spec == configured
    assert row.state == ViewState()
    assert (row.reference_count, row.open_incident_id, row.last_verdict, row.enabled) == (0, None, None, True)


def test_syncing_says_what_was_added_changed_and_disabled(store: Store) -> None:
    other = ViewKey("yard")
    result = store.views.sync([spec(site="new"), spec(other)], NOW)
    assert (result.added, result.changed, result.disabled) == ((other,), (KEY,), ())
    result = store.views.sync([spec(site="new")], NOW)
    assert (result.added, result.changed, result.disabled) == ((), (), (other,))
    assert not store.views.get(other).enabled
    assert store.views.sync([spec(site="new")], NOW).disabled == ()


def test_a_view_that_left_the_configuration_keeps_its_history_and_references_and_comes_back(
    store: Store,
) -> None:
    store.gallery.add_version(
        KEY, [(reference(grids=False), b"picture")], reason="first", author="me", now=NOW
    )
    store.record(opened(0), TOLD, announce)
    store.views.sync([], NOW)
    assert store.views.due(at(1e6)) == []
    store.views.sync([spec()], at(1e6))
    row = store.views.get(KEY)
    assert row.enabled
    assert row.reference_count == 1
    assert row.open_incident_id is not None
    assert at(1e6) <= row.next_due_at <= at(1e6 + row.spec.interval_s)


def test_first_checks_are_spread_over_the_interval_always_alike(store: Store) -> None:
    keys = [ViewKey(f"camera-{number}") for number in range(200)]
    store.views.sync([spec(key, interval_s=100.0) for key in keys], NOW)
    waits = [(store_row.next_due_at - NOW).total_seconds() for store_row in store.views.all()[:200]]
    assert all(0 <= wait <= 100 for wait in waits)
    per_tenth = [sum(tenth * 10 <= wait < tenth * 10 + 10 for wait in waits) for tenth in range(10)]
    assert min(per_tenth) >= 5
    first = {row.spec.key: row.next_due_at for row in store.views.all()}
    store.views.sync([spec(key, interval_s=100.0) for key in keys], at(5))
    assert {row.spec.key: row.next_due_at for row in store.views.all()} == first


def test_a_shorter_interval_counts_at_once(store: Store) -> None:
    store.views.sync([spec(interval_s=86_400.0)], NOW)
    store.views.schedule(KEY, at(80_000))
    store.views.sync([spec(interval_s=60.0)], NOW)
    assert store.views.get(KEY).next_due_at == at(60)


def test_due_views_come_longest_overdue_first_and_no_more_than_asked_for(store: Store) -> None:
    keys = [ViewKey(name) for name in ("a", "b", "c", "d")]
    store.views.sync([spec(key) for key in keys], NOW)
    for seconds, key in zip((30, 10, 20, 99), keys, strict=True):
        store.views.schedule(key, at(seconds))
    assert store.views.due(at(30)) == [(keys[1], at(10)), (keys[2], at(20)), (keys[0], at(30))]
    assert store.views.due(at(30), limit=1) == [(keys[1], at(10))]
    assert store.views.due(at(9)) == []


def test_a_disabled_view_is_never_due(store: Store) -> None:
    store.views.sync([spec(enabled=False)], NOW)
    assert store.views.due(at(1e6)) == []


def test_times_come_back_aware_and_in_utc_to_the_microsecond_whatever_zone_they_came_in(store: Store) -> None:
    elsewhere = NOW.astimezone(timezone(timedelta(hours=5, minutes=30)))
    store.views.schedule(KEY, elsewhere)
    stored = store.views.get(KEY).next_due_at
    assert stored == NOW
    assert stored.tzinfo is UTC


def test_a_naive_time_is_refused(store: Store) -> None:
    with pytest.raises(ValueError, match="aware"):
        store.views.schedule(KEY, datetime(2026, 1, 1))  # noqa: DTZ001


def test_unknown_views_are_named_in_the_error(store: Store) -> None:
    nobody = ViewKey("nobody")
    for call in (
        lambda: store.views.get(nobody),
        lambda: store.views.schedule(nobody, NOW),
        lambda: store.load_watch(nobody),
        lambda: store.save_constancy(nobody, b""),
        lambda: store.history.observations(nobody),
        lambda: store.gallery.list(nobody),
        lambda: store.record(observation(0, key=nobody), TOLD, announce),
    ):
        with pytest.raises(UnknownView, match="nobody"):
            call()


def test_a_watch_holds_everything_of_one_moment(store: Store) -> None:
    watch = store.load_watch(KEY)
    assert (watch.references, watch.constancy, watch.open_incident) == ((), None, None)
    store.gallery.add_version(
        KEY, [(reference(1), b"one"), (reference(2), b"two")], reason="", author="me", now=NOW
    )
    store.save_constancy(KEY, b"first")
    store.save_constancy(KEY, b"second")
    recorded = store.record(opened(0), TOLD, announce)
    watch = store.load_watch(KEY)
    assert watch.spec.key == KEY
    assert watch.state == opened(0).state
    assert watch.state.status is Status.ALERT
    assert watch.constancy == b"second"
    assert watch.open_incident == recorded.incident
    assert [stored.image_digest for stored in watch.references] == [
        entry.image_digest for entry in store.gallery.list(KEY)
    ]


def test_references_read_twice_are_parsed_once(store: Store) -> None:
    store.gallery.add_version(KEY, [(reference(1), b"one")], reason="", author="me", now=NOW)
    first, second = store.load_watch(KEY), store.load_watch(KEY)
    assert first.references[0].upright is second.references[0].upright
