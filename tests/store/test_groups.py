"""Incidents about several views at once, on both databases."""

from __future__ import annotations

import pytest

from monitor.domain.alert import Alert, AlertKind
from monitor.domain.errors import UnknownView
from monitor.domain.incident import Incident, Scope
from monitor.domain.timeline import EntryKind
from monitor.domain.verdict import VerdictKind
from monitor.domain.view import ViewKey
from monitor.store import Store
from tests.store import builders
from tests.store.builders import KEY, ROUTES, TOLD, at

NVR = "10.0.0.5"
CHANNELS = tuple(ViewKey(f"channel{number}") for number in range(3))


@pytest.fixture
def recorder(store: Store) -> Store:
    """A store that watches three channels of a recorder beside the usual view."""
    store.views.sync([builders.spec(), *(builders.spec(key) for key in CHANNELS)], builders.NOW)
    return store


def message(incident: Incident, sequence: int) -> Alert:
    kind = AlertKind.OPENED if incident.resolved_at is None else AlertKind.RESOLVED
    return Alert(
        f"{incident.id}-{sequence}", kind, incident.key, "default", incident.id, at(0), f"{incident.name}: {kind}",
        scope=incident.scope, subject=incident.subject, members=incident.members,
    )  # fmt: skip


def begin(
    store: Store, seconds: float = 120.0, subject: str = NVR, members=CHANNELS, reopen_within_s: float = 0.0
) -> Incident:
    return store.group_incidents.begin(
        Scope.HOST, subject, members, VerdictKind.OFFLINE,
        first_seen_at=at(seconds - 120), now=at(seconds), addressees=TOLD, announce=message,
        reopen_within_s=reopen_within_s,
    )  # fmt: skip


def end(store: Store, seconds: float = 600.0, subject: str = NVR) -> Incident | None:
    return store.group_incidents.end(Scope.HOST, subject, now=at(seconds), addressees=TOLD, announce=message)


def test_an_incident_about_a_host_has_its_views_as_members_and_tells_every_route_once(
    recorder: Store,
) -> None:
    incident = begin(recorder)
    assert (incident.scope, incident.subject, incident.members) == (Scope.HOST, NVR, CHANNELS)
    assert (incident.key, incident.name) == (CHANNELS[0], f"recorder {NVR}")
    assert (incident.first_seen_at, incident.opened_at, incident.resolved_at) == (at(0), at(120), None)
    assert recorder.incidents.open() == [incident]
    assert recorder.incidents.get(incident.id) == incident
    rows = recorder.deliveries.list()
    assert {row.id for row in rows} == {f"{route}:{incident.id}-1" for route in ROUTES}
    assert {row.alert.members for row in rows} == {CHANNELS}


def test_beginning_again_changes_nothing_and_tells_nobody(recorder: Store) -> None:
    first = begin(recorder)
    assert begin(recorder, 300) == first
    assert len(recorder.deliveries.list()) == len(ROUTES)


def test_its_end_is_told_once_and_its_members_have_left(recorder: Store) -> None:
    opened = begin(recorder)
    ended = end(recorder)
    assert ended is not None
    assert (ended.id, ended.resolved_at, ended.members) == (opened.id, at(600), CHANNELS)
    assert end(recorder, 700) is None
    assert recorder.incidents.open() == []
    assert len(recorder.deliveries.list()) == 2 * len(ROUTES)
    again = begin(recorder, 1000)
    assert again.id != opened.id


def test_one_that_ended_a_short_while_ago_goes_on(recorder: Store) -> None:
    opened = begin(recorder)
    end(recorder, 600)
    again = begin(recorder, 900, members=(*CHANNELS, KEY), reopen_within_s=600)
    assert (again.id, again.reopened, again.resolved_at) == (opened.id, 1, None)
    assert (again.opened_at, again.first_seen_at, again.last_seen_at) == (at(120), at(0), at(900))
    assert again.members == (*CHANNELS, KEY)
    assert recorder.incidents.open() == [again]
    kinds = [entry.kind for entry in recorder.timelines.of(again.id)]
    assert kinds == [EntryKind.OPENED, EntryKind.RESOLVED, EntryKind.REOPENED]
    rows = recorder.deliveries.list()
    assert {row.id for row in rows} == {
        f"{route}:{opened.id}-{number}" for route in ROUTES for number in (1, 2, 3)
    }
    assert begin(recorder, 950, reopen_within_s=600) == again
    assert len(recorder.deliveries.list()) == len(rows)
    end(recorder, 1000)
    later = begin(recorder, 1600, reopen_within_s=600)
    assert (later.id != opened.id, later.reopened) == (True, 0)
    assert [recorder.group_incidents.beginnings(Scope.HOST, NVR, at(since)) for since in (0, 500, 1000)] == [
        3,
        2,
        1,
    ]
    assert recorder.group_incidents.beginnings(Scope.HOST, "10.0.0.6", at(0)) == 0


def test_another_cause_is_another_incident(recorder: Store) -> None:
    opened = begin(recorder)
    end(recorder, 600)
    other = recorder.group_incidents.begin(
        Scope.HOST, NVR, CHANNELS, VerdictKind.STREAM_FAULT,
        first_seen_at=at(700), now=at(700), addressees=TOLD, announce=message, reopen_within_s=600,
    )  # fmt: skip
    assert other.id != opened.id


def test_two_hosts_have_incidents_of_their_own(recorder: Store) -> None:
    one, other = begin(recorder), begin(recorder, subject="10.0.0.6", members=(KEY,))
    assert recorder.group_incidents.open(Scope.HOST) == [one, other]
    assert other.members == (KEY,)


def test_with_a_view_that_is_not_stored_nothing_begins(recorder: Store) -> None:
    with pytest.raises(UnknownView):
        begin(recorder, members=(*CHANNELS, ViewKey("nowhere")))
    assert recorder.incidents.open() == []
    assert recorder.deliveries.list() == []


def test_a_view_may_be_in_an_incident_of_its_own_beside_that_of_its_host(recorder: Store) -> None:
    own = recorder.record(builders.opened(0, key=CHANNELS[0]), TOLD, builders.announce).incident
    group = begin(recorder)
    assert own is not None
    assert (own.scope, own.subject, own.members) == (Scope.VIEW, "channel0", (CHANNELS[0],))
    assert recorder.incidents.open() == [own, group]
    rows = {row.spec.key: row.open_incident_id for row in recorder.views.all()}
    assert rows == {CHANNELS[0]: own.id, CHANNELS[1]: None, CHANNELS[2]: None, KEY: None}
    # A check of the view goes on with its own, and never with that of the host.
    recovered = recorder.record(builders.recovered(60, key=CHANNELS[0]), TOLD, builders.announce)
    assert recovered.incident is not None
    assert recovered.incident.id == own.id
    assert recorder.load_watch(CHANNELS[0]).open_incident is None
    assert recorder.incidents.open() == [group]


def test_the_incidents_of_a_view_are_its_own_and_those_it_is_a_member_of(recorder: Store) -> None:
    own = recorder.record(builders.opened(0, key=CHANNELS[1]), TOLD, builders.announce).incident
    group = begin(recorder)
    assert own is not None
    assert [one.id for one in recorder.incidents.list(CHANNELS[1])] == [group.id, own.id]
    assert [one.id for one in recorder.incidents.list(CHANNELS[2])] == [group.id]
    assert recorder.incidents.list(KEY) == []


def test_a_view_that_is_brought_forward_is_due_earlier_never_later(recorder: Store) -> None:
    recorder.views.schedule(CHANNELS[0], at(500))
    recorder.views.schedule(CHANNELS[1], at(5))
    recorder.views.bring_forward({CHANNELS[0]: at(10), CHANNELS[1]: at(10), ViewKey("nowhere"): at(10)})
    assert recorder.views.get(CHANNELS[0]).next_due_at == at(10)
    assert recorder.views.get(CHANNELS[1]).next_due_at == at(5)
