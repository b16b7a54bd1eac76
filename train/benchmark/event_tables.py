"""What a replay of recordings found, for the report: false episodes with exact bounds, faults found, and when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from statistics import median
from typing import TypeVar

from scipy import stats

from train.benchmark.event_cases import Events, FaultCase, UntouchedSeries
from train.benchmark.series import Spacing
from train.benchmark.tables import Cell, Table
from train.metrics.bounds import smallest_share

Found = TypeVar("Found", UntouchedSeries, FaultCase)
MONTH_DAYS = 30.0
CONFIDENCE = 0.95
SOON_CHECKS = 3
"""At the default interval and policy a move or a flip can be reported at the second check, a cover at the third."""


def most_events(events: int, confidence: float = CONFIDENCE) -> float:
    """One-sided exact upper bound of a Poisson mean: the largest that would give so few events once in twenty times.

    Garwood, Fiducial limits for the Poisson distribution, 1936.
    """
    return float(stats.chi2.ppf(confidence, 2 * (events + 1)) / 2)


def as_markdown(events: Events) -> str:
    """The report's part: method, exposure, false episodes, faults found, and every failure by name."""
    return "\n\n".join(
        [
            _what_was_done(events),
            _why_spaced_so(events.rules.spacings[0]),
            false_episodes(events).markdown(),
            f"Upper bounds: exact Poisson, one-sided, {CONFIDENCE:.0%}.",
            faults_found(events).markdown(),
            _how_counted(),
            *_lists(events),
        ]
    )


def _what_was_done(events: Events) -> str:
    rules = events.rules
    first = "picture is" if rules.first_references == 1 else f"{rules.first_references} pictures are"
    lights = " and the first of each other light that the manifest names" if rules.other_lights else ""
    return (
        f"`{events.method}`, {len({one.camera for one in events.untouched})} cameras. Enrolled: the first fit {first} "
        f"a reference{lights}; none of these is checked. State machine: {rules.policy.open_checks} of "
        f"{rules.policy.window} checks and the minimum durations of a view's policy. All frames are seen through a "
        "window of their middle part, so that a moved one has real content at its border. A fault lasts from the "
        "middle of the recording to its end, or is taken back half-way. Only fresh edges count: an incident that was "
        "open before finds nothing."
    )


def _why_spaced_so(main: Spacing) -> str:
    fixed = (
        f"*{Spacing.FIXED.value}*: durations bind as they do in service, and cameras without recorded times take part. "
        "It is harder than real minutes, for light, weather and traffic change by as much as they did between the "
        "recorded frames; its exposure is short, and so the bound on false episodes is wide."
    )
    recorded = (
        f"*{Spacing.RECORDED.value}*: the exposure counts in days, but checks are minutes to days apart: every "
        "duration is exceeded at once, and a service would have made many more checks meanwhile."
    )
    return f"Main reading: {main.value}. {fixed} {recorded}"


def _how_counted() -> str:
    return (
        f"Lower bounds: exact, one-sided, {CONFIDENCE:.0%}, with cameras as trials. Checks are counted from the first "
        "with the fault (1), or the first after its end (1). Recovery is asked where an incident was open at the end "
        "of the fault."
    )


def false_episodes(events: Events) -> Table:
    """Incidents opened on untouched recordings, by spacing, with and without the doubtful cameras."""
    rows: list[tuple[Cell, ...]] = []
    for spacing in events.rules.spacings:
        of_spacing = [one for one in events.untouched if one.spacing is spacing]
        for label, some in _with_and_without(of_spacing):
            checks = sum(one.checks for one in some)
            days = sum(one.exposure_days for one in some)
            opened = sum(len(one.incidents) for one in some)
            if not days:
                continue
            rows.append(
                (
                    spacing.value,
                    label,
                    len(some),
                    checks,
                    f"{days:.2f}",
                    opened,
                    _rate(opened / days * MONTH_DAYS),
                    f"≤ {_rate(most_events(opened) / days * MONTH_DAYS)}",
                    f"≤ {_rate(most_events(opened) / checks * 1000)}",
                )
            )
    return Table(
        (
            "spacing",
            "cameras",
            "number",
            "checks",
            "camera-days",
            "false episodes",
            "per camera-month",
            "95 % bound",
            "per 1,000 checks, bound",
        ),
        tuple(rows),
    )


def faults_found(events: Events) -> Table:
    """Fresh edges of the right cause by fault and spacing, how soon, and recoveries."""
    rows: list[tuple[Cell, ...]] = []
    for spacing in events.rules.spacings:
        for fault in events.rules.faults:
            here = [one for one in events.cases if one.spacing is spacing and one.fault == fault.name]
            for label, some in _with_and_without(here):
                lasting = [one for one in some if not one.taken_back]
                if lasting:
                    rows.append((spacing.value, fault.name, label, *_found(lasting), *_recovered(some)))
    return Table(
        (
            "spacing",
            "fault",
            "cameras",
            "named right",
            "bound",
            f"by check {SOON_CHECKS}",
            "at check, median (last)",
            "only under another name",
            "recovered",
            "at check, median (last)",
        ),
        tuple(rows),
    )


def untouched_rows(events: Events) -> Table:
    """One row a camera and spacing, for the CSV."""
    names = (
        "method",
        "camera",
        "spacing",
        "doubtful",
        "references",
        "checks",
        "exposure_days",
        "false_episodes",
        "causes",
        "cause_changes",
        "alert_checks",
        "verdicts",
    )
    return Table(
        names,
        tuple(
            (
                events.method,
                one.camera,
                one.spacing.value,
                int(one.doubtful),
                one.references,
                one.checks,
                round(one.exposure_days, 5),
                len(one.incidents),
                " ".join(f"{cause.value}@{check}" for check, cause in one.incidents),
                one.cause_changes,
                one.alert_checks,
                " ".join(f"{kind.value}:{count}" for kind, count in sorted(one.verdicts.items())),
            )
            for one in events.untouched
        ),
    )


def case_rows(events: Events) -> Table:
    """One row a camera, spacing, fault and variant, for the CSV."""
    names = tuple(field.name for field in fields(FaultCase))
    return Table(
        ("method", *names),
        tuple((events.method, *(_cell(getattr(case, name)) for name in names)) for case in events.cases),
    )


def _cell(value: object) -> Cell:
    if isinstance(value, tuple):
        return " ".join(str(part) for part in value)
    if isinstance(value, bool):
        return int(value)
    return value if value is None or isinstance(value, int | float) else str(value)


def _with_and_without(some: Sequence[Found]) -> list[tuple[str, Sequence[Found]]]:
    sure = [one for one in some if not one.doubtful]
    return [("all", some)] if len(sure) == len(some) else [("all", some), ("without the doubtful", sure)]


def _found(cases: Sequence[FaultCase]) -> tuple[Cell, ...]:
    at = [case.found_at for case in cases if case.found_at is not None]
    soon = sum(check <= SOON_CHECKS for check in at)
    misnamed = sum(case.found_at is None and bool(case.other_causes) for case in cases)
    return (
        f"{len(at)} of {len(cases)}",
        f"≥ {smallest_share(len(at), len(cases), CONFIDENCE) * 100:.0f} %",
        f"{soon} of {len(cases)}",
        f"{median(at):g} ({max(at)})" if at else None,
        misnamed,
    )


def _recovered(cases: Sequence[FaultCase]) -> tuple[Cell, ...]:
    asked = [case for case in cases if case.taken_back and case.open_at_end]
    at = [case.recovered_at for case in asked if case.recovered_at is not None]
    return f"{len(at)} of {len(asked)}", f"{median(at):g} ({max(at)})" if at else None


def _rate(value: float) -> str:
    """Two digits that mean something, and no powers of ten."""
    return f"{value:.0f}" if value >= 10 else f"{value:.2g}"


def _lists(events: Events) -> list[str]:
    main = events.rules.spacings[0]
    wrong = [
        f"- `{one.camera}`, check {check + 1} of {one.checks}: {cause.value}"
        for one in events.untouched
        if one.spacing is main
        for check, cause in one.incidents
    ]
    missed = [
        f"- `{case.camera}`, {case.fault}: {_fate(case)}"
        for case in events.cases
        if case.spacing is main and not case.taken_back and case.found_at is None
    ]
    doubtful = [
        f"- `{camera}`: {reason}"
        for camera, reason in events.rules.doubtful.items()
        if any(one.camera == camera for one in events.untouched)
    ]
    left_out = [f"- `{camera}`: {reason}" for camera, reason in events.left_out.items()]
    titled = (
        (f"False episodes ({main.value}):", wrong),
        (f"Not named right ({main.value}, to the end):", missed),
        ("Doubtful labels:", doubtful),
        ("Left out:", left_out),
    )
    return [f"{title}\n\n" + "\n".join(lines) for title, lines in titled if lines]


def _fate(case: FaultCase) -> str:
    if case.other_causes:
        return f"reported as {', '.join(dict.fromkeys(cause.value for cause in case.other_causes))}"
    if case.open_before is not None:
        return f"an incident ({case.open_before.value}) was open before"
    return f"nothing reported in {case.checks} checks"
