"""The soak's own judgement: it finds a leak, passes over a peak, and holds faults against what was said."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace
from random import Random

import pytest

from tests.soak.faults import EXPECTED, Fault, schedule
from tests.soak.judging import Seen, Telling, course, how_told
from tests.soak.report import ALLOWANCES, SHOWN, courses_of, grabbers_by_age, grabbers_that_grow, problems_of
from tests.soak.sampling import GRABBER, Member, Sample
from tests.soak.soak import Outcome

AT_S = [10.0 * number for number in range(180)]


@pytest.mark.parametrize(
    ("values", "leaks"),
    [
        ([300 + 0.4 * number for number in range(180)], True),
        ([300 + min(number, 60) for number in range(180)], False),
        ([300 + min(number, 110) for number in range(180)], False),
        ([300 + (200 if number == 170 else 0) for number in range(180)], False),
        ([300 + 20 * (number % 12) for number in range(180)], False),
        ([300 + Random(number).uniform(-15, 15) for number in range(180)], False),
        ([300 + number // 30 * 20 for number in range(180)], True),
    ],
    ids=["grows", "levels off", "levels off late", "one peak", "saw", "noise", "steps"],
)
def test_what_grows_to_the_end_leaks_and_nothing_else_does(values: list[float], leaks: bool) -> None:
    assert course("memory", AT_S, values, 8.0).leaks is leaks


def outcome(lives: dict[int, Callable[[int], float]], *, limit: int = 40) -> Outcome:
    """A run of half an hour in which each grabber's memory goes as its function of the sample's number says."""
    names = [each.name for each in fields(Sample) if each.name not in ("at_s", "grabbers")]
    quiet = dict.fromkeys(names, 0)
    samples = [Sample(at_s=at_s, grabbers=len(lives), **quiet) for at_s in AT_S]  # type: ignore[arg-type]
    members = [
        (at_s, Member(pid, "1", GRABBER, held(number), 8, 3))
        for pid, held in lives.items()
        for number, at_s in enumerate(AT_S)
    ]
    return Outcome({}, {}, 1800, 10, [], samples, Telling(), 0, [], [], {}, limit, members)


def test_a_grabber_that_grows_is_found_among_others_and_one_that_has_met_its_cameras_is_not() -> None:
    found = grabbers_that_grow(
        outcome({1: lambda _: 30.0, 2: lambda number: 10.0 + 0.3 * number, 3: lambda n: 10.0 + min(n, 60)})
    )
    assert [each.name for each in found] == ["memory of grabber 2, MB"]


def replaced(every: int, grows: Callable[[int, int], float]) -> Outcome:
    """A run in which twelve grabbers are replaced all together after so many samples; numbers are used again."""
    members = [
        (at_s, Member(pid, str(number // every), GRABBER, grows(number // every, number % every), 8, 3))
        for number, at_s in enumerate(AT_S)
        for pid in range(12)
    ]
    return replace(outcome({}), members=members)


@pytest.mark.parametrize(
    ("grows", "leaks"),
    [
        (lambda _, age: 20 + min(age, 12), False),
        (lambda _, age: 20 + 0.8 * age, True),
        (lambda generation, age: 20 + (3 * age if generation == 1 else min(age, 12)), True),
    ],
    ids=["meets its cameras", "every generation leaks", "one generation leaks"],
)
def test_a_leak_shows_by_age_though_no_grabber_grows_old(
    grows: Callable[[int, int], float], leaks: bool
) -> None:
    run = replaced(45, grows)
    assert grabbers_that_grow(run) == []
    assert [each.leaks for each in grabbers_by_age(run)] == [leaks]


def test_the_mean_over_time_sees_no_leak_of_grabbers_that_are_replaced() -> None:
    """Which is what the ages are for."""
    assert not course("mean", AT_S, [20 + 0.8 * (number % 45) for number in range(len(AT_S))], 3.0).leaks


def test_a_leak_of_the_daemon_is_called_whatever_its_grabbers_do() -> None:
    run = outcome({})
    leaking = [
        replace(sample, daemon_anon_mb=400 + 0.4 * number, grabbers=20 + number % 7)
        for number, sample in enumerate(run.samples)
    ]
    run = replace(run, samples=leaking)
    (problem,) = problems_of(run, courses_of(run))
    assert problem.startswith("memory of the daemon")


def test_descriptors_go_by_the_number_of_grabbers_and_one_more_than_that_is_called() -> None:
    run = outcome({})
    steps = [12 + number // 30 for number in range(len(AT_S))]
    fine = [
        replace(each, grabbers=n, daemon_fds=30 + 4 * n, daemon_own_fds=30)
        for each, n in zip(run.samples, steps, strict=True)
    ]
    run = replace(run, samples=fine)
    assert problems_of(run, courses_of(run)) == []
    lost = [replace(each, daemon_own_fds=30 + number // 6) for number, each in enumerate(fine)]
    run = replace(run, samples=lost)
    (problem,) = problems_of(run, courses_of(run))
    assert problem.startswith("descriptors of the daemon")


def test_more_grabbers_than_there_may_be_are_a_problem() -> None:
    three: dict[int, Callable[[int], float]] = {pid: lambda _: 30.0 for pid in (1, 2, 3)}
    assert problems_of(outcome(three), []) == []
    assert problems_of(outcome(three, limit=2), []) == ["3 grabbers at a time, of at most 2"]


def test_everything_that_is_judged_or_shown_is_sampled() -> None:
    assert {*ALLOWANCES, *SHOWN} <= {each.name for each in fields(Sample)}


def test_the_same_seed_gives_the_same_faults_and_all_are_over_before_the_end() -> None:
    kinds = {f"{kind}-{number}": kind for kind in EXPECTED for number in range(20)}
    faults = list(schedule(kinds, ["reload"], 1800, 10, 3))
    assert faults == list(schedule(kinds, ["reload"], 1800, 10, 3))
    assert faults != list(schedule(kinds, ["reload"], 1800, 10, 4))
    assert len(faults) > 100
    assert max(fault.ends_s for fault in faults) <= 1800 - 60
    for fault in faults:
        assert fault.what == "reload" if not fault.camera else fault.what in EXPECTED[kinds[fault.camera]]


def test_a_fault_is_told_untold_or_not_looked_at() -> None:
    kinds = {"a": "http", "b": "http", "c": "http", "d": "folder"}
    faults = [Fault(100, 150, name, "html") for name in ("a", "b", "c")]
    checks = {
        "a": [Seen(90, "ok"), Seen(120, "stream_fault"), Seen(170, "ok")],
        "b": [Seen(90, "ok"), Seen(140, "offline"), Seen(200, "ok")],
        "c": [Seen(90, "ok"), Seen(300, "ok")],
        "d": [Seen(90, "offline")],
    }
    telling = how_told(faults, kinds, checks, 20)
    assert dict(telling.told) == {"http html": 1}
    assert telling.untold == ["http html at 100 s: offline"]
    assert telling.not_looked_at == ["http html"]
    assert telling.unexplained == ["d at 90 s: offline"]
    assert telling.not_well == ["d: offline"]
