"""Figures: bounds agree with the textbook."""

from __future__ import annotations

import numpy as np
import pytest

from train.metrics.bounds import largest_alarm_share
from train.metrics.reliability import softmax


@pytest.mark.parametrize(
    ("alarms", "trials_", "bound"), [(0, 598, 0.005), (0, 299, 0.00997), (5, 100, 0.1022)]
)
def test_the_upper_bound_of_a_share_is_that_of_clopper_and_pearson(
    alarms: int, trials_: int, bound: float
) -> None:
    assert largest_alarm_share(alarms, trials_) == pytest.approx(bound, rel=0.01)


def test_no_trials_or_nothing_but_alarms_bound_nothing() -> None:
    assert largest_alarm_share(0, 0) == largest_alarm_share(7, 7) == 1.0


def test_softmax_stays_finite_for_large_logits() -> None:
    assert softmax(np.array([[1000.0, 0.0, 0.0, 0.0]]))[0] == pytest.approx([1, 0, 0, 0])
