"""When a run validates, and how its learning rate goes."""

from __future__ import annotations

import pytest

from tests.train.drawn import tiny_recipe
from train.progress import Progress, learning_rate_factor
from train.recipes.settings import OptimiserSettings


def test_the_learning_rate_warms_up_and_falls_to_its_last_factor() -> None:
    optimiser = OptimiserSettings(warm_up=0.1, last_factor=0.02)
    factors = [learning_rate_factor(share, optimiser) for share in (0.0, 0.05, 0.1, 0.5, 1.0)]
    assert factors[0] < factors[1] < factors[2] == 1.0
    assert 0.3 < factors[3] < 0.8
    assert factors[4] == pytest.approx(0.02)


def test_a_run_that_is_killed_more_often_than_it_validates_still_validates() -> None:
    run = tiny_recipe(10**6, validation_batches=1, validate_minutes=10).run
    assert Progress(step=5, elapsed_s=601.0).validation_due(run, elapsed_before_s=599.0)
    assert not Progress(step=5, elapsed_s=602.0).validation_due(run, elapsed_before_s=601.0)


def test_validation_by_steps_pays_no_heed_to_the_clock_and_the_last_step_always_validates() -> None:
    run = tiny_recipe(7, validation_batches=1, validate_steps=3).run
    due = [step for step in range(1, 8) if Progress(step, step * 1e4).validation_due(run, (step - 1) * 1e4)]
    assert due == [3, 6, 7]


def test_time_left_follows_the_pace_so_far() -> None:
    line = Progress(step=25, elapsed_s=300.0).line(tiny_recipe(100).run, {"total": 0.5}, skipped=2)
    assert line == "step 25 of 100  25.0%  0.08/s  left 15.0 min  total 0.500  skipped 2"
