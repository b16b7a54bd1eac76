from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import insert

from monitor.domain.day import DayPose, ViewDay
from monitor.domain.displacement import Displacement
from monitor.domain.errors import UnknownView
from monitor.domain.incident import Observation
from monitor.domain.report_facts import LabelFact, ReferenceFact, Undelivered
from monitor.domain.verdict import Verdict, VerdictKind
from monitor.domain.view import ViewKey
from monitor.store import Store
from monitor.store.tables import deliveries
from tests.store import builders
from tests.store.builders import KEY, NOW, announce, told

DAY = NOW.date()
POSE = DayPose(7, 12, 0.001, -0.002, 0.1, 1.001, 0.0001, 0.0002, 0.01, 0.0003)


def seen(at: datetime, displacement: Displacement | None, *, locked: bool = True) -> Observation:
    """A check at a time, with a displacement that the alignment or only the network measured."""
    evidence: dict[str, float | str | None] = {}
    if displacement is not None:
        parts = ("dx", "dy", "roll_deg", "zoom")
        evidence = {part: getattr(displacement, part) + (0.0 if locked else 0.5) for part in parts}
    verdict = Verdict(VerdictKind.OK, 0.9, (), displacement, reference_id=7, evidence=evidence)
    return replace(builders.observation(0), slot=at, verdict=verdict)


def test_a_day_is_kept_as_it_was_summed_up(store: Store):
    day = ViewDay(DAY, 14, {VerdictKind.OK: 12, VerdictKind.OFFLINE: 2}, 0b101, (POSE,))
    store.days.save(KEY, ViewDay(DAY, 1))
    store.days.save(KEY, day)
    assert store.days.series(DAY, DAY + timedelta(days=1)) == {KEY: [day]}
    assert store.days.series(DAY, DAY) == {}
    assert store.days.last() == {KEY: DAY}
    assert store.days.series(DAY, DAY + timedelta(days=1), ViewKey("other")) == {}


def test_days_come_oldest_first_and_may_be_forgotten(store: Store):
    for back in (0, 2, 1):
        store.days.save(KEY, ViewDay(DAY - timedelta(days=back), back))
    assert [day.checks for day in store.days.series(date(2000, 1, 1), date(2100, 1, 1))[KEY]] == [2, 1, 0]
    assert store.days.forget(DAY) == 2
    assert store.days.last() == {KEY: DAY}


def test_the_checks_of_a_day_are_those_from_midnight_to_midnight_utc(store: Store):
    midnight = datetime(2026, 3, 4, tzinfo=UTC)
    for at in (midnight - timedelta(seconds=1), midnight, midnight + timedelta(hours=23, minutes=59)):
        store.record(seen(at, Displacement(0.001)), (), announce)
    assert [check.at.hour for check in store.days.checks(KEY, midnight.date())] == [0, 23]


def test_only_displacements_of_an_alignment_that_held_are_taken(store: Store):
    where = Displacement(0.001, 0.002, 0.1, 1.001)
    store.record(seen(NOW, where), (), announce)
    store.record(seen(NOW + timedelta(seconds=60), where, locked=False), (), announce)
    store.record(seen(NOW + timedelta(seconds=120), None), (), announce)
    measured = [(check.kind, check.reference_id, check.displacement) for check in store.days.checks(KEY, DAY)]
    assert measured == [
        (VerdictKind.OK, 7, where),
        (VerdictKind.OK, 7, None),
        (VerdictKind.OK, 7, None),
    ]


def test_the_next_day_with_checks_passes_over_days_without(store: Store):
    for back in (5, 2):
        store.record(seen(NOW - timedelta(days=back), None), (), announce)
    first, second = DAY - timedelta(days=5), DAY - timedelta(days=2)
    assert store.days.next_with_checks(KEY, None, DAY) == first
    assert store.days.next_with_checks(KEY, first, DAY) == second
    assert store.days.next_with_checks(KEY, second, DAY) is None
    assert store.days.next_with_checks(KEY, None, first) is None
    with pytest.raises(UnknownView):
        store.days.next_with_checks(ViewKey("other"), None, DAY)


def test_incidents_of_a_period_are_those_open_at_any_time_in_it(store: Store):
    first = store.record(builders.opened(0), told(), announce).incident
    store.record(builders.recovered(3600), told(), announce)
    assert first is not None
    find = store.report_data.incidents

    def ids(since_s: float, until_s: float) -> list[int]:
        return [fact.id for fact in find(builders.at(since_s), builders.at(until_s))]

    assert ids(-100, 100) == ids(1000, 1100) == ids(3500, 9000) == [first.id]
    assert ids(-100, -50) == ids(9000, 9100) == []
    (fact,) = find(NOW - timedelta(days=1), NOW + timedelta(days=1))
    assert (fact.key, fact.site, fact.cause, fact.is_part, fact.reopened) == (
        KEY,
        builders.spec().site,
        VerdictKind.FLIPPED_180,
        False,
        0,
    )
    assert fact.resolved_at is not None


def test_references_are_the_active_ones_with_their_quality_when_asked(store: Store):
    store.gallery.add_version(
        KEY, [(builders.reference(0, grids=False), builders.JPEG)], reason="first", author="ada", now=NOW
    )
    (plain,) = store.report_data.references()[KEY]
    (measured,) = store.report_data.references(KEY, qualities=True)[KEY]
    assert plain == ReferenceFact(plain.reference_id, NOW)
    assert measured.quality == builders.reference(0).upright.quality
    assert store.report_data.references(ViewKey("other")) == {}


def test_the_newest_label_of_an_incident_counts(store: Store):
    incident = store.record(builders.opened(0), told(), announce).incident
    assert incident is not None
    store.labels.add(incident_id=incident.id, right=True, author="ada", now=NOW)
    store.labels.add(incident_id=incident.id, right=False, true_cause=VerdictKind.OK, author="bob", now=NOW)
    assert store.report_data.labels([incident.id, 999]) == {incident.id: LabelFact(False, VerdictKind.OK)}
    assert store.report_data.labels([]) == {}


def test_what_did_not_arrive_is_counted_by_notifier(store: Store):
    incident = store.record(builders.opened(0), told(), announce).incident
    assert incident is not None
    rows = [
        {
            "id": f"{status}-{number}",
            "notifier": "desk",
            "incident_id": incident.id,
            "sequence": 10 * number + index,
            "alert": {},
            "status": status,
            "attempts": 0,
            "next_attempt_at": NOW,
            "created_at": builders.at(number),
            "detail": "",
            "fence": 0,
        }
        for index, (status, count) in enumerate((("dead", 2), ("held", 1), ("delivered", 3)))
        for number in range(count)
    ]
    with store._database.write() as connection:
        connection.execute(insert(deliveries), rows)
    assert store.report_data.undelivered() == [
        Undelivered("desk", "dead", 2, NOW),
        Undelivered("desk", "held", 1, NOW),
    ]


def test_steps_of_reports_are_noted_once_a_period(store: Store):
    assert not store.report_runs.has_any("weekly")
    store.report_runs.note("weekly", NOW, "first", NOW)
    store.report_runs.note("weekly", NOW, "second", NOW)
    store.report_runs.note("weekly>desk", NOW, "sent", NOW)
    assert store.report_runs.done(NOW) == {"weekly": "second", "weekly>desk": "sent"}
    assert store.report_runs.done(NOW + timedelta(days=7)) == {}
    assert store.report_runs.has_any("weekly")
