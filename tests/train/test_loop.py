"""The training loop learns, and a killed run ends where an undisturbed one does."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
import torch
from torch import Tensor

from tests.train.drawn import draw_data, tiny_recipe
from train.checkpoint import read_checkpoint
from train.data.loading import Batch
from train.loop import Trainer, learning_rate_factor
from train.networks.view import ViewNetwork
from train.recipes.settings import OptimiserSettings, RecipeError
from train.recipes.view import ViewRecipe
from train.tracking import NoTracker


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return draw_data(tmp_path_factory.mktemp("data"))


def trainer(recipe: ViewRecipe, out: Path, said: list[str] | None = None) -> Trainer:
    return Trainer(recipe, out, (said if said is not None else []).append, NoTracker())


def test_a_run_killed_after_its_checkpoint_ends_with_the_weights_of_an_undisturbed_run(
    data: Path, tmp_path: Path
) -> None:
    recipe = ViewRecipe(tiny_recipe(4), data)
    whole = trainer(recipe, tmp_path / "whole")
    whole.run()

    killed = trainer(recipe, tmp_path / "killed")
    drawn = recipe.train_batches(0)
    for number in range(3):
        killed.step(next(drawn))
        if number == 1:
            killed.save()  # the third step is lost with the process
    del killed
    said: list[str] = []
    resumed = trainer(recipe, tmp_path / "killed", said)
    resumed.run()

    assert said[0].startswith("going on from step 2")
    for one, other in ((whole.network, resumed.network), (whole.averaged, resumed.averaged)):
        for name, value in one.state_dict().items():
            assert torch.equal(value, other.state_dict()[name]), name


def test_a_few_steps_on_one_batch_bring_the_loss_down(data: Path, tmp_path: Path) -> None:
    recipe = ViewRecipe(tiny_recipe(1000), data)
    run = trainer(recipe, tmp_path)
    run.progress.step = 500
    batch = next(recipe.train_batches(0))
    losses = [run.step(batch)["total"] for _ in range(12)]
    assert losses[-1] < losses[0] * 0.8


class _Interrupted(ViewRecipe):
    """Receives SIGTERM while its second batch is made."""

    def train_batches(self, first: int) -> Iterator[Batch]:
        for number, batch in enumerate(super().train_batches(first)):
            if number == 1:
                os.kill(os.getpid(), signal.SIGTERM)
            yield batch


def test_sigterm_ends_the_run_with_a_checkpoint(data: Path, tmp_path: Path) -> None:
    settings = tiny_recipe(50)
    said: list[str] = []
    trainer(_Interrupted(settings, data), tmp_path, said).run()
    assert read_checkpoint(tmp_path / "checkpoint.pt", settings).step == 2
    assert "goes on from here" in said[-1]


class _Exploding(ViewRecipe):
    def loss(self, network: ViewNetwork, batch: Batch) -> tuple[Tensor, Mapping[str, Tensor]]:
        loss, parts = super().loss(network, batch)
        return loss * float("nan"), parts


def test_a_loss_that_is_not_finite_changes_no_weight_and_is_counted(data: Path, tmp_path: Path) -> None:
    recipe = _Exploding(tiny_recipe(2), data)
    run = trainer(recipe, tmp_path)
    before = {name: value.clone() for name, value in run.network.state_dict().items()}
    run.step(next(recipe.train_batches(0)))
    assert run.skipped == 1
    assert all(torch.equal(before[name], value) for name, value in run.network.state_dict().items())


def test_a_checkpoint_of_another_recipe_is_refused(data: Path, tmp_path: Path) -> None:
    trainer(ViewRecipe(tiny_recipe(2), data), tmp_path).save()
    other = tiny_recipe(2).model_copy(update={"optimiser": OptimiserSettings(learning_rate=0.5)})
    with pytest.raises(RecipeError, match="another recipe"):
        trainer(ViewRecipe(other, data), tmp_path)


def test_a_damaged_checkpoint_is_named(data: Path, tmp_path: Path) -> None:
    (tmp_path / "checkpoint.pt").write_bytes(b"not a checkpoint")
    with pytest.raises(RecipeError, match="damaged"):
        trainer(ViewRecipe(tiny_recipe(2), data), tmp_path)


def test_the_learning_rate_warms_up_and_falls_to_its_last_factor() -> None:
    optimiser = OptimiserSettings(warm_up=0.1, last_factor=0.02)
    factors = [learning_rate_factor(share, optimiser) for share in (0.0, 0.05, 0.1, 0.5, 1.0)]
    assert factors[0] < factors[1] < factors[2] == 1.0
    assert 0.3 < factors[3] < 0.8
    assert factors[4] == pytest.approx(0.02)
