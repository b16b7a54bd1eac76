"""An incident's picture becomes the new normal."""

from __future__ import annotations

import pytest

from monitor.domain.alert import AlertKind
from monitor.domain.errors import SourceTimeout, UnfitReference
from monitor.domain.fitness import Severity
from monitor.domain.frame import Frame
from monitor.domain.orientation import Orientation
from monitor.domain.state import Status
from monitor.domain.verdict import VerdictKind
from monitor.store.errors import UnknownIncident
from monitor.usecases.accept import REAIMED, NothingToAccept, accept
from monitor.usecases.enroll import Enrolment
from tests.usecases.doubles import GATE, Bench, at, read_picture, shifted, turned, view_of

REAIMED_VIEW = shifted(1, 20)


def incident(bench: Bench, seen: Frame, seconds: float = 60.0) -> int:
    """Open an incident by showing something twice; returns its number."""
    for step in range(6):
        bench.check(seconds + step * 30, seen)
        if bench.store.incidents.open():
            return bench.store.incidents.open()[0].id
    raise AssertionError("no incident was opened")


def take(bench: Bench, incident_id: int, **options: object) -> Enrolment:
    return accept(
        incident_id, bench.tools, read_picture, author="ada", addressing=bench.address, **options  # type: ignore[arg-type]
    )  # fmt: skip


def test_after_a_new_aim_the_old_references_rest(watched: Bench):
    done = take(watched, incident(watched, REAIMED_VIEW))
    assert (done.version, done.references, done.kept) == (2, 1, 0)
    (active,) = watched.store.gallery.list(GATE)
    assert active.origin == "accepted"
    assert watched.verdict(300, shifted(1, 20)) is VerdictKind.OK
    assert watched.verdict(360, view_of(1, noise=1)) is VerdictKind.MOVED


def test_the_old_references_come_back_with_a_rollback(watched: Bench):
    take(watched, incident(watched, REAIMED_VIEW))
    watched.store.gallery.rollback(GATE, author="ada", now=at(400))
    assert watched.verdict(420, view_of(1, noise=1)) is VerdictKind.OK


def test_references_stay_in_use_where_that_is_asked_for(watched: Bench):
    """A camera that somebody swings between two aims: both are normal."""
    done = take(watched, incident(watched, REAIMED_VIEW), add=True)
    assert done.kept == 1
    assert any("moved" in finding.text for finding in done.findings), "a person decides, and is told"
    assert watched.verdict(300, view_of(1, noise=1)) is VerdictKind.OK
    assert watched.verdict(360, shifted(1, 20)) is VerdictKind.OK


@pytest.mark.parametrize("kind", VerdictKind)
def test_only_a_new_aim_replaces_by_itself(kind: VerdictKind):
    expected = kind.value.startswith(("moved", "flipped", "rotated", "mirrored", "different"))
    assert (kind in REAIMED) == expected


def test_a_frozen_view_accepted_keeps_its_references_beside_the_picture(watched: Bench):
    still = view_of(1, noise=1)
    for seconds in range(60, 600, 60):
        watched.check(seconds, still)
    (opened,) = watched.store.incidents.open()
    assert opened.cause is VerdictKind.FROZEN
    assert take(watched, opened.id).kept == 1


def test_replacing_can_be_asked_for(watched: Bench):
    still = view_of(1, noise=1)
    for seconds in range(60, 600, 60):
        watched.check(seconds, still)
    (opened,) = watched.store.incidents.open()
    assert take(watched, opened.id, add=False).kept == 0


def test_the_picture_of_an_incident_that_is_over_joins_the_references_that_fitted_again(watched: Bench):
    number = incident(watched, REAIMED_VIEW)
    for seconds in (300, 330):
        watched.check(seconds, view_of(1, noise=seconds % 250))
    assert watched.store.incidents.open() == []
    assert take(watched, number).kept == 1


def test_the_incident_ends_with_a_message_that_says_who_accepted(watched: Bench):
    number = incident(watched, REAIMED_VIEW)
    take(watched, number, comment="re-aimed at the new gate")
    ended = watched.store.incidents.get(number)
    assert ended.resolved_at == watched.clock.now()
    assert "re-aimed at the new gate" in ended.comment
    told = [row.alert for row in watched.store.deliveries.list() if row.alert.kind is AlertKind.RESOLVED]
    assert len(told) == 2
    assert told[0].headline == "Resolved: ada accepted what gate shows as the new normal"
    assert told[0].id == f"{number}-2"
    assert told[0].details["cause"] == "moved"


def test_the_end_is_as_urgent_as_the_incident_was(watched: Bench):
    for seconds in range(60, 600, 60):
        watched.check(seconds, view_of(1, noise=1))
    (opened,) = watched.store.incidents.open()
    take(watched, opened.id)
    told = [row.alert for row in watched.store.deliveries.list()]
    assert {alert.kind for alert in told} == {AlertKind.OPENED, AlertKind.RESOLVED}
    assert {alert.severity.value for alert in told} == {"critical"}


def test_accepting_settles_the_view(watched: Bench):
    take(watched, incident(watched, REAIMED_VIEW))
    watch = watched.store.load_watch(GATE)
    assert (watch.state.status, watch.open_incident) == (Status.OK, None)


def test_accepting_survives_a_restart(watched: Bench):
    number = incident(watched, REAIMED_VIEW)
    watched.restart()
    take(watched, number)
    watched.restart()
    assert watched.store.incidents.open() == []
    assert watched.verdict(300, shifted(1, 20)) is VerdictKind.OK


def test_an_incident_without_a_picture_cannot_be_accepted(watched: Bench):
    for seconds in range(60, 300, 30):
        watched.check(seconds, SourceTimeout("No frame."))
    (opened,) = watched.store.incidents.open()
    with pytest.raises(NothingToAccept, match=r"no picture \(offline\)") as caught:
        take(watched, opened.id)
    assert "monitor enroll gate" in caught.value.remedy
    assert watched.store.incidents.open() == [opened]


def test_a_picture_that_is_not_fit_is_refused_and_the_incident_stays_open(watched: Bench):
    number = incident(watched, REAIMED_VIEW)
    watched.encoder.quality = {"sharpness": 0.0}
    with pytest.raises(UnfitReference):
        take(watched, number)
    assert [opened.id for opened in watched.store.incidents.open()] == [number]
    done = take(watched, number, force=True)
    assert any(finding.severity is Severity.REFUSED for finding in done.findings)


def test_a_turned_picture_may_be_meant(watched: Bench):
    upside_down = turned(1, Orientation.ROTATED_180)
    take(watched, incident(watched, upside_down))
    assert watched.verdict(300, upside_down) is VerdictKind.OK
    assert watched.verdict(360, view_of(1, noise=1)) is VerdictKind.FLIPPED_180


def test_an_unknown_incident_is_refused(watched: Bench):
    with pytest.raises(UnknownIncident):
        take(watched, 99)
