from datetime import date, timedelta
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.domain.displacement import Displacement, Tolerance
from monitor.domain.drift import Course, Pose, judge_drift, theil_sen

FIRST = date(2026, 3, 1)
TOLERANCE = Tolerance(shift_fov=0.01, roll_deg=0.5, zoom=0.01)


def day(number: int) -> date:
    return FIRST + timedelta(days=number)


def poses(
    days: int, a_day: float = 0.0, noise: float = 0.0002, start: float = 0.0, seed: int = 1
) -> list[Pose]:
    """A view that slides to the right by so much a day."""
    random = Random(seed)
    return [
        Pose(day(n), Displacement(start + a_day * n + random.gauss(0, noise), random.gauss(0, noise)))
        for n in range(days)
    ]


def test_the_slope_of_a_straight_line_is_that_line():
    slope = theil_sen(np.arange(10.0), 3.0 + 0.5 * np.arange(10.0))
    assert slope.low == slope.middle == slope.high == pytest.approx(0.5)


def test_a_slope_by_hand():
    # Slopes between all pairs of (0, 0), (1, 1), (2, 4), (3, 3): 1, 2, 1, 3, 1, -1.
    assert theil_sen(np.arange(4.0), np.array([0.0, 1.0, 4.0, 3.0])).middle == 1.0


@given(
    st.floats(-1, 1),
    st.lists(st.floats(-0.01, 0.01), min_size=12, max_size=40),
    st.lists(st.floats(-100, 100), min_size=2, max_size=2),
)
def test_two_wild_days_do_not_bend_the_slope(slope: float, noise: list[float], wild: list[float]):
    times = np.arange(float(len(noise)))
    values = slope * times + np.array(noise)
    values[3], values[7] = wild
    found = theil_sen(times, values)
    assert abs(found.middle - slope) < 0.02
    assert found.low <= found.middle <= found.high


@given(st.floats(-10, 10), st.floats(0.1, 10), st.lists(st.floats(-5, 5), min_size=3, max_size=20))
def test_the_slope_moves_and_stretches_with_the_values(shift: float, factor: float, values: list[float]):
    times = np.arange(float(len(values)))
    plain = theil_sen(times, np.array(values))
    changed = theil_sen(times, np.array(values) * factor + shift)
    assert changed.middle == pytest.approx(plain.middle * factor, abs=1e-6)
    assert changed.high == pytest.approx(plain.high * factor, abs=1e-6)


def test_the_bounds_hold_the_true_slope_about_as_often_as_they_say():
    random = np.random.default_rng(3)
    times = np.arange(30.0)
    held = 0
    for _ in range(300):
        slope = theil_sen(times, 0.1 * times + random.normal(size=30))
        held += slope.low <= 0.1 <= slope.high
    # 95 % for four directions together is 98.75 % for each.
    assert 0.965 <= held / 300 < 1.0


def test_a_slow_drift_is_told_with_the_day_on_which_it_leaves_the_tolerance():
    # 0.1 % of the view in ten days: the 1 % that is tolerated is reached after 100 days.
    drift = judge_drift(poses(40, a_day=0.0001), TOLERANCE)
    assert drift.course is Course.DRIFTING
    assert drift.dx is not None
    assert drift.dx.middle == pytest.approx(0.0001, rel=0.1)
    assert drift.forecast is not None
    assert drift.forecast.on is not None
    assert abs((drift.forecast.on - day(100)).days) <= 8
    assert drift.forecast.earliest is not None
    assert drift.forecast.earliest <= drift.forecast.on
    assert drift.forecast.latest is None or drift.forecast.latest >= drift.forecast.on


def test_a_drift_too_slow_to_matter_within_a_year_says_so():
    drift = judge_drift(poses(60, a_day=0.00002, noise=0.00001), TOLERANCE)
    assert drift.course is Course.DRIFTING
    assert drift.forecast is not None
    assert drift.forecast.on is None


def test_a_drift_back_to_the_anchor_does_not_leave_the_tolerance_soon():
    drift = judge_drift(poses(20, a_day=-0.0001, noise=0.00001, start=0.005), TOLERANCE)
    assert drift.forecast is not None
    assert drift.forecast.on is not None
    # Through the anchor and out on the other side: at -0.01, 150 days after the first.
    assert abs((drift.forecast.on - day(150)).days) <= 3


@pytest.mark.parametrize("noise", [0.0002, 0.001, 0.003])
def test_mounts_that_only_tremble_do_not_drift(noise: float):
    told = [
        judge_drift(poses(40, noise=noise, seed=seed), TOLERANCE).course is Course.DRIFTING
        for seed in range(100)
    ]
    assert sum(told) <= 5


def test_a_view_that_nothing_moves_is_steady():
    drift = judge_drift(poses(40, noise=0.0), TOLERANCE)
    assert (drift.course, drift.excess, drift.forecast, drift.stepped_on) == (Course.STEADY, 0.0, None, None)


def test_a_sudden_change_is_a_step_and_no_drift():
    before, after = poses(20), poses(20, start=0.006, seed=2)
    moved = [Pose(pose.day + timedelta(days=20), pose.displacement) for pose in after]
    drift = judge_drift(before + moved, TOLERANCE)
    assert drift.stepped_on == day(20)
    assert drift.step is not None
    assert drift.step.dx == pytest.approx(0.006, abs=0.0005)
    assert drift.days == 20
    assert drift.excess == pytest.approx(0.6, abs=0.05)


def test_a_steady_drift_has_no_steps():
    assert judge_drift(poses(60, a_day=0.0004), TOLERANCE).stepped_on is None


def test_one_odd_day_is_no_step():
    series = poses(30)
    series[15] = Pose(day(15), Displacement(0.009))
    drift = judge_drift(series, TOLERANCE)
    assert drift.stepped_on is None
    assert drift.days == 30


def test_too_few_days_say_nothing_but_where_the_view_lies():
    drift = judge_drift(poses(4, start=0.005), TOLERANCE)
    assert (drift.course, drift.days, drift.forecast) == (Course.UNTOLD, 4, None)
    assert drift.excess == pytest.approx(0.5, abs=0.1)
    assert judge_drift([], TOLERANCE) == judge_drift([], TOLERANCE)
    assert judge_drift([], TOLERANCE).where is None


def test_the_last_day_is_told_against_the_day_before():
    series = [Pose(day(0), Displacement(0.001)), Pose(day(1), Displacement(0.003, zoom=1.01))]
    drift = judge_drift(series, TOLERANCE)
    assert drift.against_yesterday is not None
    assert drift.against_yesterday.dx == pytest.approx(0.002)
    assert drift.against_yesterday.zoom == pytest.approx(1.01)
    # With a day missing between them there is no yesterday.
    assert judge_drift([series[0], Pose(day(2), Displacement(0.003))], TOLERANCE).against_yesterday is None


def test_days_longer_ago_than_the_window_do_not_count():
    old = [Pose(day(n - 400), Displacement(0.02)) for n in range(30)]
    drift = judge_drift(old + poses(30), TOLERANCE)
    assert (drift.days, drift.stepped_on) == (30, None)
