"""Gathering what a report says."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from monitor.domain.drift import WINDOW_DAYS, Course
from monitor.domain.report import DriftLine, Period, Report
from monitor.domain.report_sums import (
    LISTED,
    bounds,
    coverage_of,
    incident_figures,
    label_figures,
    offenders_of,
    rechecks_of,
    worth_telling,
)
from monitor.store import Store
from monitor.usecases.drift import drift_of


def make_report(
    store: Store, period: Period, now: datetime, *, sites: Sequence[str] = (), recheck_after_s: float
) -> Report:
    """Gather a report, from days summed up and from a few queries over all views.

    Checks count by the days that `sum_up_days` has summed up: days that are not over are left out.

    Args:
        store: Where from.
        period: What it is to be about.
        now: When it is made.
        sites: Only views of these sites; of all where there are none.
        recheck_after_s: The age at which references are due for a person's look.
    """
    rows = [row for row in store.views.all() if row.enabled and (not sites or row.spec.site in sites)]
    specs = [row.spec for row in rows]
    begin, end = bounds(period)
    all_days = store.days.series(min(period.since, period.until - timedelta(days=WINDOW_DAYS)), period.until)
    days = {key: [day for day in mine if day.day >= period.since] for key, mine in all_days.items()}
    references = store.report_data.references(qualities=True)
    facts = [fact for fact in store.report_data.incidents(begin, end) if not sites or fact.site in sites]
    offenders = offenders_of(facts, period)
    drifted = []
    for spec in specs:
        mine = references.get(spec.key)
        found = drift_of(spec, mine[0].reference_id if mine else None, all_days)
        drifted.append(
            DriftLine(spec.key, spec.site, found.drift, found.poses, spec.thresholds.tolerance.shift_fov)
        )
    return Report(
        period=period,
        sites=tuple(sites),
        made_at=now,
        coverage=coverage_of(
            specs, days, {row.spec.key: row.last_checked_at for row in rows}, references, period, now
        ),
        incidents=incident_figures(facts, period),
        offenders=offenders[:LISTED],
        flapping=tuple(
            sorted((one for one in offenders if one.is_flapping), key=lambda one: -one.turns)[:LISTED]
        ),
        drifts=worth_telling(drifted, period),
        untold=sum(line.drift.course is Course.UNTOLD for line in drifted),
        rechecks=rechecks_of(specs, references, days, now, recheck_after_s),
        labels=label_figures(facts, store.report_data.labels([fact.id for fact in facts]), period),
        undelivered=tuple(store.report_data.undelivered()),
    )
