"""A small store, and every figure of its report worked out by hand."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from monitor.domain.day import DayPose, ViewDay
from monitor.domain.displacement import Displacement
from monitor.domain.drift import Course
from monitor.domain.incident import Observation
from monitor.domain.report import Period, PeriodKind, Report, Tally, Waiting
from monitor.domain.state import Change, Status, Transition, ViewState
from monitor.domain.verdict import Verdict, VerdictKind
from monitor.domain.view import ViewKey, ViewSpec
from monitor.store import Store, open_store
from monitor.usecases.drift import drifts, sum_up_days
from monitor.usecases.report import make_report
from tests.store import builders

GATE, YARD, HALL, OLD = ViewKey("gate"), ViewKey("yard"), ViewKey("hall"), ViewKey("old")
SITES = {GATE: "north", YARD: "north", HALL: "south", OLD: "south"}
UNTIL = date(2026, 3, 9)
SINCE = date(2026, 3, 2)
NOW = datetime(2026, 3, 9, 3, 0, tzinfo=UTC)
WEEK = Period.before(PeriodKind.WEEK, UNTIL)
HALF_A_YEAR_S = 180 * 86_400.0


def moment(day: int, hour: float = 0.0) -> datetime:
    return datetime(2026, 3, day, tzinfo=UTC) + timedelta(hours=hour)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(f"sqlite:///{tmp_path / 'monitor.db'}", tmp_path / "images") as opened:
        opened.views.sync([ViewSpec(key, site=site) for key, site in SITES.items()], moment(1))
        yield opened


def check(
    key: ViewKey,
    at: datetime,
    kind: VerdictKind = VerdictKind.OK,
    change: Change | None = None,
    where: Displacement | None = None,
    reference_id: int | None = None,
) -> Observation:
    cause = None if kind is VerdictKind.OK else kind
    status = Status.ALERT if cause else Status.OK
    evidence: dict[str, float | str | None] = (
        {part: getattr(where, part) for part in ("dx", "dy", "roll_deg", "zoom")} if where else {}
    )
    return replace(
        builders.observation(0),
        key=key,
        slot=at,
        checked_at=at,
        verdict=Verdict(kind, 0.9, (), where, reference_id=reference_id, evidence=evidence),
        state=ViewState(status, at, cause),
        transition=None if change is None else Transition(change, Status.SUSPECT, status, cause, "so"),
    )


def record(store: Store, observation: Observation) -> int | None:
    incident = store.record(observation, (), builders.announce).incident
    return incident.id if incident else None


def trouble(store: Store, key: ViewKey, kind: VerdictKind, begin: datetime, end: datetime | None) -> int:
    number = record(store, check(key, begin, kind, Change.OPENED))
    assert number is not None
    if end is not None:
        record(store, check(key, end, VerdictKind.OK, Change.RECOVERED))
    return number


def enroll(store: Store, key: ViewKey, at: datetime) -> int:
    reference = replace(builders.reference(1, key=key, grids=False), created_at=at)
    store.gallery.add_version(key, [(reference, builders.JPEG)], reason="first", author="ada", now=at)
    return store.report_data.references(key)[key][0].reference_id


def report(store: Store, *sites: str) -> Report:
    return make_report(store, WEEK, NOW, sites=sites, recheck_after_s=HALF_A_YEAR_S)


def test_coverage_by_hand(store: Store):
    for key in (GATE, YARD, OLD):
        enroll(store, key, moment(1))
    # gate: two hours of 2 March, of four checks one without a picture; yard: last looked at on 3 March.
    for minute, kind in (
        (0, VerdictKind.OK),
        (10, VerdictKind.OFFLINE),
        (70, VerdictKind.DARK),
        (80, VerdictKind.OK),
    ):
        record(store, check(GATE, moment(2, 5) + timedelta(minutes=minute), kind))
    record(store, check(GATE, moment(9, 2)))  # after the week: counted as its last look, and nowhere else
    record(store, check(YARD, moment(3, 6)))
    assert sum_up_days(store, NOW) == 2

    seen = report(store).coverage
    assert (seen.checks, seen.usable_share) == (5, 4 / 5)
    assert (seen.hours_running, seen.hours) == (3, 7 * 24)
    assert {view.key: (view.checks, view.usable, view.hours) for view in seen.views} == {
        GATE: (4, 3, 2),
        YARD: (1, 1, 1),
        HALL: (0, 0, 0),
        OLD: (0, 0, 0),
    }
    assert [view.key for view in seen.never_checked] == [HALL, OLD]
    assert [view.key for view in seen.late] == [YARD]
    assert [view.key for view in seen.views if not view.is_enrolled] == [HALL]
    assert seen.checks_by_day[:2] == ((SINCE, 4, 3), (date(2026, 3, 3), 1, 1))
    assert len(seen.checks_by_day) == 7


def test_incidents_by_hand(store: Store):
    # Over before the week, and one that reaches from before it 12 h into it.
    trouble(store, GATE, VerdictKind.MOVED, moment(1, 1), moment(1, 2))
    trouble(store, HALL, VerdictKind.BLURRED, moment(1, 12), moment(2, 12))
    # Two of yard: one for 2 h, one for 4 h; one of gate that is still open after 24 h.
    first = trouble(store, YARD, VerdictKind.MOVED, moment(3, 0), moment(3, 2))
    trouble(store, YARD, VerdictKind.OFFLINE, moment(4, 0), moment(4, 4))
    open_one = trouble(store, GATE, VerdictKind.MOVED, moment(8, 0), None)
    store.incidents.acknowledge(open_one, "ada", "", moment(8, 1))
    store.labels.add(incident_id=first, right=False, true_cause=VerdictKind.OK, author="ada", now=NOW)
    store.labels.add(incident_id=open_one, right=True, author="ada", now=NOW)

    made = report(store)
    went = made.incidents
    assert (went.opened, went.resolved, went.still_open, went.parts) == (3, 3, 1, 0)
    assert went.by_cause == (
        Tally("moved", 2, 1, 26.0),
        Tally("offline", 1, 0, 4.0),
        Tally("blurred", 0, 0, 12.0),
    )
    assert went.by_site == (Tally("north", 3, 1, 30.0), Tally("south", 0, 0, 12.0))
    assert went.to_acknowledge == Waiting(1, 3600.0, 3600.0)
    # 24 h, 2 h and 4 h.
    assert went.to_repair == Waiting(3, 10 * 3600.0, 4 * 3600.0)
    assert [count for _, count in went.by_day] == [0, 1, 1, 0, 0, 0, 1]
    assert [(one.key, one.turns, one.hours) for one in made.offenders] == [
        (GATE, 1, 24.0),
        (HALL, 0, 12.0),
        (YARD, 2, 6.0),
    ]
    assert made.flapping == ()
    assert (made.labels.right, made.labels.wrong, made.labels.unlabelled) == (1, 1, 1)
    assert made.labels.true_causes == {VerdictKind.OK: 1}


def test_only_the_sites_asked_for_are_counted(store: Store):
    trouble(store, HALL, VerdictKind.MOVED, moment(3), None)
    trouble(store, YARD, VerdictKind.MOVED, moment(3), None)
    made = report(store, "south")
    assert [view.key for view in made.coverage.views] == [HALL, OLD]
    assert [tally.name for tally in made.incidents.by_site] == ["south"]
    assert [one.key for one in made.offenders] == [HALL]


def test_a_view_that_turns_bad_five_times_a_week_flaps(store: Store):
    for hour in range(5):
        trouble(store, YARD, VerdictKind.MOVED, moment(4, hour), moment(4, hour + 0.5))
    for hour in range(4):
        trouble(store, GATE, VerdictKind.MOVED, moment(4, hour), moment(4, hour + 0.5))
    assert [(one.key, one.turns) for one in report(store).flapping] == [(YARD, 5)]


def test_references_that_are_old_or_leave_checks_unsure_are_due(store: Store):
    enroll(store, OLD, NOW - timedelta(days=200))
    enroll(store, GATE, NOW - timedelta(days=10))
    enroll(store, YARD, NOW - timedelta(days=10))
    store.days.save(YARD, ViewDay(SINCE, 100, {VerdictKind.OK: 70, VerdictKind.UNSURE: 30}))
    store.days.save(GATE, ViewDay(SINCE, 100, {VerdictKind.OK: 90, VerdictKind.UNSURE: 10}))
    assert [(one.key, one.because) for one in report(store).rechecks] == [
        (OLD, ("The newest reference is 200 days old.",)),
        (YARD, ("30 % of the checks were unsure.",)),
    ]


def test_drift_counts_against_the_oldest_reference_in_use(store: Store):
    anchor = enroll(store, GATE, moment(1))
    for back in range(1, 31):
        drifted = DayPose(anchor, 100, 0.0002 * (31 - back))
        other = DayPose(anchor + 1, 100, 0.5)
        store.days.save(GATE, ViewDay(UNTIL - timedelta(days=back), 100, {}, 0, (drifted, other)))
    (line,) = report(store).drifts
    assert line.key == GATE
    assert line.drift.excess == pytest.approx(0.6)
    assert line.drift.forecast is not None
    # 1 % of the view at 0.02 % a day: after 50 days, of which 30 have passed.
    assert line.drift.forecast.on == UNTIL - timedelta(days=1) + timedelta(days=20)
    assert report(store).untold == 3
    (alone,) = drifts(store, [ViewSpec(GATE)], UNTIL)
    assert (alone.anchor_id, alone.drift) == (anchor, line.drift)
    assert drifts(store, [ViewSpec(HALL)], UNTIL)[0].drift.course is Course.UNTOLD


def test_days_are_caught_up_with_after_a_pause_and_summed_up_once(store: Store):
    anchor = enroll(store, GATE, moment(1))
    for day in (2, 3, 7):
        for minute in range(6):
            where = Displacement(0.001 * day)
            record(store, check(GATE, moment(day, minute / 60), where=where, reference_id=anchor))
    record(store, check(GATE, moment(9, 1)))  # today is not over
    assert sum_up_days(store, NOW) == 3
    assert sum_up_days(store, NOW) == 0
    days = store.days.series(SINCE, UNTIL)[GATE]
    assert [day.day.day for day in days] == [2, 3, 7]
    assert [round(day.poses[0].dx, 6) for day in days] == [0.002, 0.003, 0.007]


def test_a_day_is_left_alone_until_its_last_checks_are_in(store: Store):
    record(store, check(GATE, moment(8, 23.9)))
    assert sum_up_days(store, moment(9, 0.5)) == 0
    assert sum_up_days(store, moment(9, 1.0)) == 1


def test_the_summary_tells_the_most_important_figures(store: Store):
    trouble(store, YARD, VerdictKind.MOVED, moment(3), None)
    sum_up_days(store, NOW)
    assert report(store).summary == (
        "4 views, 1 checks, 100.0 % with a usable picture. 1 incidents opened, 0 ended, 1 still open. "
        "3 views never checked. 1 view not checked lately."
    )


def test_periods_are_whole_days():
    month = Period.before(PeriodKind.MONTH, date(2026, 3, 31))
    assert (month.since, month.until) == (date(2026, 2, 28), date(2026, 3, 31))
    assert Period.before(PeriodKind.MONTH, date(2026, 1, 1)).since == date(2025, 12, 1)
    day = Period.before(PeriodKind.DAY, date(2026, 3, 1))
    assert (day.days, day.describe()) == ((date(2026, 2, 28),), "2026-02-28")
    assert WEEK.describe() == "2026-03-02 to 2026-03-08"
