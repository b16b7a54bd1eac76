"""What people and time do to incidents, and what checks of several views make of them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from monitor.domain.alert import AlertKind
from monitor.domain.incident import Scope
from monitor.domain.orientation import Orientation, turn
from monitor.domain.site_event import SiteEventPolicy
from monitor.domain.state import Status
from monitor.domain.verdict import VerdictKind
from monitor.usecases.hosts import HostIncidents
from monitor.usecases.incidents import EndsByItself, end_site_events, resolve_by_hand, take_note
from tests.usecases.doubles import GATE, T0, YARD, Bench, at, frame, picture_bytes, turned, view_of


def swap(bench: Bench) -> None:
    for seconds in (60.0, 90.0):
        bench.check(seconds, view_of(2, noise=int(seconds)))
        bench.check(seconds + 1, view_of(1, noise=int(seconds)), YARD)


def resolve(bench: Bench, incident_id: int, comment: str = "") -> None:
    resolve_by_hand(
        incident_id, bench.store, bench.clock, author="ada", comment=comment, addressing=bench.address
    )


def test_swapped_cables_are_one_incident_from_the_pictures_on(watched: Bench):
    swap(watched)
    (pair,) = watched.store.group_incidents.open(Scope.PAIR)
    assert (pair.name, pair.cause) == ("gate and yard", VerdictKind.DIFFERENT_SCENE)
    for seconds in (150.0, 180.0):
        watched.check(seconds, view_of(1, noise=3 + int(seconds)))
        watched.check(seconds + 1, view_of(2, noise=3 + int(seconds)), YARD)
    assert watched.store.incidents.open() == []


def test_a_pair_that_is_ended_by_hand_leaves_its_views_to_themselves(watched: Bench):
    swap(watched)
    (pair,) = watched.store.group_incidents.open(Scope.PAIR)
    resolve(watched, pair.id, "cables are right, the sign was moved")
    assert [(one.scope, one.parent_id) for one in watched.store.incidents.open()] == [(Scope.VIEW, None)] * 2
    assert watched.store.timelines.of(pair.id)[-1].author == "ada"


def test_a_view_whose_incident_is_ended_by_hand_is_looked_at_anew(watched: Bench):
    flip = turned(1, Orientation.ROTATED_180)
    for seconds in (60.0, 90.0):
        watched.check(seconds, flip)
    (incident,) = watched.store.incidents.open()
    resolve(watched, incident.id, "turned back")
    assert watched.store.incidents.open() == []
    row = watched.store.views.get(GATE)
    assert (row.state.status, row.next_due_at) == (Status.UNENROLLED, at(90))
    told = {row.alert.kind for row in watched.store.deliveries.list()}
    assert AlertKind.RESOLVED in told
    for noise, seconds in enumerate((120.0, 150.0)):
        watched.check(seconds, turned(1, Orientation.ROTATED_180, noise))
    assert [one.id for one in watched.store.incidents.open()] == [incident.id]


def test_the_incident_of_a_recorder_is_not_ended_by_hand(watched: Bench):
    hosts = HostIncidents(watched.store, watched.address, watched.clock)
    number = hosts.begin("nvr", [GATE, YARD], 60.0, "None of its cameras answers.")
    with pytest.raises(EndsByItself, match="recorder nvr"):
        resolve(watched, number)
    assert [entry.text for entry in watched.store.timelines.of(number)] == ["None of its cameras answers."]


def test_who_knows_of_an_incident_hears_once_who_is_at_it(watched: Bench):
    for seconds in (60.0, 90.0):
        watched.check(seconds, turned(1, Orientation.ROTATED_180))
    (incident,) = watched.store.incidents.open()
    for author in ("ada", "bob"):
        noted = take_note(
            incident.id, watched.store, watched.clock, author=author, comment="go", addressing=watched.address
        )
        assert noted.acknowledged_by == "ada"
    rows = [row for row in watched.store.deliveries.list() if row.alert.kind is AlertKind.ACKNOWLEDGED]
    assert len({row.notifier for row in rows}) == len(rows) > 0
    told = rows[0].alert
    assert told.headline == f"Acknowledged by ada: {GATE} (flipped 180)"
    assert told.details["acknowledged_by"] == "ada"


def test_an_open_incident_keeps_one_latest_picture_a_minute(watched: Bench):
    flips = [frame(turn(view_of(1, noise=noise).pixels, Orientation.ROTATED_180)) for noise in range(5)]
    latest = []
    for flip, seconds in zip(flips, (60.0, 90.0, 100.0, 130.0, 140.0), strict=True):
        watched.check(seconds, flip)
        for one in watched.store.incidents.open():
            assert one.latest_digest is not None
            latest.append(watched.store.images.get(one.latest_digest))
    # Opened at 90 s; at 100 s in the same minute; at 130 s in the next, and so at 140 s.
    assert latest == [picture_bytes(flips[number]) for number in (1, 1, 3, 3)]


def test_what_no_check_sees_is_ended_by_time(watched: Bench):
    policy = SiteEventPolicy(at_least=2, share=0.5, window_s=30.0)
    specs = [row.spec for row in watched.store.views.all()]
    watched.store.views.sync([replace(one, site_event=policy) for one in specs], T0)
    for seconds in (60.0, 90.0):
        watched.check(seconds, turned(1, Orientation.ROTATED_180))
        watched.check(seconds + 1, turned(2, Orientation.ROTATED_180), YARD)
    (event,) = watched.store.group_incidents.open(Scope.SITE)
    assert end_site_events(watched.store, watched.address, watched.clock) == 0
    for one in watched.store.incidents.open():
        if one.scope is Scope.VIEW:
            resolve(watched, one.id)
    assert end_site_events(watched.store, watched.address, watched.clock) == 1
    assert watched.store.incidents.get(event.id).resolved_at == at(91)
