from __future__ import annotations

import math
from dataclasses import replace

import pytest

from monitor.domain.alert import AlertKind
from monitor.domain.incident import Incident, Observation
from monitor.domain.state import Change, Status, ViewState
from monitor.domain.verdict import VerdictKind
from monitor.store import DeliveryStatus, Store
from tests.store.builders import (
    JPEG,
    KEY,
    NOW,
    ROUTES,
    TOLD,
    announce,
    at,
    observation,
    opened,
    recovered,
    reference,
)


def test_an_observation_comes_back_as_it_was_recorded(store: Store) -> None:
    seen = observation(0, image=JPEG)
    recorded = store.record(seen, TOLD, announce)
    assert (recorded.duplicate, recorded.incident, recorded.alerts, recorded.superseded) == (
        False,
        None,
        0,
        False,
    )
    (row,) = store.history.observations(KEY)
    assert (row.key, row.slot, row.checked_at, row.captured_at) == (
        KEY,
        seen.slot,
        seen.checked_at,
        seen.captured_at,
    )
    assert (row.verdict, row.status, row.change) == (seen.verdict, Status.OK, None)
    assert (row.frame_digest, row.bundle_id, row.timings_ms) == (seen.frame_digest, "net-1", seen.timings_ms)
    assert row.image_digest is not None
    assert store.images.get(row.image_digest) == JPEG
    view = store.views.get(KEY)
    assert (view.state, view.last_verdict, view.last_checked_at) == (
        seen.state,
        seen.verdict,
        seen.checked_at,
    )
    assert view.next_due_at == seen.next_due_at


def test_the_same_slot_twice_changes_nothing_and_tells_what_came_of_it(store: Store) -> None:
    first = store.record(opened(0), TOLD, announce)
    again = store.record(replace(opened(0), state=ViewState(), next_due_at=at(999)), TOLD, announce)
    assert again.duplicate
    assert (again.incident, again.alerts) == (first.incident, 2)
    assert len(store.history.observations(KEY)) == 1
    assert len(store.deliveries.list()) == 2
    view = store.views.get(KEY)
    assert view.state.status is Status.ALERT
    assert view.next_due_at == at(60)


def test_the_changes_of_a_view_are_those_that_matter_afterwards(store: Store) -> None:
    store.record(observation(0), TOLD, announce)
    store.record(observation(60, image=JPEG), TOLD, announce)
    store.record(opened(120), TOLD, announce)
    store.record(observation(180), TOLD, announce)
    store.record(recovered(240), TOLD, announce)

    def slots(*bounds: object, **more: int) -> list[object]:
        return [row.slot for row in store.history.changes(KEY, *bounds, **more)]  # type: ignore[arg-type]

    assert slots(at(0)) == [at(60), at(120), at(240)]
    assert slots(at(100)) == [at(120), at(240)]
    assert slots(at(0), at(200)) == [at(60), at(120)]
    assert slots(at(0), limit=2) == [at(120), at(240)], "the youngest count"


def test_a_repeated_slot_does_not_leave_the_view_due_forever(store: Store) -> None:
    store.record(observation(0), TOLD, announce)
    store.views.schedule(KEY, at(0))
    store.record(replace(observation(0), next_due_at=at(70)), TOLD, announce)
    assert store.views.get(KEY).next_due_at == at(70)


def test_an_incident_opens_changes_its_cause_and_ends(store: Store) -> None:
    store.record(observation(0), TOLD, announce)
    incident = store.record(opened(60, image=JPEG), TOLD, announce).incident
    assert incident is not None
    assert incident.key == KEY
    assert incident.cause is VerdictKind.FLIPPED_180
    assert (incident.opened_at, incident.first_seen_at, incident.last_seen_at) == (at(61), at(30), at(61))
    assert incident.frame_digest is not None
    assert store.images.get(incident.frame_digest) == JPEG
    assert incident.verdict["kind"] == "flipped_180"

    going_on = store.record(observation(120, VerdictKind.FLIPPED_180), TOLD, announce)
    assert going_on.incident is not None
    assert (going_on.incident.id, going_on.incident.last_seen_at, going_on.alerts) == (
        incident.id,
        at(121),
        0,
    )
    good_once = store.record(observation(150), TOLD, announce)
    assert good_once.incident is not None
    assert good_once.incident.last_seen_at == at(121)

    changed = store.record(observation(180, VerdictKind.MOVED, Change.CAUSE_CHANGED), TOLD, announce).incident
    assert changed is not None
    assert (changed.id, changed.cause, changed.first_seen_at) == (incident.id, VerdictKind.MOVED, at(150))
    assert (changed.opened_at, changed.frame_digest) == (incident.opened_at, incident.frame_digest)

    ended = store.record(recovered(240), TOLD, announce)
    assert ended.incident is not None
    assert (ended.incident.resolved_at, ended.alerts) == (at(241), 2)
    assert store.incidents.open() == []
    assert store.views.get(KEY).open_incident_id is None
    assert store.record(observation(300), TOLD, announce).incident is None
    kinds = [row.alert.kind for row in reversed(store.deliveries.list()) if row.notifier == "log"]
    assert kinds == [AlertKind.OPENED, AlertKind.CHANGED, AlertKind.RESOLVED]
    ids = {row.id for row in store.deliveries.list()}
    assert ids == {f"{route}:{incident.id}-{number}" for route in ROUTES for number in (1, 2, 3)}


def test_the_time_since_when_a_cause_was_named_reaches_further_back_than_the_recent_checks(
    store: Store,
) -> None:
    seen = opened(600)
    seen = replace(seen, state=replace(seen.state, named=VerdictKind.FLIPPED_180, named_since=at(5)))
    incident = store.record(seen, TOLD, announce).incident
    assert incident is not None
    assert incident.first_seen_at == at(5)


def test_an_incident_that_opened_without_a_frame_takes_the_first_one_that_comes(store: Store) -> None:
    store.record(observation(0, VerdictKind.OFFLINE, Change.OPENED), TOLD, announce)
    changed = store.record(
        observation(60, VerdictKind.MOVED, Change.CAUSE_CHANGED, image=JPEG), TOLD, announce
    ).incident
    assert changed is not None
    assert changed.frame_digest is not None


def test_a_second_opening_joins_the_incident_that_is_open(store: Store) -> None:
    first = store.record(opened(0), TOLD, announce).incident
    second = store.record(observation(60, VerdictKind.MOVED, Change.OPENED), TOLD, announce).incident
    assert first is not None
    assert second is not None
    assert (second.id, second.cause) == (first.id, VerdictKind.MOVED)


def test_a_recovery_without_an_incident_is_nothing_to_tell(store: Store) -> None:
    recorded = store.record(recovered(0), TOLD, announce)
    assert (recorded.incident, recorded.alerts) == (None, 0)


def test_without_routes_an_incident_still_opens(store: Store) -> None:
    recorded = store.record(opened(0), (), announce)
    assert recorded.incident is not None
    assert recorded.alerts == 0


def test_when_the_alert_cannot_be_made_nothing_is_recorded(store: Store) -> None:
    def refuse(incident: Incident, observed: Observation, sequence: int) -> None:
        raise RuntimeError("no words")

    with pytest.raises(RuntimeError, match="no words"):
        store.record(opened(0), ROUTES, refuse)  # type: ignore[arg-type]
    assert store.history.observations(KEY) == []
    assert store.incidents.open() == []
    assert store.views.get(KEY).state == ViewState()
    assert store.record(opened(0), TOLD, announce).alerts == 2


def test_a_check_that_comes_late_is_history_and_nothing_else(store: Store) -> None:
    store.record(observation(60), TOLD, announce)
    late = store.record(opened(0), TOLD, announce)
    assert (late.superseded, late.incident, late.alerts) == (True, None, 0)
    view = store.views.get(KEY)
    assert (view.state.status, view.next_due_at, view.last_checked_at) == (Status.OK, at(120), at(61))
    assert [row.slot for row in store.history.observations(KEY)] == [at(60), at(0)]


def test_a_check_made_under_a_clock_far_ahead_does_not_silence_the_view_until_then(store: Store) -> None:
    a_year = 365 * 86_400
    store.record(observation(a_year), TOLD, announce)
    recorded = store.record(opened(0), TOLD, announce)
    assert not recorded.superseded
    assert recorded.incident is not None


def test_a_check_made_with_the_old_gallery_does_not_overrule_the_new_one(store: Store) -> None:
    normal = ViewState(Status.OK, at(10))
    store.gallery.add_version(
        KEY, [(reference(grids=False), b"new normal")], reason="", author="me", now=at(10), state=normal
    )
    assert store.record(opened(0), TOLD, announce).superseded
    view = store.views.get(KEY)
    assert view.state == normal
    assert view.next_due_at == at(10)
    assert not store.record(observation(10), TOLD, announce).superseded


def test_check_now_is_not_forgotten_when_a_check_is_under_way(store: Store) -> None:
    store.views.schedule(KEY, at(0))
    store.views.schedule(KEY, at(0.5))
    store.record(observation(0), TOLD, announce)
    assert store.views.get(KEY).next_due_at == at(0.5)


def test_numbers_that_json_lacks_and_nul_characters_do_not_cost_an_observation(store: Store) -> None:
    seen = observation(0)
    strange = replace(
        seen.verdict,
        reasons=("a\0b",),
        evidence={"nan": math.nan, "inf": math.inf, "text": "\0"},
        similarity=math.nan,
    )
    store.record(replace(seen, verdict=strange, timings_ms={"grab": math.nan}), TOLD, announce)
    (row,) = store.history.observations(KEY)
    assert row.verdict.reasons == ("ab",)
    assert row.verdict.evidence == {"nan": None, "inf": None, "text": ""}


def test_history_is_newest_first_bounded_and_from_a_time_on(store: Store) -> None:
    for number in range(5):
        store.record(observation(number * 60), TOLD, announce)
    assert [row.slot for row in store.history.observations(KEY, limit=2)] == [at(240), at(180)]
    assert [row.slot for row in store.history.observations(KEY, since=at(180))] == [at(240), at(180)]


def test_acknowledging_keeps_the_first_person_and_every_comment(store: Store) -> None:
    incident = store.record(opened(0), TOLD, announce).incident
    assert incident is not None
    store.incidents.acknowledge(incident.id, "ann", "on my way", at(10))
    noted = store.incidents.acknowledge(incident.id, "bob", "me too", at(20))
    assert (noted.acknowledged_by, noted.acknowledged_at) == ("ann", at(10))
    assert noted.comment == "on my way\nme too"
    assert store.deliveries.counts() == {
        **dict.fromkeys(DeliveryStatus, 0), DeliveryStatus.PENDING: 2
    }  # fmt: skip
    assert store.incidents.list(KEY) == [noted]
    assert noted.opened_at > NOW


def test_an_incident_shows_the_picture_of_its_present_cause(store: Store) -> None:
    store.record(opened(60, image=JPEG), TOLD, announce)
    later = JPEG + b"later"

    changed = store.record(
        observation(180, VerdictKind.MOVED, Change.CAUSE_CHANGED, image=later), TOLD, announce
    ).incident

    assert changed is not None
    assert changed.frame_digest is not None
    assert store.images.get(changed.frame_digest) == later
    assert changed.verdict["kind"] == "moved"
