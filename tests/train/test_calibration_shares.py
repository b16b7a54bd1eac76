"""Bounds of shares, what correlated frames are worth, and how long false verdicts last."""

from __future__ import annotations

import numpy as np
import pytest

from train.calibration.persistence import PERSISTENCES_S, Track, becomes_wrong, fit_persistence
from train.calibration.shares import (
    clopper_pearson,
    effective_trials,
    intraclass_correlation,
    mean_bounds,
)
from train.metrics.bounds import binomial_interval, largest_alarm_share


@pytest.mark.parametrize(("count", "trials"), [(1, 20), (3, 300), (10, 11)])
def test_bounds_of_whole_counts_are_those_of_the_library(count: int, trials: int) -> None:
    assert clopper_pearson(count, trials) == pytest.approx(tuple(binomial_interval(count, trials)))


def test_nothing_of_three_hundred_is_not_sold_as_never() -> None:
    assert clopper_pearson(0, 300) == (0.0, pytest.approx(largest_alarm_share(0, 300)))
    assert clopper_pearson(0, 300)[1] == pytest.approx(3 / 300, rel=0.01)


def test_fewer_independent_frames_mean_wider_bounds() -> None:
    uppers = [clopper_pearson(0, trials)[1] for trials in (0, 2.5, 20, 300, 3000)]
    assert uppers == sorted(uppers, reverse=True)
    assert uppers[0] == 1.0


def test_more_found_than_tried_is_refused() -> None:
    with pytest.raises(ValueError, match="no share"):
        clopper_pearson(3, 2)


def test_frames_of_cameras_that_differ_are_worth_few_and_of_cameras_that_do_not_are_worth_all() -> None:
    rng = np.random.default_rng(0)
    alike = {str(n): rng.normal(0.0, 1.0, 50).tolist() for n in range(40)}
    apart = {str(n): (rng.normal(0.0, 3.0) + rng.normal(0.0, 1.0, 50)).tolist() for n in range(40)}
    assert intraclass_correlation(alike) < 0.05
    # Variance 9 between cameras and 1 within: nine tenths.
    assert intraclass_correlation(apart) == pytest.approx(0.9, abs=0.05)
    assert effective_trials([50] * 40, 0.0) == 2000
    assert effective_trials([50] * 40, 1.0) == 40


@pytest.mark.parametrize(
    "values", [{}, {"a": [1.0, 2.0]}, {"a": [1.0], "b": [2.0]}, {"a": [1, 1], "b": [1, 1]}]
)
def test_where_nothing_can_be_known_of_correlation_a_camera_counts_once(
    values: dict[str, list[float]],
) -> None:
    assert intraclass_correlation(values) == 1.0


def test_bounds_of_a_mean_hold_it_and_a_single_camera_has_none() -> None:
    lower, upper = mean_bounds([0.0, 0.0, 1.0, 3.0])
    assert lower < 1.0 < upper
    assert mean_bounds([2.0]) == (2.0, 2.0)


def test_what_is_known_now_is_forgotten_in_time() -> None:
    assert becomes_wrong(0.1, 60.0, 0.0, was_wrong=True) == 1.0
    assert becomes_wrong(0.1, 60.0, 1e6, was_wrong=True) == pytest.approx(0.1)
    assert becomes_wrong(0.1, 0.0, 60.0, was_wrong=True) == becomes_wrong(0.1, 0.0, 60.0, was_wrong=False)


def track(share: float, persistence_s: float, frames: int, seed: int) -> Track:
    """A planted process, looked at every five minutes."""
    rng = np.random.default_rng(seed)
    times, wrong = [300.0 * n for n in range(frames)], [bool(rng.random() < share)]
    for _ in times[1:]:
        wrong.append(bool(rng.random() < becomes_wrong(share, persistence_s, 300.0, was_wrong=wrong[-1])))
    return Track(times, wrong)


@pytest.mark.parametrize("planted_s", [0.0, 900.0, 4 * 3600.0])
def test_a_planted_persistence_is_found_again(planted_s: float) -> None:
    found = fit_persistence([track(0.2, planted_s, 2000, seed) for seed in range(3)])
    assert found.estimate_s is not None
    # Below a quarter of the gaps between frames nothing can be told apart.
    assert planted_s in found.possible_s
    assert abs(PERSISTENCES_S.index(found.estimate_s) - PERSISTENCES_S.index(planted_s)) <= (
        3 if planted_s == 0 else 1
    )


def test_tracks_that_are_always_right_rule_nothing_out() -> None:
    found = fit_persistence([Track([0.0, 60.0, 120.0], [False] * 3), Track([], [])])
    assert found.estimate_s is None
    assert found.possible_s == PERSISTENCES_S
