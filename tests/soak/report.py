"""What a soak has shown, as tables that can be put into docs/soak.md as they are."""

from __future__ import annotations

import csv
import sys
from collections import Counter
from dataclasses import asdict, fields
from pathlib import Path

from tests.soak.judging import Course, course
from tests.soak.sampling import Sample
from tests.soak.soak import Outcome

ALLOWANCES = {
    "daemon_rss_mb": ("memory of the daemon (RSS), MB", 8.0),
    "family_pss_mb": ("memory with all children (PSS), MB", 16.0),
    "daemon_fds": ("descriptors of the daemon", 6.0),
    "family_fds": ("descriptors with all children", 24.0),
    "daemon_threads": ("threads of the daemon", 3.0),
    "processes": ("processes", 4.0),
    "sockets": ("sockets", 12.0),
    "close_wait": ("sockets nobody has closed", 2.0),
    "zombies": ("zombies", 1.0),
}
"""What is judged, and how far each may wander."""
MOST_UNEXPLAINED = 0.001
"""Of all checks may have no frame though nothing was wrong: a killed grabber's camera, a machine that is too busy."""


def tell(outcome: Outcome, table: Path) -> int:
    """Say it, write the samples as CSV; 0 when all is well, else 1."""
    _write(outcome, table)
    courses = courses_of(outcome)
    telling, samples = outcome.telling, outcome.samples
    checks = samples[-1].checks if samples else 0
    lines = [
        "",
        "| resource | first third | second | last | most | an hour | verdict |",
        "|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {each.name} | {each.first:.0f} | {each.second:.0f} | {each.last:.0f} | {each.most:.0f} | "
        f"{each.growth_an_hour:+.1f} | {'GROWS' if each.leaks else 'level'} |"
        for each in courses
    ]
    kinds = ", ".join(f"{count} {kind}" for kind, count in outcome.cameras.items())
    late_s = max((sample.late_p95_s for sample in samples), default=0.0)
    told = ", ".join(f"{what} {count}" for what, count in sorted(telling.told.items()))
    events = Counter(fault.what for fault in outcome.faults if not fault.camera)
    lines += [
        "",
        f"{sum(outcome.cameras.values())} cameras ({kinds}) every {outcome.interval_s:g} s.",
        f"{outcome.seconds / 60:.1f} minutes, {checks:,} checks, late at most {late_s:.1f} s (95th percentile).",
        *(f"Left out: {kind}: {reason}" for kind, reason in outcome.left_out.items()),
        f"Faults told as what they were: {telling.told.total()} ({told}).",
        f"Besides: {', '.join(f'{what} {count}' for what, count in sorted(events.items())) or 'nothing'}.",
        f"Nobody looked during {len(telling.not_looked_at)} faults.",
    ]
    problems = problems_of(outcome, courses)
    lines += [f"PROBLEM: {problem}" for problem in problems] or ["No problem was found."]
    sys.stdout.write("\n".join(lines) + "\n")
    return 1 if problems else 0


def courses_of(outcome: Outcome) -> list[Course]:
    """How every resource went."""
    at_s = [sample.at_s for sample in outcome.samples]
    return [
        course(name, at_s, [float(getattr(sample, field)) for sample in outcome.samples], allowance)
        for field, (name, allowance) in ALLOWANCES.items()
        if len(at_s) >= 3
    ]


def problems_of(outcome: Outcome, courses: list[Course]) -> list[str]:
    """Everything that is not as it should be, in sentences."""
    telling = outcome.telling
    checks = outcome.samples[-1].checks if outcome.samples else 0
    found = [f"{each.name} grows: {each.second:.0f}, then {each.last:.0f}" for each in courses if each.leaks]
    found += [f"a fault was not told: {each}" for each in telling.untold]
    found += [f"not well at the end: {each}" for each in telling.not_well]
    if len(telling.unexplained) > MOST_UNEXPLAINED * checks:
        some = "; ".join(telling.unexplained[:5])
        found.append(f"{len(telling.unexplained)} checks had no frame, and nothing was wrong: {some}")
    if outcome.exit_code != 0:
        found.append(f"the daemon ended with {outcome.exit_code}")
    if outcome.left_behind:
        found.append(f"processes outlived the daemon: {', '.join(map(str, outcome.left_behind))}")
    found += [f"a secret was seen: {each}" for each in outcome.secrets_seen]
    found += [f"{count} errors in the log: {event}" for event, count in outcome.errors.items()]
    if outcome.samples and outcome.samples[-1].broken_down:
        found.append(f"{outcome.samples[-1].broken_down} checks broke down")
    return found


def _write(outcome: Outcome, table: Path) -> None:
    table.parent.mkdir(parents=True, exist_ok=True)
    with table.open("w", newline="") as file:
        writer = csv.DictWriter(file, [field.name for field in fields(Sample)])
        writer.writeheader()
        writer.writerows(asdict(sample) for sample in outcome.samples)
