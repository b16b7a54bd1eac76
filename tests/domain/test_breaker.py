"""The circuit breaker of a host."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.domain import breaker as rules
from monitor.domain.breaker import Breaker, BreakerPolicy, Decision, Step
from tests.domain.builders import quick

POLICY = BreakerPolicy()
CAMERAS = frozenset({"a", "b", "c", "d", "e"})


class Watched:
    """A host under watch: takes events at times, and remembers what followed of them."""

    def __init__(self, cameras: frozenset[str] = CAMERAS, breaker: Breaker | None = None) -> None:
        self.cameras = cameras
        self.breaker = breaker or Breaker()
        self.steps: list[Step] = []

    def fail(self, seconds: float, *cameras: str) -> Step:
        for camera in cameras:
            self._take(rules.failed(self.breaker, camera, self.cameras, seconds, POLICY))
        return self.steps[-1]

    def work(self, seconds: float, *cameras: str) -> Step:
        for camera in cameras:
            self._take(rules.worked(self.breaker, camera, seconds))
        return self.steps[-1]

    def knock_in_vain(self, seconds: float) -> Step:
        self._take(rules.unanswered(self.breaker, seconds, POLICY))
        return self.steps[-1]

    def _take(self, decision: Decision) -> None:
        assert (decision.step is Step.NONE) == (decision.reason == "")
        self.breaker = decision.breaker
        self.steps.append(decision.step)
        if decision.step is Step.REPORT:
            self.breaker = rules.reported(self.breaker)


def test_three_cameras_in_a_row_trip_it():
    host = Watched()
    assert host.fail(0, "a", "b") is Step.NONE
    assert host.fail(1, "b") is Step.NONE, "the same camera again is no third one"
    assert host.fail(2, "c") is Step.TRIPPED
    assert host.breaker.is_open


def test_a_camera_that_works_in_between_starts_the_count_anew():
    host = Watched()
    host.fail(0, "a", "b")
    host.work(1, "c")
    assert host.fail(2, "d", "e") is Step.NONE


def test_cameras_dead_for_long_beside_a_living_one_never_trip_it_again():
    """Three dead channels of a recorder fail one after the other, every minute; they are no dead recorder."""
    host = Watched(frozenset({"a", "b", "c", "living"}))
    host.work(0, "living")
    assert host.fail(1, "a", "b", "c") is Step.TRIPPED
    assert host.work(2, "living") is Step.CLOSED
    for minute in range(1, 10):
        assert host.fail(60 * minute, "a", "b", "c") is Step.NONE
        assert host.work(60 * minute + 1, "living") is Step.NONE


def test_when_the_last_living_camera_fails_the_host_is_down_though_few_failed_anew():
    host = Watched(frozenset({"a", "b", "c", "d"}))
    host.fail(0, "a", "b")
    host.work(1, "c", "d")
    assert host.fail(60, "a", "b", "c") is Step.NONE
    assert host.fail(61, "d") is Step.TRIPPED


@pytest.mark.parametrize("cameras", [{"a"}, {"a", "b"}])
def test_a_host_with_few_cameras_has_no_breaker(cameras: set[str]):
    host = Watched(frozenset(cameras))
    for seconds in range(10):
        assert host.fail(seconds, *cameras) is Step.NONE


def test_an_incident_follows_only_when_it_has_lasted_and_only_once():
    host = Watched()
    host.fail(0, "a", "b", "c")
    assert host.knock_in_vain(119) is Step.NONE
    assert host.knock_in_vain(120) is Step.REPORT
    assert host.knock_in_vain(130) is Step.NONE
    assert host.fail(140, "d") is Step.NONE


def test_an_incident_that_could_not_be_recorded_is_asked_for_again():
    tripped = rules.failed(
        replace(Breaker(), run=frozenset("ab"), fresh=frozenset("ab"), down_since_s=0.0),
        "c",
        CAMERAS,
        1,
        POLICY,
    )
    first = rules.unanswered(tripped.breaker, 120, POLICY)
    assert rules.unanswered(first.breaker, 130, POLICY).step is Step.REPORT


def test_its_time_runs_from_the_first_failure_not_from_the_trip():
    host = Watched()
    host.fail(0, "a")
    host.fail(100, "b", "c")
    assert host.fail(120, "d") is Step.REPORT


def test_a_short_outage_is_told_to_nobody():
    host = Watched()
    host.fail(0, "a", "b", "c")
    assert host.work(119, "b") is Step.CLOSED


def test_the_end_of_an_incident_is_restored():
    host = Watched()
    host.fail(0, "a", "b", "c")
    host.knock_in_vain(150)
    assert host.work(200, "c") is Step.RESTORED
    assert not host.breaker.is_open


def test_a_knock_in_vain_says_nothing_of_a_host_that_is_not_spared():
    host = Watched()
    host.fail(0, "a", "b")
    assert host.knock_in_vain(500) is Step.NONE


def test_a_host_known_to_be_down_from_before_the_start_is_reported_no_second_time():
    host = Watched(breaker=rules.known_down(1000.0))
    assert host.knock_in_vain(5000) is Step.NONE
    assert host.work(5001, "a") is Step.RESTORED


@pytest.mark.parametrize(
    ("down_s", "since_last_s", "may"),
    [
        (30, 14, False),
        (30, 15, True),
        (240, 59, False),
        (240, 60, True),
        (9999, 119, False),
        (9999, 120, True),
    ],
)
def test_trials_grow_rarer_the_longer_it_lasts(down_s: float, since_last_s: float, may: bool):
    known = replace(rules.known_down(0.0), tried_s=down_s - since_last_s)
    assert rules.may_try(known, down_s, POLICY) is may


def test_the_first_trial_need_not_wait():
    assert rules.may_try(rules.known_down(0.0), 0.0, POLICY)


events = st.lists(
    st.tuples(
        st.sampled_from([0.1, 1.0, 20.0, 60.0, 130.0]),
        st.sampled_from(["fail", "work", "knock"]),
        st.sampled_from(sorted(CAMERAS)),
    ),
    max_size=60,
)


def walk(history: list[tuple[float, str, str]]) -> list[tuple[str, Breaker, Step, Breaker]]:
    host, now, steps = Watched(), 0.0, []
    for step_s, what, camera in history:
        now += step_s
        before = host.breaker
        if what == "fail":
            host.fail(now, camera)
        elif what == "work":
            host.work(now, camera)
        else:
            host.knock_in_vain(now)
        steps.append((what, before, host.steps[-1], host.breaker))
    return steps


@quick
@given(events)
def test_whatever_happens_a_host_is_spared_exactly_between_trip_and_end(
    history: list[tuple[float, str, str]],
):
    for what, before, step, after in walk(history):
        if step is Step.TRIPPED:
            assert not before.is_open
            assert after.is_open
        elif step in (Step.CLOSED, Step.RESTORED):
            assert before.is_open
            assert not after.is_open
        else:
            assert before.is_open == after.is_open
        if what == "work":
            assert not after.is_open


@quick
@given(events)
def test_whatever_happens_incidents_begin_and_end_in_turn_and_only_while_spared(
    history: list[tuple[float, str, str]],
):
    told = [step for _, _, step, _ in walk(history) if step in (Step.REPORT, Step.RESTORED)]
    assert told == [Step.REPORT, Step.RESTORED] * (len(told) // 2) + [Step.REPORT] * (len(told) % 2)
    for _, before, step, after in walk(history):
        assert after.is_open or not after.is_reported
        if step is Step.REPORT:
            assert before.is_open
