"""A report with something in every section."""

from datetime import UTC, date, datetime, timedelta

from monitor.domain.displacement import Displacement
from monitor.domain.drift import Pose, judge_drift
from monitor.domain.report import (
    Coverage,
    DriftLine,
    IncidentFigures,
    LabelFigures,
    LabelTally,
    Offender,
    Period,
    PeriodKind,
    Recheck,
    Report,
    Tally,
    ViewCoverage,
    Waiting,
)
from monitor.domain.report_facts import Undelivered
from monitor.domain.thresholds import Thresholds
from monitor.domain.verdict import VerdictKind
from monitor.domain.view import ViewKey

UNTIL = date(2026, 3, 9)
NOW = datetime(2026, 3, 9, 3, 0, tzinfo=UTC)
GATE, YARD = ViewKey("gate"), ViewKey("yard")
PERIOD = Period.before(PeriodKind.WEEK, UNTIL)
POSES = tuple(Pose(UNTIL - timedelta(days=30 - n), Displacement(0.0002 * n)) for n in range(30))


def report(site: str = "north") -> Report:
    """The sample; a site may be named as badly as anybody likes."""
    return Report(
        period=PERIOD,
        sites=(),
        made_at=NOW,
        coverage=Coverage(
            (
                ViewCoverage(GATE, site, 10_000, 9_800, 168, NOW, True, False),
                ViewCoverage(YARD, site, 0, 0, 0, None, False, False),
            ),
            168,
            168,
            tuple((day, 1400, 1390) for day in PERIOD.days),
        ),
        incidents=IncidentFigures(
            opened=3,
            resolved=2,
            still_open=1,
            parts=4,
            by_cause=(Tally("flipped_180", 3, 1, 26.5),),
            by_site=(Tally(site, 3, 1, 26.5),),
            by_day=tuple((day, 1) for day in PERIOD.days),
            to_acknowledge=Waiting(1, 600.0, 600.0),
            to_repair=Waiting(2, 36_000.0, 7_200.0),
        ),
        offenders=(Offender(GATE, site, 3, 26.5, (VerdictKind.FLIPPED_180,), True),),
        flapping=(Offender(GATE, site, 3, 26.5, (VerdictKind.FLIPPED_180,), True),),
        drifts=(
            DriftLine(
                GATE, site, judge_drift(POSES, Thresholds().tolerance), POSES, Thresholds().shift_tolerance
            ),
        ),
        untold=1,
        rechecks=(
            Recheck(YARD, site, NOW - timedelta(days=200), ("The newest reference is 200 days old.",)),
        ),
        labels=LabelFigures(1, (LabelTally(VerdictKind.MOVED, 3, 1),), {VerdictKind.OK: 1}),
        undelivered=(Undelivered("desk", "dead", 2, NOW),),
    )
