"""What is recorded of hosts, on a real store."""

from __future__ import annotations

from datetime import timedelta

import pytest

from monitor.domain.addressee import Addressee
from monitor.domain.errors import SourceTimeout
from monitor.domain.incident import Scope
from monitor.domain.inhibition import Inhibition
from monitor.domain.matcher import Matter
from monitor.domain.state import Change, Status
from monitor.domain.verdict import VerdictKind
from monitor.domain.view import ViewKey
from monitor.usecases.accept import NothingToAccept, accept
from monitor.usecases.hosts import HostIncidents, sit_out
from tests.usecases.doubles import GATE, YARD, Bench, at, read_picture, view_of

NVR = "10.0.0.5"
DOWN = Inhibition(f"recorder {NVR} is unreachable", 3)


def reports(bench: Bench) -> HostIncidents:
    def addressing(matter: Matter) -> list[Addressee]:
        assert matter.cause is VerdictKind.OFFLINE
        people = {GATE: "control-room", YARD: "yard-people"}
        return [Addressee("log"), *(Addressee(people[spec.key]) for spec in matter.views)]

    return HostIncidents(bench.store, addressing, bench.clock)


def test_whoever_hears_of_any_camera_hears_of_the_recorder_once(watched: Bench):
    bench = watched
    bench.clock.set(at(200))
    number = reports(bench).begin(NVR, [YARD, GATE], 130.0, "None could be reached.")
    (incident,) = bench.store.incidents.open()
    assert (incident.id, incident.scope, incident.members) == (number, Scope.HOST, (GATE, YARD))
    assert incident.first_seen_at == at(70)
    rows = bench.store.deliveries.list()
    assert sorted(row.notifier for row in rows) == ["control-room", "log", "yard-people"]
    assert {row.alert.headline for row in rows} == {f"Recorder {NVR} is unreachable: 2 cameras"}


def test_the_same_hear_of_its_end(watched: Bench):
    reports(watched).begin(NVR, [GATE, YARD], 130.0, "None could be reached.")
    reports(watched).end(NVR, [GATE, YARD], "gate answers again.")
    assert watched.store.incidents.open() == []
    rows = [row for row in watched.store.deliveries.list() if row.alert.kind == "incident.resolved"]
    assert sorted(row.notifier for row in rows) == ["control-room", "log", "yard-people"]


def test_the_end_of_a_host_without_cameras_is_told_to_those_who_heard_of_its_beginning(watched: Bench):
    reports(watched).begin(NVR, [GATE], 130.0, "None could be reached.")
    reports(watched).end(NVR, (), "It is not configured any more.")
    assert watched.store.incidents.open() == []
    ended = [row.notifier for row in watched.store.deliveries.list() if row.alert.kind == "incident.resolved"]
    assert sorted(ended) == ["control-room", "log"]


def test_one_that_keeps_coming_and_going_is_one_incident_and_said_to_be_so(watched: Bench):
    bench, numbers = watched, []
    for minute in range(0, 32, 8):
        bench.clock.set(at(60.0 * minute))
        numbers.append(reports(bench).begin(NVR, [GATE, YARD], 130.0, "None could be reached."))
        bench.clock.set(at(60.0 * (minute + 4)))
        reports(bench).end(NVR, [GATE, YARD], "gate answers again.")
    assert len(set(numbers)) == 1
    alerts = [row.alert for row in bench.store.deliveries.list() if row.notifier == "log"]
    begun = sorted(
        (alert for alert in alerts if alert.kind != "incident.resolved"), key=lambda one: one.occurred_at
    )
    lead, said = "Again: ", f"Recorder {NVR} is unreachable: 2 cameras"
    assert [alert.headline for alert in begun] == [
        said,
        lead + said,
        lead + said,
        f"{lead}{said} (flapping: this keeps coming and going)",
    ]
    assert [alert.kind for alert in begun] == ["incident.opened", *["incident.reopened"] * 3]
    assert [alert.details["reopened"] for alert in begun] == [0, 1, 2, 3]
    bench.clock.set(at(60.0 * 90))
    assert reports(bench).begin(NVR, [GATE, YARD], 130.0, "None could be reached.") not in numbers


def test_ending_what_is_not_open_does_nothing(watched: Bench):
    reports(watched).end(NVR, [GATE], "gate answers again.")
    assert watched.store.deliveries.list() == []


def test_a_view_that_sits_out_leaves_an_observation_and_no_incident_and_is_unknown_in_the_end(watched: Bench):
    bench, changes = watched, []
    seconds = 60.0
    while seconds < 4000:
        bench.clock.set(at(seconds))
        check = sit_out(GATE, at(seconds), DOWN, bench.store, bench.clock)
        assert check.observation is not None
        if check.observation.transition:
            changes.append(check.observation.transition.change)
        wait_s = (check.observation.next_due_at - at(seconds)).total_seconds()
        assert 60.0 <= wait_s <= 330.0
        assert bench.store.views.get(GATE).next_due_at == check.observation.next_due_at
        seconds += wait_s
    assert changes == [Change.LOST_SIGHT]
    assert bench.store.views.get(GATE).state.status is Status.UNKNOWN
    assert bench.store.incidents.open() == []
    rows = bench.store.history.observations(GATE)
    assert 12 <= len(rows) <= 20, "asked less and less often"
    assert rows[0].verdict.reasons == (f"Not asked: recorder {NVR} is unreachable.",)
    assert rows[0].verdict.evidence == {"fault": "Inhibited", "incident": 3}


def test_a_view_without_references_sits_out_without_a_trace(bench: Bench):
    bench.clock.set(at(60))
    check = sit_out(GATE, at(60), DOWN, bench.store, bench.clock)
    assert (check.observation, check.note) == (None, "not enrolled")
    assert bench.store.views.get(GATE).next_due_at == at(60) + timedelta(seconds=60)


def test_a_check_that_fails_while_its_recorder_is_down_opens_nothing(watched: Bench):
    watched.inhibitions[GATE] = DOWN
    for seconds in range(60, 900, 60):
        watched.check(seconds, SourceTimeout("No frame."))
    assert watched.store.incidents.open() == []
    watched.inhibitions.clear()
    for seconds in range(900, 1080, 60):
        watched.check(seconds, SourceTimeout("No frame."))
    (incident,) = watched.store.incidents.open()
    assert incident.key == GATE


def test_a_check_that_gives_a_frame_counts_whatever_is_said_of_the_recorder(watched: Bench):
    watched.inhibitions[GATE] = DOWN
    assert watched.verdict(60, view_of(1, noise=1)) is VerdictKind.OK


def test_commands_know_from_the_database_which_views_are_inhibited(watched: Bench):
    number = reports(watched).begin(NVR, [GATE], 130.0, "None could be reached.")
    assert reports(watched).inhibition(GATE) == Inhibition(f"recorder {NVR} is unreachable", number)
    assert reports(watched).inhibition(YARD) is None
    assert reports(watched).inhibition(ViewKey("nowhere")) is None


def test_an_incident_about_a_recorder_cannot_be_accepted(watched: Bench):
    number = reports(watched).begin(NVR, [GATE, YARD], 130.0, "None could be reached.")
    with pytest.raises(NothingToAccept, match=rf"recorder {NVR} with 2 views.*ends by itself"):
        accept(number, watched.tools, read_picture, author="ada")
    assert [one.id for one in watched.store.incidents.open()] == [number]
