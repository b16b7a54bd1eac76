from __future__ import annotations

import os
import time
from dataclasses import replace

import pytest

from monitor.domain.alert import AlertKind
from monitor.domain.displacement import Displacement
from monitor.domain.incident import Incident, Observation
from monitor.domain.severity import Severity
from monitor.domain.state import Change, StatePolicy, Transition
from monitor.domain.timeline import EntryKind
from monitor.domain.verdict import VerdictKind
from monitor.domain.view import ViewSpec
from monitor.store import ImageMissing, Resolution, Store
from tests.store.builders import JPEG, KEY, TOLD, announce, at, observation, opened, recovered, spec


def record(store: Store, seen: Observation, of: ViewSpec | None = None) -> Incident:
    incident = store.record(seen, TOLD, announce, spec=of).incident
    assert incident is not None
    return incident


def flapping(seen: Observation) -> Observation:
    assert seen.transition is not None
    told: Transition = replace(seen.transition, flapping=True)
    return replace(seen, transition=told)


def test_an_incident_that_ended_a_while_ago_goes_on_with_its_cause(store: Store) -> None:
    first = record(store, opened(0))
    record(store, recovered(60))
    again = record(store, flapping(opened(600, image=JPEG)))
    assert (again.id, again.resolved_at, again.reopened) == (first.id, None, 1)
    assert (again.opened_at, again.first_seen_at) == (first.opened_at, first.first_seen_at)
    assert again.last_seen_at == at(601)
    assert again.frame_digest is not None
    timeline = store.timelines.of(first.id)
    assert [entry.kind for entry in timeline] == [EntryKind.OPENED, EntryKind.RESOLVED, EntryKind.REOPENED]
    assert timeline[-1].data == {"cause": "flipped_180", "flapping": True}
    # One incident, so its alerts have one numbering, and arrive in its order.
    assert {row.id for row in store.deliveries.list() if row.notifier == "log"} == {
        f"log:{first.id}-{number}" for number in (1, 2, 3)
    }
    assert record(store, recovered(700)).resolved_at == at(701)


@pytest.mark.parametrize(
    ("policy", "seen"),
    [
        (StatePolicy(), opened(661)),
        (StatePolicy(reopen_within_s=0), opened(61)),
        (StatePolicy(), observation(120, VerdictKind.BLURRED, Change.OPENED)),
    ],
)
def test_another_cause_or_a_later_time_is_another_incident(
    store: Store, policy: StatePolicy, seen: Observation
) -> None:
    first = record(store, opened(0))
    record(store, recovered(60))
    assert record(store, seen, spec(policy=policy)).id != first.id


def test_an_incident_ended_by_hand_is_taken_up_again(store: Store) -> None:
    first = record(store, opened(0))
    store.incidents.resolve(first.id, at(30), Resolution("ann", "turned back"), restart=True)
    again = record(store, opened(90))
    assert (again.id, again.reopened, again.comment) == (first.id, 1, "turned back")
    kinds = [(entry.kind, entry.author) for entry in store.timelines.of(first.id)]
    assert kinds == [(EntryKind.OPENED, ""), (EntryKind.RESOLVED, "ann"), (EntryKind.REOPENED, "")]


def test_the_severity_follows_the_cause_and_the_configuration(store: Store) -> None:
    first = record(store, opened(0))
    assert first.severity is Severity.WARNING
    worse = observation(60, VerdictKind.OBSTRUCTED, Change.CAUSE_CHANGED)
    assert record(store, worse).severity is Severity.CRITICAL
    mild = spec(severities={VerdictKind.OBSTRUCTED: Severity.INFO})
    assert record(store, observation(120, VerdictKind.OBSTRUCTED), mild).severity is Severity.INFO
    changes = [entry for entry in store.timelines.of(first.id) if entry.kind is EntryKind.SEVERITY_CHANGED]
    assert [entry.data for entry in changes] == [
        {"before": "warning", "severity": "critical"},
        {"before": "critical", "severity": "info"},
    ]
    (cause,) = (entry for entry in store.timelines.of(first.id) if entry.kind is EntryKind.CAUSE_CHANGED)
    assert cause.data == {"before": "flipped_180", "cause": "obstructed"}


def test_a_rise_of_severity_is_told_and_a_fall_is_not(store: Store) -> None:
    first = record(store, opened(0))
    for seconds, severity in ((60, Severity.CRITICAL), (120, Severity.CRITICAL), (180, Severity.INFO)):
        view = spec(severities={VerdictKind.FLIPPED_180: severity})
        seen = observation(seconds, VerdictKind.FLIPPED_180)
        store.record(seen, (), announce, spec=view, addressing=lambda _matter: TOLD)
    told = [row.alert for row in store.deliveries.list() if row.notifier == "log"]
    assert [(alert.id, alert.kind) for alert in told] == [
        (f"{first.id}-2", AlertKind.CHANGED),
        (f"{first.id}-1", AlertKind.OPENED),
    ]
    assert told[0].headline == "Changed: gate/north is critical now (flipped 180)"


def test_the_worst_figures_stay_while_it_gets_better(store: Store) -> None:
    def off(seconds: float, dx: float, similarity: float, change: Change | None = None) -> Observation:
        seen = observation(seconds, VerdictKind.MOVED, change)
        verdict = replace(seen.verdict, displacement=Displacement(dx=dx), similarity=similarity)
        return replace(seen, verdict=verdict)

    record(store, off(0, 0.05, 0.8, Change.OPENED))
    record(store, off(60, 0.2, 0.7))
    worst = record(store, off(120, 0.1, 0.6)).worst
    assert worst.displacement == Displacement(dx=0.2)
    assert (worst.excess, worst.displaced_at, worst.unlike_at) == (20.0, at(61), at(121))
    assert record(store, recovered(180)).worst == worst


def test_the_latest_picture_takes_the_place_of_the_one_before(store: Store) -> None:
    pictures = [b"\xff\xd8\xff picture %d" % number for number in range(4)]
    first = record(store, replace(opened(0, image=pictures[0]), latest_image=pictures[0]))
    assert first.latest_digest == first.frame_digest
    second = record(store, replace(observation(60, VerdictKind.FLIPPED_180), latest_image=pictures[1]))
    third = record(store, replace(observation(120, VerdictKind.FLIPPED_180), latest_image=pictures[2]))
    assert second.latest_digest is not None
    assert third.latest_digest is not None
    # Too young to be let go of: another process may be about to refer to it.
    assert store.images.get(second.latest_digest) == pictures[1]
    past = time.time() - 60
    os.utime(store.images.path(third.latest_digest), (past, past))
    fourth = record(store, replace(observation(180, VerdictKind.FLIPPED_180), latest_image=pictures[3]))
    with pytest.raises(ImageMissing):
        store.images.get(third.latest_digest)
    assert fourth.frame_digest == first.frame_digest
    assert fourth.frame_digest is not None
    assert store.images.get(fourth.frame_digest) == pictures[0]


def test_a_replaced_picture_that_something_else_refers_to_stays(store: Store) -> None:
    first = record(store, replace(opened(0, image=JPEG), latest_image=JPEG))
    assert first.latest_digest is not None
    past = time.time() - 60
    os.utime(store.images.path(first.latest_digest), (past, past))
    record(store, replace(observation(60, VerdictKind.FLIPPED_180), latest_image=b"\xff\xd8\xff another"))
    assert store.images.get(first.latest_digest) == JPEG


def test_a_repeated_check_adds_nothing_to_the_timeline(store: Store) -> None:
    first = record(store, opened(0))
    record(store, opened(0))
    assert len(store.timelines.of(first.id)) == 1


def test_an_acknowledgement_can_be_taken_back(store: Store) -> None:
    first = record(store, opened(0))
    store.incidents.acknowledge(first.id, "ann", "", at(10))
    undone = store.incidents.unacknowledge(first.id, "bob", "wrong one", at(20))
    assert (undone.acknowledged_at, undone.acknowledged_by, undone.comment) == (None, None, "wrong one")
    store.incidents.unacknowledge(first.id, "bob", "", at(30))
    store.incidents.comment(first.id, "cid", "looking", at(40))
    assert [(entry.kind, entry.author, entry.text) for entry in store.timelines.of(first.id)][1:] == [
        (EntryKind.ACKNOWLEDGED, "ann", ""),
        (EntryKind.UNACKNOWLEDGED, "bob", "wrong one"),
        (EntryKind.COMMENTED, "cid", "looking"),
    ]


def test_incidents_are_found_by_site_view_and_whether_they_are_over(store: Store) -> None:
    first = record(store, opened(0))
    found = store.incidents.find
    assert found() == found(site="default") == found(keys=[KEY]) == [first]
    assert found(site="north") == []
    record(store, recovered(60))
    assert found() == []
    assert [one.id for one in found(only_open=False)] == [first.id]
