"""Early stopping keeps the best weights and knows when patience is at its end."""

from __future__ import annotations

import math

import torch

from train.early_stopping import EarlyStopping
from train.recipes.settings import EarlyStoppingSettings


def noted(better: str, figures: list[float], patience: int = 2) -> EarlyStopping:
    settings = EarlyStoppingSettings(figure="f", better=better, patience_validations=patience)
    stopping = EarlyStopping(settings)
    for step, figure in enumerate(figures):
        stopping.note({"f": figure}, step, {"w": torch.tensor(float(step))})
    return stopping


def test_lower_is_better_where_the_recipe_says_so() -> None:
    stopping = noted("lower", [0.5, 0.2, 0.3])
    assert stopping.best is not None
    assert (stopping.best.step, stopping.best.since, stopping.due) == (1, 1, False)


def test_higher_is_better_where_the_recipe_says_so() -> None:
    stopping = noted("higher", [0.5, 0.2, 0.3])
    assert stopping.best is not None
    assert (stopping.best.step, stopping.best.since, stopping.due) == (0, 2, True)


def test_the_same_figure_again_is_not_better() -> None:
    assert noted("lower", [0.5, 0.5, 0.5]).due


def test_what_is_not_a_number_is_never_better_and_any_number_is_better_than_it() -> None:
    assert noted("lower", [0.5, math.nan, math.nan]).due
    stopping = noted("lower", [math.nan, 0.9])
    assert stopping.best is not None
    assert stopping.best.figure == 0.9


def test_the_best_weights_are_a_copy_that_training_on_does_not_change() -> None:
    settings = EarlyStoppingSettings(figure="f", better="lower", patience_validations=1)
    stopping, weight = EarlyStopping(settings), torch.tensor(1.0)
    stopping.note({"f": 0.1}, 1, {"w": weight})
    weight.add_(5)
    assert stopping.best is not None
    assert stopping.best.averaged["w"] == 1.0


def test_without_settings_nothing_is_kept_and_nothing_stops() -> None:
    stopping = EarlyStopping(None)
    stopping.note({}, 1, {})
    assert stopping.best is None
    assert not stopping.due
