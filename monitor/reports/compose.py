"""A report laid out: which words and figures go where."""

from __future__ import annotations

import math

from monitor.domain.drift import Drift, Slope
from monitor.domain.report import DriftLine, Offender, Report, Tally, ViewCoverage
from monitor.reports.document import Bars, Column, Document, Line, Section, Table, Unit, bars, span_text

LISTED = 15
DRAWN_DRIFTS = 4
WELL_SEEN = 0.99
"""Views with this share of usable pictures, in this share of the hours in which the service ran, are not listed."""
# Of an unknown share, 95 % lie within so many standard errors.
_SURE = 1.96


def compose(report: Report) -> Document:
    """Lay a report out."""
    seen, went = report.coverage, report.incidents
    sites = ", ".join(report.sites) or "all sites"
    figures = (
        (f"{len(seen.views):,}", "views"),
        (_rounded(seen.checks), "checks"),
        ("–" if seen.usable_share is None else f"{seen.usable_share * 100:.1f} %", "with a usable picture"),
        (f"{went.opened:,}", "incidents opened"),
        (f"{went.still_open:,}", "still open"),
        (span_text(went.to_repair.mean_s), "mean time to repair"),
    )
    return Document(
        f"Camera views, {report.period.describe()}",
        f"{sites[:1].upper()}{sites[1:]} · made {report.made_at:%Y-%m-%d %H:%M} UTC · days are UTC days",
        figures,
        (
            _coverage(report),
            _incidents(report),
            _tallies("Incidents by cause", "cause", went.by_cause),
            _tallies("Incidents by site", "site", went.by_site),
            _offenders("Worst offenders", report.offenders, "No view had an incident of its own."),
            _offenders("Flapping", report.flapping, "No view turned bad again and again."),
            _drift(report),
            _rechecks(report),
            _labels(report),
            _deliveries(report),
        ),
    )


def _coverage(report: Report) -> Section:
    seen = report.coverage
    unenrolled = [view for view in seen.views if not view.is_enrolled]
    sentences = [
        f"The service ran in {seen.hours_running} of {seen.hours} hours, as far as checks tell.",
        *(
            f"{count} of {len(seen.views)} views {words}."
            for count, words in (
                (len(seen.never_checked), "were never checked"),
                (len(seen.late), "were not checked lately"),
                (len(unenrolled), "have no references, and are not watched"),
            )
            if count
        ),
    ]
    worst = sorted(seen.views, key=_badness)[:LISTED]
    rows = tuple(
        (
            str(view.key),
            view.site,
            view.checks,
            view.usable / view.checks if view.checks else None,
            view.hours / seen.hours,
            f"{view.last_checked_at:%Y-%m-%d %H:%M}" if view.last_checked_at else "never",
        )
        for view in worst
        if not view.is_enrolled
        or view.usable < WELL_SEEN * view.checks
        or view.hours < WELL_SEEN * seen.hours_running
        or not view.checks
    )
    charts: tuple[Bars, ...] = ()
    if len(seen.checks_by_day) > 1:
        shares = [
            (f"{day:%d.%m.}", usable / checks if checks else 0.0)
            for day, checks, usable in seen.checks_by_day
        ]
        charts = (bars("Share of checks with a usable picture, by day", shares),)
    columns = (
        Column("view"),
        Column("site"),
        Column("checks"),
        Column("usable", Unit.PERCENT),
        Column("hours covered", Unit.PERCENT),
        Column("last check"),
    )
    if not rows:
        sentences.append("Every view was seen well whenever the service ran.")
    return Section("Coverage", tuple(sentences), charts, Table(columns, rows) if rows else None)


def _badness(view: ViewCoverage) -> tuple[float, float, str]:
    """The worst first: never seen, then by the share of usable pictures, then by hours."""
    share = view.usable / view.checks if view.checks else -1.0
    return share, view.hours, str(view.key)


def _incidents(report: Report) -> Section:
    went = report.incidents
    sentences = [f"{went.opened} opened, {went.resolved} ended, {went.still_open} were open at the end."]
    if went.parts:
        sentences.append(
            f"{went.parts} more were part of another incident, such as a site event, and are counted with it."
        )
    for waiting, words in (
        (went.to_acknowledge, "until somebody took note"),
        (went.to_repair, "until it was over"),
    ):
        if waiting.count:
            sentences.append(
                f"{span_text(waiting.mean_s)} on average {words} "
                f"(median {span_text(waiting.median_s)}, {waiting.count} incidents)."
            )
    charts: tuple[Bars, ...] = ()
    if len(went.by_day) > 1 and went.opened:
        charts = (bars("Incidents opened, by day", [(f"{day:%d.%m.}", count) for day, count in went.by_day]),)
    return Section("Incidents", tuple(sentences), charts)


def _tallies(heading: str, name: str, tallies: tuple[Tally, ...]) -> Section:
    if not tallies:
        return Section(heading, ("None.",))
    columns = (Column(name), Column("opened"), Column("still open"), Column("time not normal", Unit.HOURS))
    rows = tuple(
        (
            tally.name.replace("_", " ") if name == "cause" else tally.name,
            tally.opened,
            tally.still_open,
            tally.hours,
        )
        for tally in tallies[:LISTED]
    )
    return Section(heading, _left_out(len(tallies)), table=Table(columns, rows))


def _offenders(heading: str, offenders: tuple[Offender, ...], none: str) -> Section:
    if not offenders:
        return Section(heading, (none,))
    columns = (
        Column("view"),
        Column("site"),
        Column("turned bad"),
        Column("time not normal", Unit.HOURS),
        Column("causes"),
    )
    rows = tuple(
        (
            str(one.key),
            one.site,
            one.turns,
            one.hours,
            ", ".join(cause.value.replace("_", " ") for cause in one.causes),
        )
        for one in offenders
    )
    return Section(heading, table=Table(columns, rows))


def _drift(report: Report) -> Section:
    sentences = [
        "Against the oldest reference in use.",
        "Seasons are not taken out: warmth that moves a mount in summer looks like drift, too.",
    ]
    if report.untold:
        sentences.append(f"{report.untold} views have too few days for a line.")
    if not report.drifts:
        return Section("Drift", (*sentences, "No view drifts."))
    columns = (
        Column("view"),
        Column("lies"),
        Column("of its tolerance", Unit.PERCENT),
        Column("moves in 30 days"),
        Column("leaves its tolerance"),
        Column("sudden change"),
    )
    rows = tuple(
        (
            str(line.key),
            line.drift.where.describe() if line.drift.where else "–",
            line.drift.excess,
            pace(line.drift),
            forecast(line.drift),
            step(line.drift),
        )
        for line in report.drifts[:LISTED]
    )
    charts = tuple(map(_curve, report.drifts[:DRAWN_DRIFTS]))
    return Section("Drift", (*sentences, *_left_out(len(report.drifts))), charts, Table(columns, rows))


def _curve(line: DriftLine) -> Line:
    first, last = line.poses[0].day, line.poses[-1].day
    points = tuple((float((pose.day - first).days), pose.displacement.shift_fov * 100) for pose in line.poses)
    title = f"{line.key}: distance from the reference, % of the view"
    return Line(title, (f"{first}", f"{last}"), points, (line.limit_fov * 100,))


def pace(drift: Drift) -> str:
    """How far a view moves in thirty days, in the directions that are told; finer than a single check can be."""

    def over(slope: Slope | None) -> float:
        return slope.middle * 30 if slope is not None and slope.is_told else 0.0

    dx, dy, roll_deg, zoom = map(over, (drift.dx, drift.dy, drift.roll_deg, drift.zoom))
    parts = [
        f"{abs(share) * 100:.2f} % {way}"
        for share, way in ((dx, "right" if dx > 0 else "left"), (dy, "down" if dy > 0 else "up"))
        if share
    ]
    if roll_deg:
        parts.append(f"{abs(roll_deg):.2f}° {'counter-clockwise' if roll_deg > 0 else 'clockwise'}")
    if zoom:
        parts.append(f"zoom {zoom * 100:+.2f} %")
    return ", ".join(parts) or "–"


def forecast(drift: Drift) -> str:
    """When a view leaves its tolerance, in words."""
    ahead = drift.forecast
    if ahead is None:
        return "–"
    if ahead.on is None:
        return (
            "not within a year"
            if ahead.earliest is None
            else f"not within a year, {ahead.earliest} at the earliest"
        )
    latest = f"{ahead.latest}" if ahead.latest else "later than a year"
    return f"{ahead.on} ({ahead.earliest} to {latest})"


def step(drift: Drift) -> str:
    """The last sudden change, in words."""
    if drift.stepped_on is None or drift.step is None:
        return "–"
    return f"{drift.stepped_on}: {drift.step.describe()}"


def _rechecks(report: Report) -> Section:
    if not report.rechecks:
        return Section("References to be looked at by a person", ("None is due.",))
    columns = (Column("view"), Column("site"), Column("newest reference"), Column("why"))
    rows = tuple(
        (str(one.key), one.site, f"{one.newest_at:%Y-%m-%d}", " ".join(one.because))
        for one in report.rechecks[:LISTED]
    )
    return Section(
        "References to be looked at by a person", _left_out(len(report.rechecks)), table=Table(columns, rows)
    )


def _labels(report: Report) -> Section:
    labels = report.labels
    judged = labels.right + labels.wrong
    if not judged:
        return Section("False alarms", (f"Nobody judged any of the {labels.unlabelled} incidents opened.",))
    low, high = wilson(labels.wrong, judged)
    share = f"{labels.wrong / judged * 100:.0f} % ({low * 100:.0f} to {high * 100:.0f} % at 95 %)"
    sentences = [
        f"{labels.wrong} of {judged} judged incidents were false alarms: {share}.",
        f"{labels.unlabelled} were not judged.",
    ]
    if labels.true_causes:
        told = ", ".join(
            f"{kind.value.replace('_', ' ')} {count}" for kind, count in labels.true_causes.items()
        )
        sentences.append(f"What they were instead: {told}.")
    columns = (Column("cause"), Column("right"), Column("wrong"))
    rows = tuple((tally.cause.value.replace("_", " "), tally.right, tally.wrong) for tally in labels.by_cause)
    return Section("False alarms", tuple(sentences), table=Table(columns, rows))


def _deliveries(report: Report) -> Section:
    if not report.undelivered:
        return Section("Alerts not delivered", ("None is held back or was given up.",))
    columns = (Column("notifier"), Column("status"), Column("alerts"), Column("oldest"))
    rows = tuple(
        (one.notifier, one.status, one.count, f"{one.oldest:%Y-%m-%d %H:%M}") for one in report.undelivered
    )
    return Section("Alerts not delivered", ("As of now, of all sites.",), table=Table(columns, rows))


def wilson(hits: int, count: int) -> tuple[float, float]:
    """95 % bounds of a share (Wilson's score interval)."""
    share = hits / count
    middle = share + _SURE**2 / (2 * count)
    reach = _SURE * math.sqrt(share * (1 - share) / count + _SURE**2 / (4 * count**2))
    scale = 1 + _SURE**2 / count
    return max(0.0, (middle - reach) / scale), min(1.0, (middle + reach) / scale)


def _rounded(count: int) -> str:
    """A count that may be very large, short enough for a tile."""
    return f"{count:,}" if count < 1_000_000 else f"{count / 1e6:,.1f} M"


def _left_out(count: int) -> tuple[str, ...]:
    return (f"The first {LISTED} of {count}.",) if count > LISTED else ()
