"""The training loop learns, stops when it should, and a killed run ends where an undisturbed one does."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
import torch
import yaml
from click.testing import CliRunner
from torch import Tensor
from torch._dynamo.utils import counters

from tests.train.drawn import draw_data, tiny_recipe
from tests.train.small import SmallRecipe, small_recipe
from train.checkpoint import read_checkpoint
from train.cli.main import main
from train.data.groups import Batch
from train.loop import Trainer
from train.networks.view import ViewNetwork
from train.recipes.settings import OptimiserSettings, RecipeError
from train.recipes.view import ViewRecipe
from train.tracking import NoTracker

STOP_EARLY = {"figure": "error", "better": "lower", "patience_validations": 2}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return draw_data(tmp_path_factory.mktemp("data"))


def trainer(recipe: ViewRecipe | SmallRecipe, out: Path, said: list[str] | None = None) -> Trainer:
    return Trainer(recipe, out, (said if said is not None else []).append, NoTracker())


def assert_same_weights(one: Mapping[str, Tensor], other: Mapping[str, Tensor]) -> None:
    assert one.keys() == other.keys()
    for name, value in one.items():
        assert torch.equal(value, other[name]), name


def test_a_fit_killed_by_the_system_and_started_again_ends_with_the_weights_of_an_undisturbed_one(
    data: Path, tmp_path: Path
) -> None:
    settings = tiny_recipe(10, checkpoint_minutes=1e-6)
    recipe = tmp_path / "tiny.yaml"
    recipe.write_text(yaml.safe_dump(settings.model_dump(mode="json")))
    command = ["fit", str(recipe), "--data", str(data), "--out"]

    whole = CliRunner().invoke(main, [*command, str(tmp_path / "whole")], catch_exceptions=False)
    assert whole.exit_code == 0, whole.output
    killed, checkpoint = tmp_path / "killed", tmp_path / "killed/checkpoint.pt"
    process = subprocess.Popen([sys.executable, "-m", "train", *command, str(killed)])
    end = time.monotonic() + 240
    while not checkpoint.is_file() and process.poll() is None and time.monotonic() < end:
        time.sleep(0.01)
    process.kill()
    assert process.wait() == -signal.SIGKILL
    assert 0 < read_checkpoint(checkpoint, settings).step < 10
    resumed = CliRunner().invoke(main, [*command, str(killed)], catch_exceptions=False)

    assert "going on from step" in resumed.output
    one, other = (torch.load(tmp_path / run / "weights.pt", weights_only=True) for run in ("whole", "killed"))
    assert_same_weights(one, other)


@pytest.mark.parametrize("stopped_at", [1, 4, 5])
def test_chance_averages_and_early_stopping_are_the_same_after_a_resume(
    tmp_path: Path, stopped_at: int
) -> None:
    def recipe() -> SmallRecipe:
        return small_recipe(9, validate_steps=2, validation_batches=1, early_stopping=STOP_EARLY)

    whole = trainer(recipe(), tmp_path / "whole")
    whole.run()

    class Stopped(SmallRecipe):
        def loss(self, network: torch.nn.Module, batch: object) -> tuple[Tensor, Mapping[str, Tensor]]:
            if len(self.seen) == stopped_at - 1:
                os.kill(os.getpid(), signal.SIGTERM)
            return super().loss(network, batch)  # type: ignore[arg-type]

    trainer(Stopped(recipe().settings), tmp_path / "stopped").run()
    resumed = trainer(recipe(), tmp_path / "stopped")
    assert resumed.progress.step == stopped_at
    resumed.run()

    for one, other in ((whole.network, resumed.network), (whole.averaged, resumed.averaged)):
        assert_same_weights(one.state_dict(), other.state_dict())
    best, best_again = whole.stopping.best, resumed.stopping.best
    assert best is not None
    assert best_again is not None
    assert (best.figure, best.step, best.since) == (best_again.figure, best_again.step, best_again.since)
    assert_same_weights(best.averaged, best_again.averaged)


def test_a_run_whose_validation_gets_no_better_stops_and_leaves_its_best_weights(tmp_path: Path) -> None:
    recipe = small_recipe(50, validate_steps=1, validation_batches=1, early_stopping=STOP_EARLY)
    recipe.figures = [0.5, 0.3, 0.4, 0.35, 0.1]
    said: list[str] = []
    run = trainer(recipe, tmp_path, said)
    run.run()
    assert run.progress.step == 4
    assert said[-1] == "stopped early; the best error was 0.300, at step 2: its weights are kept"
    kept = read_checkpoint(run.checkpoint, recipe.settings)
    two_steps = trainer(small_recipe(50), tmp_path / "other")
    for batch in (b for b, _ in zip(recipe.train_batches(0), range(2), strict=False)):
        two_steps.step(batch)  # type: ignore[arg-type]
    assert_same_weights(kept.result, two_steps.averaged.state_dict())
    assert_same_weights(torch.load(run.weights, weights_only=True), kept.result)


def test_a_run_that_is_at_its_end_trains_no_further(tmp_path: Path) -> None:
    trainer(small_recipe(3), tmp_path).run()
    again = small_recipe(3)
    trainer(again, tmp_path).run()
    assert again.seen == []


def test_progress_names_steps_share_and_time_left_from_the_first_line(tmp_path: Path) -> None:
    said: list[str] = []
    trainer(small_recipe(4), tmp_path, said).run()
    assert said[0] == "training on cpu, 1 thread, float32, one process"
    assert said[1].startswith("step 1 of 4  25.0%")
    assert "left 0.0 min" in said[1]
    assert said[2].startswith("step 4 of 4  100.0%")


def test_a_few_steps_on_one_batch_bring_the_loss_down(data: Path, tmp_path: Path) -> None:
    recipe = ViewRecipe(tiny_recipe(1000), data)
    run = trainer(recipe, tmp_path)
    run.progress.step = 500
    batch = next(recipe.train_batches(0))
    losses = [run.step(batch)["total"] for _ in range(12)]
    assert losses[-1] < losses[0] * 0.8


class _Interrupted(ViewRecipe):
    """Receives SIGTERM while its second batch is made."""

    def train_batches(self, first: int, stride: int = 1) -> Iterator[Batch]:
        for number, batch in enumerate(super().train_batches(first, stride)):
            if number == 1:
                os.kill(os.getpid(), signal.SIGTERM)
            yield batch


def test_sigterm_ends_the_run_with_a_checkpoint(data: Path, tmp_path: Path) -> None:
    settings = tiny_recipe(50)
    said: list[str] = []
    trainer(_Interrupted(settings, data), tmp_path, said).run()
    assert read_checkpoint(tmp_path / "checkpoint.pt", settings).step == 2
    assert "goes on from here" in said[-1]
    assert not (tmp_path / "weights.pt").exists()


class _Exploding(ViewRecipe):
    def loss(self, network: torch.nn.Module, batch: Batch) -> tuple[Tensor, Mapping[str, Tensor]]:
        loss, parts = super().loss(network, batch)
        return loss * float("nan"), parts


def test_a_loss_that_is_not_finite_changes_no_weight_and_is_counted(data: Path, tmp_path: Path) -> None:
    recipe = _Exploding(tiny_recipe(2), data)
    run = trainer(recipe, tmp_path)
    before = {name: value.clone() for name, value in run.network.named_parameters()}
    run.step(next(recipe.train_batches(0)))
    assert run.skipped == 1
    assert_same_weights(before, dict(run.network.named_parameters()))


def test_reduced_precision_learns_and_answers_in_full(tmp_path: Path, data: Path) -> None:
    recipe = ViewRecipe(tiny_recipe(1000, bf16=True), data)
    run = trainer(recipe, tmp_path)
    assert isinstance(run.network, ViewNetwork)
    batch = next(recipe.train_batches(0))
    _, output = run.network(batch.images, batch.reference, batch.frame)
    assert output.relation.dtype == torch.float32
    run.progress.step = 500
    losses = [run.step(batch)["total"] for _ in range(8)]
    assert losses[-1] < losses[0]


class _OfTwoLayers(torch.nn.Module):
    """Torch compiles a network's own class; of its ready-made ones it takes no notice."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = torch.nn.Linear(6, 8), torch.nn.Linear(8, 2)

    def forward(self, given: Tensor) -> Tensor:
        return self.second(torch.relu(self.first(given)))


class _Compilable(SmallRecipe):
    def build(self) -> torch.nn.Module:
        return _OfTwoLayers()


@pytest.mark.skipif(shutil.which("g++") is None, reason="torch compiles for the CPU with g++")
def test_a_compiled_network_learns_the_same_and_is_gone_on_from_uncompiled(tmp_path: Path) -> None:
    plain = trainer(_Compilable(tiny_recipe(3)), tmp_path / "plain")
    plain.run()
    before = counters["stats"]["unique_graphs"]
    compiled = trainer(_Compilable(tiny_recipe(3, compile=True)), tmp_path / "compiled")
    compiled.run()
    assert counters["stats"]["unique_graphs"] > before
    for name, value in plain.network.state_dict().items():
        torch.testing.assert_close(value, compiled.network.state_dict()[name])
    assert trainer(_Compilable(tiny_recipe(4)), tmp_path / "compiled").progress.step == 3


def test_a_gpu_that_is_asked_for_and_absent_is_named(tmp_path: Path) -> None:
    if torch.cuda.is_available():
        pytest.skip("this machine has a GPU")
    with pytest.raises(RecipeError, match=r"run.device: cuda.*auto or cpu"):
        trainer(small_recipe(2, device="cuda"), tmp_path)


def test_a_figure_that_the_validation_does_not_give_is_named(tmp_path: Path) -> None:
    wrong = {**STOP_EARLY, "figure": "eror"}
    recipe = small_recipe(2, validate_steps=1, validation_batches=1, early_stopping=wrong)
    with pytest.raises(RecipeError, match=r"no figure 'eror'.*one of: error"):
        trainer(recipe, tmp_path).run()


def test_a_checkpoint_of_another_recipe_is_refused_and_says_what_differs(tmp_path: Path) -> None:
    trainer(small_recipe(2), tmp_path).save()
    other = tiny_recipe(2).model_copy(update={"optimiser": OptimiserSettings(learning_rate=0.5)})
    with pytest.raises(RecipeError, match=r"another recipe: optimiser.learning_rate was 0.001 and is 0.5"):
        trainer(SmallRecipe(other), tmp_path)


def test_a_damaged_checkpoint_is_named(tmp_path: Path) -> None:
    (tmp_path / "checkpoint.pt").write_bytes(b"not a checkpoint")
    with pytest.raises(RecipeError, match="damaged"):
        trainer(small_recipe(2), tmp_path)


def test_a_checkpoint_from_before_a_setting_existed_is_gone_on_from(tmp_path: Path) -> None:
    run = trainer(small_recipe(4), tmp_path)
    run.save()
    values = torch.load(run.checkpoint, weights_only=True)
    for later in ("device", "compile", "validate_steps", "early_stopping"):
        del values["recipe"]["run"][later]
    del values["recipe"]["tracker"], values["recipe"]["optimiser"]["clip_norm"], values["best"]
    values["random"] = torch.get_rng_state()
    torch.save(values, run.checkpoint)
    said: list[str] = []
    trainer(small_recipe(4), tmp_path, said)
    assert said[-1].startswith("going on from step 0")
