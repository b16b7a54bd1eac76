"""Bounds are exact, and probabilities are held against outcomes."""

from __future__ import annotations

import math

import numpy as np
import pytest
from sklearn.calibration import calibration_curve

from train.metrics.bounds import binomial_interval, largest_alarm_share, smallest_share
from train.metrics.errors import FigureError
from train.metrics.reliability import reliability


def at_most(hits: int, trials: int, share: float) -> float:
    """Chance of so few hits or fewer."""
    return sum(math.comb(trials, k) * share**k * (1 - share) ** (trials - k) for k in range(hits + 1))


@pytest.mark.parametrize(("hits", "trials"), [(0, 1), (0, 40), (3, 40), (39, 40), (7, 1000)])
def test_bounds_leave_just_the_stated_chance_in_the_tails(hits: int, trials: int) -> None:
    assert at_most(hits, trials, largest_alarm_share(hits, trials)) == pytest.approx(0.05)
    low, high = binomial_interval(hits, trials, 0.9)
    assert high == pytest.approx(largest_alarm_share(hits, trials))
    if hits:
        assert 1 - at_most(hits - 1, trials, low) == pytest.approx(0.05)
        assert smallest_share(hits, trials) == pytest.approx(low)
    else:
        assert low == smallest_share(hits, trials) == 0.0


def test_no_trials_bound_nothing_and_more_hits_than_trials_are_refused() -> None:
    assert binomial_interval(0, 0) == (0.0, 1.0)
    assert smallest_share(0, 0) == 0.0
    with pytest.raises(FigureError, match="5 of 4"):
        largest_alarm_share(5, 4)


def test_bins_hold_the_means_of_scikit_learn_and_the_expected_error_is_their_weighted_gap() -> None:
    rng = np.random.default_rng(3)
    confidence = np.concatenate([rng.uniform(0.35, 1, 500), [0.5, 0.5, 1.0]])  # 0.5 lies on an edge
    right = rng.random(503) < confidence**2
    found = reliability(right, confidence)
    shares, means = calibration_curve(right, confidence, n_bins=10)
    assert found.right == pytest.approx(shares)
    assert found.confidence == pytest.approx(means)
    expected = 0.0
    for low in np.arange(10) / 10:
        inside = (confidence > low + 1e-12) & (confidence <= low + 0.1 + 1e-12)
        if inside.any():
            expected += inside.sum() / 503 * abs(right[inside].mean() - confidence[inside].mean())
    assert found.expected_error == pytest.approx(expected)
    assert found.counts.sum() == 503
    assert found.largest_error >= found.expected_error


def test_certainty_of_zero_and_of_one_fall_into_the_outer_bins() -> None:
    found = reliability([False, True, True], [0.0, 1.0, 1.0], bins=5)
    assert found.counts.tolist() == [1, 2]
    assert found.expected_error == 0.0


@pytest.mark.parametrize("confidence", [[1.2], [-0.1], [math.nan]])
def test_a_confidence_that_is_no_probability_is_refused(confidence: list[float]) -> None:
    with pytest.raises(FigureError, match="0 to 1"):
        reliability([True], confidence)
