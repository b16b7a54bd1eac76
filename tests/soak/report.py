"""What a soak has shown, as tables that can be put into docs/soak.md as they are."""

from __future__ import annotations

import csv
import sys
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, fields
from pathlib import Path

from tests.soak.ages import by_age
from tests.soak.judging import Course, course
from tests.soak.sampling import GRABBER, Member, Sample
from tests.soak.soak import SAMPLE_S, Outcome

ALLOWANCES = {
    "daemon_anon_mb": ("memory of the daemon (RSS, what is no file's), MB", 8.0),
    "daemon_own_fds": ("descriptors of the daemon, but for those of grabbers", 6.0),
    "daemon_threads": ("threads of the daemon", 3.0),
    "server_mb": ("memory of the server that forks, its own, MB", 4.0),
    "server_own_fds": ("its descriptors, but for those of grabbers", 3.0),
    "grabber_mb": ("memory of a grabber, its own, mean, MB", 3.0),
    "grabber_most_mb": ("… of the largest, MB", 12.0),
    "grabber_fds": ("descriptors of a grabber, mean", 2.0),
    "grabber_most_fds": ("… of the one with most", 6.0),
    "grabber_threads": ("threads of a grabber, mean", 1.0),
    "programs": ("programs that grabbers run", 4.0),
    "close_wait": ("sockets nobody has closed", 2.0),
    "zombies": ("zombies", 1.0),
}
"""What is judged, and how far each may wander."""
SHOWN = {
    "grabbers": "grabbers",
    "daemon_rss_mb": "memory of the daemon (RSS), MB",
    "family_pss_mb": "memory with all children (PSS), MB",
    "family_fds": "descriptors with all children",
    "processes": "processes",
    "sockets": "sockets",
}
"""What goes by the number of grabbers: shown; that number has a limit of its own."""
GRABBER_MB = 8.0
"""So far the memory of one grabber may wander after it has met its kinds of cameras."""
GRABBER_AGE_MB = 3.0
"""The same for the mean of all grabbers of an age, which wanders less."""
BY_AGE = "memory of a grabber by its age, MB"
FEWEST_AGES = 30
"""With fewer samples in a life nothing is said about ages."""
GRABBER_SAMPLES = 60
"""Grabbers that were seen less often are too young to be judged one by one."""
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
    lines += [
        f"| {each.name} | {each.first:.0f} | {each.second:.0f} | {each.last:.0f} | {each.most:.0f} | "
        f"{each.growth_an_hour:+.1f} | shown |"
        for each in _courses(outcome, {field: (name, 0.0) for field, name in SHOWN.items()})
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
    """How everything that is judged went."""
    return _courses(outcome, ALLOWANCES) + grabbers_by_age(outcome) + grabbers_that_grow(outcome)


def _courses(outcome: Outcome, fields_: Mapping[str, tuple[str, float]]) -> list[Course]:
    at_s = [sample.at_s for sample in outcome.samples]
    return [
        course(name, at_s, [float(getattr(sample, field)) for sample in outcome.samples], allowance)
        for field, (name, allowance) in fields_.items()
        if len(at_s) >= 3
    ]


def grabbers_by_age(outcome: Outcome) -> list[Course]:
    """How the memory of a grabber goes with its age, over all of them: not hidden by those that are replaced."""
    curve = by_age(lives_of(outcome).values(), SAMPLE_S)
    if len(curve) < FEWEST_AGES:
        return []
    return [course(BY_AGE, [age_s for age_s, _ in curve], [mb for _, mb in curve], GRABBER_AGE_MB)]


def grabbers_that_grow(outcome: Outcome) -> list[Course]:
    """Grabbers whose own memory grew as long as they lived: others hide them in every mean."""
    courses = [
        course(f"memory of grabber {pid}, MB", [at_s for at_s, _ in life], [mb for _, mb in life], GRABBER_MB)
        for (pid, _), life in lives_of(outcome).items()
        if len(life) >= GRABBER_SAMPLES
    ]
    return [each for each in courses if each.leaks]


def lives_of(outcome: Outcome) -> dict[tuple[int, str], list[tuple[float, float]]]:
    """When each grabber was looked at, and the memory that it had to itself."""
    lives: dict[tuple[int, str], list[tuple[float, float]]] = {}
    for at_s, member in outcome.members:
        if member.role == GRABBER:
            lives.setdefault((member.pid, member.born), []).append((at_s, member.own_mb))
    return lives


def problems_of(outcome: Outcome, courses: list[Course]) -> list[str]:
    """Everything that is not as it should be, in sentences."""
    telling = outcome.telling
    checks = outcome.samples[-1].checks if outcome.samples else 0
    found = [f"{each.name} grows: {each.second:.0f}, then {each.last:.0f}" for each in courses if each.leaks]
    if (most := max((sample.grabbers for sample in outcome.samples), default=0)) > outcome.grabber_limit:
        found.append(f"{most} grabbers at a time, of at most {outcome.grabber_limit}")
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
    with table.with_name(f"{table.stem}-processes.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, ["at_s", *(field.name for field in fields(Member))])
        writer.writeheader()
        writer.writerows({"at_s": at_s, **asdict(member)} for at_s, member in outcome.members)
