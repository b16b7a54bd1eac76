"""The figures of a report, counted from facts; each rule is one function."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from statistics import fmean, median

from monitor.domain.day import ViewDay
from monitor.domain.drift import Course
from monitor.domain.fitness import inspect
from monitor.domain.report import (
    Coverage,
    DriftLine,
    IncidentFigures,
    LabelFigures,
    LabelTally,
    Offender,
    Period,
    Recheck,
    Tally,
    ViewCoverage,
    Waiting,
)
from monitor.domain.report_facts import IncidentFact, LabelFact, ReferenceFact
from monitor.domain.verdict import VerdictKind
from monitor.domain.view import ViewKey, ViewSpec

LATE_INTERVALS = 3
"""A view not looked at for so many intervals …"""
LATE_AT_LEAST_S = 86_400.0
"""… and at least this long was not looked at lately: a report is about days, not about minutes."""
FLAPPING_TURNS = 5
"""A view flaps that turned bad so often in a day or a week; in a longer period, in proportion."""
UNSURE_SHARE = 0.2
"""Where more checks than this stay unsure, the references tell too little."""
ENOUGH_FOR_SHARES = 50
LISTED = 15


def coverage_of(
    specs: Sequence[ViewSpec],
    days: Mapping[ViewKey, Sequence[ViewDay]],
    last_checked: Mapping[ViewKey, datetime | None],
    enrolled: Iterable[ViewKey],
    period: Period,
    now: datetime,
) -> Coverage:
    """How well enabled views were looked at."""
    with_references = set(enrolled)
    views = []
    by_day: dict[date, list[int]] = {day: [0, 0] for day in period.days}
    running: dict[date, int] = dict.fromkeys(by_day, 0)
    for spec in specs:
        mine = days.get(spec.key, ())
        for day in mine:
            by_day[day.day][0] += day.checks
            by_day[day.day][1] += day.usable
            running[day.day] |= day.hours
        last = last_checked.get(spec.key)
        wait_s = max(LATE_AT_LEAST_S, LATE_INTERVALS * spec.interval_s)
        views.append(
            ViewCoverage(
                spec.key,
                spec.site,
                sum(day.checks for day in mine),
                sum(day.usable for day in mine),
                sum(day.hours.bit_count() for day in mine),
                last,
                spec.key in with_references,
                last is not None and (now - last).total_seconds() > wait_s,
            )
        )
    return Coverage(
        tuple(views),
        24 * len(by_day),
        sum(mask.bit_count() for mask in running.values()),
        tuple((day, all_of_them, usable) for day, (all_of_them, usable) in by_day.items()),
    )


def incident_figures(facts: Sequence[IncidentFact], period: Period) -> IncidentFigures:
    """What went wrong, from every incident that was open at any time in the period."""
    begin, end = bounds(period)
    own = [fact for fact in facts if not fact.is_part]
    opened = [fact for fact in own if begin <= fact.opened_at < end]
    resolved = [fact for fact in own if fact.resolved_at is not None and begin <= fact.resolved_at < end]
    per_day = Counter(fact.opened_at.astimezone(UTC).date() for fact in opened)
    return IncidentFigures(
        opened=len(opened),
        resolved=len(resolved),
        still_open=sum(_is_open_at(fact, end) for fact in own),
        parts=sum(fact.is_part and begin <= fact.opened_at < end for fact in facts),
        by_cause=_tallies(own, period, lambda fact: fact.cause.value),
        by_site=_tallies(own, period, lambda fact: fact.site),
        by_day=tuple((day, per_day[day]) for day in period.days),
        to_acknowledge=_waiting(
            (fact.acknowledged_at - fact.opened_at).total_seconds()
            for fact in own
            if fact.acknowledged_at is not None and begin <= fact.acknowledged_at < end
        ),
        to_repair=_waiting(
            (fact.resolved_at - fact.opened_at).total_seconds() for fact in resolved if fact.resolved_at
        ),
    )


def offenders_of(facts: Sequence[IncidentFact], period: Period) -> tuple[Offender, ...]:
    """Views with incidents of their own, the most hours not normal first.

    Parts of others are left out: a view whose whole site changed is no offender.
    """
    begin, end = bounds(period)
    of_view: dict[ViewKey, list[IncidentFact]] = defaultdict(list)
    for fact in facts:
        if fact.is_of_view and not fact.is_part:
            of_view[fact.key].append(fact)
    found = []
    for key, mine in of_view.items():
        # How often one was taken up again is not kept by day; those of its whole life count where it began.
        turns = sum(1 + fact.reopened for fact in mine if begin <= fact.opened_at < end)
        causes = Counter(fact.cause for fact in mine)
        found.append(
            Offender(
                key,
                mine[0].site,
                turns,
                sum(hours_within(fact, period) for fact in mine),
                tuple(cause for cause, _ in causes.most_common()),
                turns >= max(FLAPPING_TURNS, len(period.days) * FLAPPING_TURNS / 7),
            )
        )
    return tuple(sorted(found, key=lambda one: (-one.hours, -one.turns, one.key)))


def rechecks_of(
    specs: Sequence[ViewSpec],
    references: Mapping[ViewKey, Sequence[ReferenceFact]],
    days: Mapping[ViewKey, Sequence[ViewDay]],
    now: datetime,
    recheck_after_s: float,
) -> tuple[Recheck, ...]:
    """Views whose references are old or weak, the oldest first."""
    found = []
    for spec in specs:
        mine = references.get(spec.key, ())
        if not mine:
            continue
        newest = max(reference.created_at for reference in mine)
        because = []
        age_s = (now - newest).total_seconds()
        if age_s > recheck_after_s:
            because.append(f"The newest reference is {age_s / 86_400:.0f} days old.")
        because += _weaknesses(mine, days.get(spec.key, ()))
        if because:
            found.append(Recheck(spec.key, spec.site, newest, tuple(because)))
    return tuple(sorted(found, key=lambda one: (one.newest_at, one.key)))


def label_figures(
    facts: Sequence[IncidentFact], said: Mapping[int, LabelFact], period: Period
) -> LabelFigures:
    """False alarms among the incidents opened in the period."""
    begin, end = bounds(period)
    opened = [fact for fact in facts if begin <= fact.opened_at < end]
    counts: dict[VerdictKind, list[int]] = defaultdict(lambda: [0, 0])
    true_causes: Counter[VerdictKind] = Counter()
    for fact in opened:
        label = said.get(fact.id)
        if label is None:
            continue
        counts[fact.cause][0 if label.right else 1] += 1
        if not label.right and label.true_cause is not None:
            true_causes[label.true_cause] += 1
    tallies = [LabelTally(cause, right, wrong) for cause, (right, wrong) in counts.items()]
    return LabelFigures(
        sum(fact.id not in said for fact in opened),
        tuple(sorted(tallies, key=lambda tally: (-tally.wrong, -tally.right, tally.cause))),
        dict(sorted(true_causes.items())),
    )


def worth_telling(lines: Iterable[DriftLine], period: Period) -> tuple[DriftLine, ...]:
    """Views that drift, or stepped in the period: those that leave their tolerance first, first."""

    def urgency(line: DriftLine) -> tuple[date, float, ViewKey]:
        ahead = line.drift.forecast
        return (ahead.on if ahead and ahead.on else date.max, -line.drift.excess, line.key)

    told = [
        line
        for line in lines
        if line.drift.course is Course.DRIFTING
        or (line.drift.stepped_on is not None and period.since <= line.drift.stepped_on < period.until)
    ]
    return tuple(sorted(told, key=urgency))


def bounds(period: Period) -> tuple[datetime, datetime]:
    """The moments at which a period begins and ends, aware UTC."""
    return datetime.combine(period.since, time(), UTC), datetime.combine(period.until, time(), UTC)


def hours_within(fact: IncidentFact, period: Period) -> float:
    """Hours of the period in which an incident was open."""
    begin, end = bounds(period)
    span = min(fact.resolved_at or end, end) - max(fact.opened_at, begin)
    return max(span, timedelta()).total_seconds() / 3600


def _is_open_at(fact: IncidentFact, moment: datetime) -> bool:
    return fact.opened_at < moment and (fact.resolved_at is None or fact.resolved_at >= moment)


def _tallies(
    facts: Sequence[IncidentFact], period: Period, name_of: Callable[[IncidentFact], str]
) -> tuple[Tally, ...]:
    begin, end = bounds(period)
    groups: dict[str, list[IncidentFact]] = defaultdict(list)
    for fact in facts:
        groups[name_of(fact)].append(fact)
    tallies = [
        Tally(
            name,
            sum(begin <= fact.opened_at < end for fact in group),
            sum(_is_open_at(fact, end) for fact in group),
            sum(hours_within(fact, period) for fact in group),
        )
        for name, group in groups.items()
    ]
    return tuple(sorted(tallies, key=lambda tally: (-tally.opened, -tally.hours, tally.name)))


def _waiting(seconds: Iterable[float]) -> Waiting:
    # A clock that was set back must not make repairs end before they began.
    values = [max(0.0, value) for value in seconds]
    return Waiting(len(values), fmean(values), median(values)) if values else Waiting()


def _weaknesses(references: Sequence[ReferenceFact], days: Sequence[ViewDay]) -> list[str]:
    """What the best of the pictures lacks, and whether checks against them stay unsure."""
    texts = [
        [finding.text for finding in inspect(reference.quality)]
        for reference in references
        if reference.quality is not None
    ]
    found = min(texts, key=len) if texts else []
    checks = sum(day.checks for day in days)
    unsure = sum(day.kinds.get(VerdictKind.UNSURE, 0) for day in days)
    if checks >= ENOUGH_FOR_SHARES and unsure > UNSURE_SHARE * checks:
        found = [*found, f"{unsure / checks * 100:.0f} % of the checks were unsure."]
    return found
