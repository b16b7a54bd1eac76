"""The message about an incident."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given

from monitor.domain.alert import Alert, AlertKind
from monitor.domain.announcement import announcement, announces, host_announcement
from monitor.domain.decision import decide
from monitor.domain.incident import Incident, Observation, Scope
from monitor.domain.state import Change, Status, Transition, ViewState
from monitor.domain.thresholds import Thresholds
from monitor.domain.verdict import Verdict, VerdictKind
from monitor.domain.view import ViewKey, ViewSpec
from tests.domain.builders import A_MOVE, GOOD, MOVED, alignment, at, comparison, quick, verdict, verdicts

KEY = ViewKey("gate", "north")
SPEC = ViewSpec(KEY, site="harbour", tags=("outdoor",), labels={"building": "B2"})
INCIDENT = Incident(17, KEY, VerdictKind.MOVED, opened_at=at(30), first_seen_at=at(0), last_seen_at=at(30))


def observation(judged: Verdict, change: Change, *, flapping: bool = False) -> Observation:
    transition = Transition(change, Status.SUSPECT, Status.ALERT, judged.kind, "2 of 2 say so.", flapping)
    return Observation(
        KEY, at(30), at(31), at(29), judged, "ab" * 32, ViewState(), transition, at(90), bundle_id="net-1"
    )


def announced(
    judged: Verdict, change: Change = Change.OPENED, sequence: int = 1, *, flapping: bool = False
) -> Alert:
    return announcement(INCIDENT, observation(judged, change, flapping=flapping), sequence, SPEC)


@pytest.mark.parametrize(
    ("change", "kind", "lead"),
    [
        (Change.OPENED, AlertKind.OPENED, "gate/north has moved"),
        (Change.CAUSE_CHANGED, AlertKind.CHANGED, "Changed: gate/north has moved"),
    ],
)
def test_the_start_and_a_change_of_an_incident_are_announced(change: Change, kind: AlertKind, lead: str):
    alert = announced(verdict(VerdictKind.MOVED), change)
    assert alert.kind is kind
    assert alert.headline.startswith(lead)
    assert (alert.key, alert.site, alert.incident_id, alert.occurred_at) == (KEY, "harbour", 17, at(31))


def test_the_end_of_an_incident_is_announced_as_resolved():
    alert = announced(verdict(VerdictKind.OK), Change.RECOVERED)
    assert alert.kind is AlertKind.RESOLVED
    assert alert.headline == "Resolved: gate/north is as it should be"
    assert alert.details["cause"] == "moved"


@pytest.mark.parametrize("change", Change)
def test_what_is_told_to_people_can_be_announced_and_nothing_else(change: Change):
    if announces(change):
        announced(verdict(VerdictKind.MOVED), change)
    else:
        with pytest.raises(ValueError, match="can be announced"):
            announced(verdict(VerdictKind.MOVED), change)


def test_a_check_without_a_transition_cannot_be_announced():
    silent = replace(observation(verdict(VerdictKind.OK), Change.OPENED), transition=None)
    with pytest.raises(ValueError, match="can be announced"):
        announcement(INCIDENT, silent, 1, SPEC)


def test_the_id_names_the_incident_and_the_message_within_it():
    ids = [announced(verdict(VerdictKind.MOVED), sequence=number).id for number in (1, 2, 1)]
    assert ids == ["17-1", "17-2", "17-1"]


def test_flapping_is_said_in_the_headline_and_in_the_details():
    alert = announced(verdict(VerdictKind.MOVED), flapping=True)
    assert "flapping" in alert.headline
    assert alert.details["flapping"] is True


def test_the_details_of_a_move_say_how_far_and_what_to_do():
    details = announced(verdict(VerdictKind.MOVED)).details
    assert details["displacement"] == {
        "dx_percent": 6.0, "dy_percent": -1.0, "roll_degrees": 0.0, "zoom": 1.0
    }  # fmt: skip
    assert details["remedy"].startswith("Pan right")
    assert details["reasons"] == ["it says so", "2 of 2 say so."]
    assert (details["tags"], details["labels"]) == (["outdoor"], {"building": "B2"})
    assert details["captured_at"] == at(29).isoformat()


def test_a_move_in_degrees_is_told_in_degrees():
    moved = replace(A_MOVE, pan_deg=3.456, tilt_deg=-0.5)
    details = announced(verdict(VerdictKind.MOVED, moved)).details
    assert details["displacement"] == {
        "dx_percent": 6.0, "dy_percent": -1.0, "roll_degrees": 0.0, "zoom": 1.0,
        "pan_degrees": 3.46, "tilt_degrees": -0.5,
    }  # fmt: skip
    assert details["remedy"].startswith("Turn the camera 3.5° right and 0.5° up to restore.")


@quick
@given(verdicts)
def test_the_details_of_every_verdict_are_json(judged: Verdict):
    json.dumps(announced(judged).details, allow_nan=False)


def test_the_evidence_of_a_real_decision_is_json():
    judged = decide(GOOD, [comparison(MOVED, alignment())], Thresholds())
    details = json.loads(json.dumps(announced(judged).details, allow_nan=False))
    assert details["evidence"]["support"] == 0.9


# Hosts

HOST = Incident(
    18, ViewKey("a"), VerdictKind.OFFLINE, at(120), at(0), at(120), scope=Scope.HOST, subject="10.0.0.5"
)


def channels(count: int) -> list[ViewSpec]:
    return [
        ViewSpec(ViewKey(f"channel{number:03}"), site="harbour", tags=("nvr",)) for number in range(count)
    ]


def test_a_recorder_that_is_down_is_one_message_that_names_its_cameras():
    alert = host_announcement(
        HOST, channels(60), "None of its cameras could be reached for 120 s.", at(120), 1
    )
    assert alert.headline == "Recorder 10.0.0.5 is unreachable: 60 cameras"
    assert (alert.id, alert.kind, alert.scope, alert.subject) == (
        "18-1",
        AlertKind.OPENED,
        Scope.HOST,
        "10.0.0.5",
    )
    assert (alert.key, alert.site, len(alert.members)) == (ViewKey("channel000"), "harbour", 60)
    assert alert.details["cause"] == "offline"
    assert alert.details["cameras"] == 60
    assert "recorder" in alert.details["remedy"]
    json.dumps(alert.details, allow_nan=False)


def test_its_end_is_a_message_too_and_asks_for_nothing():
    ended = replace(HOST, resolved_at=at(900))
    alert = host_announcement(ended, channels(3), "a answers again.", at(900), 2)
    assert (alert.kind, alert.headline) == (
        AlertKind.RESOLVED, "Resolved: Recorder 10.0.0.5 answers again: 3 cameras"
    )  # fmt: skip
    assert alert.details["remedy"] == ""


def test_of_very_many_members_a_hundred_are_named_and_all_are_counted():
    alert = host_announcement(HOST, channels(250), "It is down.", at(120), 1)
    assert (len(alert.members), alert.details["views"]) == (100, 250)


def test_cameras_with_several_views_count_once():
    specs = [ViewSpec(ViewKey("ptz", name)) for name in ("gate", "yard")] + [ViewSpec(ViewKey("hall"))]
    assert host_announcement(HOST, specs, "It is down.", at(120), 1).headline.endswith("2 cameras")
