"""What a report says: plain values, made by `monitor.domain.report_sums`, shown by `monitor.reports`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from monitor.domain.drift import Drift, Pose
from monitor.domain.report_facts import Undelivered
from monitor.domain.verdict import VerdictKind
from monitor.domain.view import ViewKey


class PeriodKind(StrEnum):
    """How much time a report is about."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"


@dataclass(frozen=True, slots=True)
class Period:
    """Whole days, from midnight to midnight UTC; `until` is the day after the last."""

    kind: PeriodKind
    since: date
    until: date

    @classmethod
    def before(cls, kind: PeriodKind, until: date) -> Period:
        """The day, the seven days or the calendar month before a day."""
        if kind is PeriodKind.MONTH:
            year, month = (until.year, until.month - 1) if until.month > 1 else (until.year - 1, 12)
            return cls(kind, _in_month(year, month, until.day), until)
        return cls(kind, date.fromordinal(until.toordinal() - (1 if kind is PeriodKind.DAY else 7)), until)

    @property
    def days(self) -> tuple[date, ...]:
        """Every day of it."""
        return tuple(date.fromordinal(n) for n in range(self.since.toordinal(), self.until.toordinal()))

    def describe(self) -> str:
        """For people: first and last day."""
        last = date.fromordinal(self.until.toordinal() - 1)
        return f"{self.since}" if last == self.since else f"{self.since} to {last}"


def _in_month(year: int, month: int, day: int) -> date:
    """The day of a month, or its last where the month is shorter."""
    while True:
        try:
            return date(year, month, day)
        except ValueError:
            day -= 1


@dataclass(frozen=True, slots=True)
class ViewCoverage:
    """How well one view was looked at.

    Attributes:
        key: Which.
        site: Where.
        checks: Checks recorded in the period.
        usable: Those with a usable picture.
        hours: Hours of the period with at least one check.
        last_checked_at: The newest check of all, or None before the first.
        is_enrolled: Whether it has references; without, it is not watched.
        is_late: Whether its last check is longer ago than it should be.
    """

    key: ViewKey
    site: str
    checks: int
    usable: int
    hours: int
    last_checked_at: datetime | None
    is_enrolled: bool
    is_late: bool


@dataclass(frozen=True, slots=True)
class Coverage:
    """How well the views were looked at.

    Attributes:
        views: Enabled views, by name.
        hours: Hours of the period.
        hours_running: Hours in which any view was checked: the daemon ran, as far as checks tell.
        checks_by_day: Checks and usable ones, by day.
    """

    views: tuple[ViewCoverage, ...]
    hours: int
    hours_running: int
    checks_by_day: tuple[tuple[date, int, int], ...]

    @property
    def checks(self) -> int:
        """All checks."""
        return sum(view.checks for view in self.views)

    @property
    def usable_share(self) -> float | None:
        """Share of checks with a usable picture, or None without checks."""
        return sum(view.usable for view in self.views) / self.checks if self.checks else None

    @property
    def never_checked(self) -> tuple[ViewCoverage, ...]:
        """Views that no check was ever recorded of."""
        return tuple(view for view in self.views if view.last_checked_at is None)

    @property
    def late(self) -> tuple[ViewCoverage, ...]:
        """Views that were checked once, but not lately."""
        return tuple(view for view in self.views if view.is_late and view.last_checked_at is not None)


@dataclass(frozen=True, slots=True)
class Tally:
    """Incidents of one cause or site: opened in the period, still open at its end, and hours not normal within it."""

    name: str
    opened: int
    still_open: int
    hours: float


@dataclass(frozen=True, slots=True)
class Waiting:
    """How long something took: how many, mean and median seconds; no figures where it never happened."""

    count: int = 0
    mean_s: float | None = None
    median_s: float | None = None


@dataclass(frozen=True, slots=True)
class IncidentFigures:
    """What went wrong. Incidents that are part of another one are counted in `parts` alone.

    Attributes:
        opened: Opened in the period.
        resolved: Ended in it.
        still_open: Open at its end.
        parts: Opened in it as part of another incident.
        by_cause: The most frequent first.
        by_site: Likewise.
        by_day: Opened, by day.
        to_acknowledge: Of those acknowledged in the period, since they were opened.
        to_repair: Of those that ended in the period, since they were opened.
    """

    opened: int
    resolved: int
    still_open: int
    parts: int
    by_cause: tuple[Tally, ...]
    by_site: tuple[Tally, ...]
    by_day: tuple[tuple[date, int], ...]
    to_acknowledge: Waiting
    to_repair: Waiting


@dataclass(frozen=True, slots=True)
class Offender:
    """A view with incidents of its own: how often it turned bad (reopenings included), and hours not normal."""

    key: ViewKey
    site: str
    turns: int
    hours: float
    causes: tuple[VerdictKind, ...]
    is_flapping: bool


@dataclass(frozen=True, slots=True)
class DriftLine:
    """A view that drifts, or stepped within the period."""

    key: ViewKey
    site: str
    drift: Drift
    poses: tuple[Pose, ...]
    limit_fov: float


@dataclass(frozen=True, slots=True)
class Recheck:
    """A view whose references a person should look at, and why."""

    key: ViewKey
    site: str
    newest_at: datetime
    because: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LabelTally:
    """What people said of incidents of one cause."""

    cause: VerdictKind
    right: int
    wrong: int


@dataclass(frozen=True, slots=True)
class LabelFigures:
    """False alarms, by the labels of the incidents opened in the period.

    Attributes:
        unlabelled: Nobody said anything.
        by_cause: Those that somebody judged; the most wrong first.
        true_causes: What wrong ones were instead, where that was said.
    """

    unlabelled: int
    by_cause: tuple[LabelTally, ...]
    true_causes: Mapping[VerdictKind, int]

    @property
    def right(self) -> int:
        """Incidents that were right."""
        return sum(tally.right for tally in self.by_cause)

    @property
    def wrong(self) -> int:
        """False alarms."""
        return sum(tally.wrong for tally in self.by_cause)


@dataclass(frozen=True, slots=True)
class Report:
    """One report.

    Attributes:
        period: What it is about.
        sites: The sites that it is about; empty for all.
        made_at: When it was made.
        coverage: How well the views were looked at.
        incidents: What went wrong.
        offenders: Views with the most hours not normal, the worst first.
        flapping: Views that turned bad again and again, the most restless first.
        drifts: Views that drift or stepped, the most urgent first.
        untold: Views without enough days for a judgement of their drift.
        rechecks: Views whose references are due for a person's look.
        labels: False alarms.
        undelivered: Deliveries held back or given up, of all sites.
    """

    period: Period
    sites: tuple[str, ...]
    made_at: datetime
    coverage: Coverage
    incidents: IncidentFigures
    offenders: tuple[Offender, ...]
    flapping: tuple[Offender, ...]
    drifts: tuple[DriftLine, ...]
    untold: int
    rechecks: tuple[Recheck, ...]
    labels: LabelFigures
    undelivered: tuple[Undelivered, ...]

    @property
    def summary(self) -> str:
        """A few sentences, for a message that the report goes with."""
        seen, went = self.coverage, self.incidents
        parts = [f"{len(seen.views)} views, {seen.checks} checks"]
        if seen.usable_share is not None:
            parts[0] += f", {seen.usable_share * 100:.1f} % with a usable picture"
        parts.append(f"{went.opened} incidents opened, {went.resolved} ended, {went.still_open} still open")
        for count, words in (
            (len(seen.never_checked), "never checked"),
            (len(seen.late), "not checked lately"),
            (len(self.flapping), "flapping"),
            (len(self.drifts), "drifting or stepped"),
            (len(self.rechecks), "with references to be looked at by a person"),
        ):
            if count:
                parts.append(f"{count} {'view' if count == 1 else 'views'} {words}")
        lost = sum(line.count for line in self.undelivered)
        if lost:
            parts.append(f"{lost} alerts not delivered")
        return ". ".join(parts) + "."
