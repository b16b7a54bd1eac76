from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from monitor.domain.view import ViewKey
from monitor.service.lanes import Lane, Lanes
from tests.service.doubles import HeldClock, until


def key(number: int) -> ViewKey:
    return ViewKey(f"cam-{number:02}")


@contextmanager
def running_lanes(
    clock: HeldClock, steady: int = 1, troubled: int = 1, queue_limit: int = 2, spare: int = 0
) -> Iterator[Lanes]:
    lanes = Lanes(steady, troubled, queue_limit, slow_after_s=2.0, clock=clock, spare=spare)
    lanes.start()
    try:
        yield lanes
    finally:
        lanes.close(5.0)


@pytest.fixture
def clock() -> HeldClock:
    return HeldClock()


@pytest.fixture
def gate() -> Iterator[threading.Event]:
    gate = threading.Event()
    yield gate
    gate.set()


def test_a_view_in_a_lane_is_not_taken_again(clock, gate):
    with running_lanes(clock) as lanes:
        assert lanes.offer(key(1), Lane.STEADY, gate.wait)
        assert not lanes.offer(key(1), Lane.STEADY, gate.wait)
        assert not lanes.offer(key(1), Lane.TROUBLED, gate.wait)
        gate.set()
        until(lambda: not lanes.holds(key(1)))
        assert lanes.offer(key(1), Lane.STEADY, gate.wait)


def test_a_full_lane_refuses_and_the_other_one_still_takes(clock, gate):
    with running_lanes(clock, queue_limit=2) as lanes:
        assert lanes.offer(key(0), Lane.STEADY, gate.wait)
        until(lambda: lanes.load().running == 1)
        assert [lanes.offer(key(n), Lane.STEADY, gate.wait) for n in (1, 2, 3)] == [True, True, False]
        assert lanes.offer(key(3), Lane.TROUBLED, gate.wait)
        gate.set()


def test_troubled_checks_never_take_the_place_of_steady_ones(clock, gate):
    done = threading.Event()
    with running_lanes(clock, steady=1, troubled=1, queue_limit=10) as lanes:
        for number in range(5):
            lanes.offer(key(number), Lane.TROUBLED, gate.wait)
        until(lambda: lanes.load().running == 1)
        lanes.offer(key(9), Lane.STEADY, done.set)
        assert done.wait(5.0)
        assert lanes.load().running == 1
        gate.set()


def test_a_check_that_becomes_slow_makes_room_for_others_while_it_still_runs(clock, gate):
    done = threading.Event()
    with running_lanes(clock) as lanes:
        lanes.offer(key(1), Lane.STEADY, gate.wait)
        until(lambda: lanes.load().running == 1)
        lanes.offer(key(2), Lane.STEADY, done.set)
        assert lanes.demote_slow() == 0
        assert not done.is_set()
        clock.advance(2.5)
        assert lanes.demote_slow() == 1
        assert done.wait(5.0)
        gate.set()


def test_no_more_checks_are_moved_than_the_troubled_lane_has_room_for(clock, gate):
    with running_lanes(clock, steady=3, troubled=2, queue_limit=5) as lanes:
        for number in range(3):
            lanes.offer(key(number), Lane.STEADY, gate.wait)
        until(lambda: lanes.load().running == 3)
        clock.advance(3.0)
        assert lanes.demote_slow() == 2
        assert lanes.demote_slow() == 0
        gate.set()


def test_closing_waits_for_what_runs_and_forgets_what_waits(clock, gate):
    ran = []
    with running_lanes(clock) as lanes:
        lanes.offer(key(1), Lane.STEADY, gate.wait)
        until(lambda: lanes.load().running == 1)
        lanes.offer(key(2), Lane.STEADY, lambda: ran.append(2))
        threading.Timer(0.1, gate.set).start()
        assert lanes.close(5.0) == ()
        assert ran == []
        assert not lanes.offer(key(3), Lane.STEADY, lambda: ran.append(3))


def test_closing_names_the_views_that_did_not_finish(clock, gate):
    with running_lanes(clock) as lanes:
        lanes.offer(key(1), Lane.STEADY, gate.wait)
        until(lambda: lanes.load().running == 1)
        assert lanes.close(0.05) == (key(1),)
        gate.set()


def test_a_check_that_lets_an_error_escape_does_not_cost_a_worker(clock):
    done = threading.Event()

    def break_down() -> None:
        raise ValueError("escaped")

    with running_lanes(clock, steady=1) as lanes:
        lanes.offer(key(1), Lane.STEADY, break_down)
        lanes.offer(key(2), Lane.STEADY, done.set)
        assert done.wait(5.0)


def test_slow_checks_leave_the_steady_lane_even_when_the_other_is_full_up_to_a_spare(clock, gate):
    ran = threading.Event()
    with running_lanes(clock, steady=2, troubled=1, queue_limit=5, spare=2) as lanes:
        lanes.offer(key(0), Lane.TROUBLED, gate.wait)
        for number in (1, 2):
            lanes.offer(key(number), Lane.STEADY, gate.wait)
        until(lambda: lanes.load().running == 3)
        lanes.offer(key(3), Lane.STEADY, ran.set)
        lanes.offer(key(4), Lane.TROUBLED, lambda: None)
        clock.advance(3.0)
        assert lanes.demote_slow() == 2
        assert ran.wait(5.0)
        # The spare places are for checks that turned out to be slow, not for those that wait.
        assert lanes.load().queued == 1
        gate.set()
