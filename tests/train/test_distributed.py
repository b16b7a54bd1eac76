"""Two real processes, started by torchrun and joined by gloo, train one network."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from tests.train.drawn import draw_data
from tests.train.small import small_batch, small_recipe
from train.distributed import Processes, bare, joined
from train.loop import Trainer, seed_of
from train.tracking import NoTracker

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def ranks(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """What both processes noted."""
    out = tmp_path_factory.mktemp("two")
    data = draw_data(tmp_path_factory.mktemp("data"))
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [
            *(sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"),
            *(str(ROOT / "tests/train/two_processes.py"), str(out), str(data)),
        ],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr
    return [torch.load(out / f"rank{rank}.pt", weights_only=True) for rank in range(2)]


@pytest.mark.parametrize("part", ["whole", "averaged", "resumed", "view"])
def test_both_processes_end_with_the_same_weights(ranks: list[dict[str, Any]], part: str) -> None:
    assert ranks[0][part]
    for name in ranks[0][part]:
        assert torch.equal(ranks[0][part][name], ranks[1][part][name]), name


def test_each_process_draws_batches_of_its_own_by_number(ranks: list[dict[str, Any]]) -> None:
    assert [rank["seen"] for rank in ranks] == [[0, 2, 4, 6, 8, 10], [1, 3, 5, 7, 9, 11]]


def test_a_stopped_run_of_two_processes_ends_where_an_undisturbed_one_does(
    ranks: list[dict[str, Any]],
) -> None:
    for name, value in ranks[0]["whole"].items():
        assert torch.equal(value, ranks[0]["resumed"][name]), name


def test_the_first_process_alone_validates_and_both_stop_early(ranks: list[dict[str, Any]]) -> None:
    assert [rank["early_validated"] for rank in ranks] == [2, 0]
    assert [rank["early_steps"] for rank in ranks] == [2, 2]


def test_a_loss_that_is_not_finite_in_one_process_is_skipped_by_both(ranks: list[dict[str, Any]]) -> None:
    assert [rank["skipped"] for rank in ranks] == [1, 1]


def test_gradients_are_the_mean_of_both_processes(ranks: list[dict[str, Any]], tmp_path: Path) -> None:
    """One process that averages the gradients of both by hand, with the same chance, takes the same steps."""
    recipe = small_recipe(6)
    run = Trainer(recipe, tmp_path, lambda _: None, NoTracker())
    whole_loss = recipe.loss

    def both(network: nn.Module, batch: object) -> Any:
        losses = []
        for rank in range(2):
            torch.manual_seed(seed_of(run.settings.run.seed, run.progress.step, rank))
            losses.append(whole_loss(network, small_batch(2 * run.progress.step + rank))[0])
        return sum(losses) / 2, {}

    recipe.loss = both  # type: ignore[method-assign]
    run.run()
    for name, value in run.network.named_parameters():
        torch.testing.assert_close(value.detach(), ranks[0]["whole"][name], rtol=1e-4, atol=1e-6)


def test_one_process_by_itself_joins_nobody() -> None:
    network = nn.Linear(1, 1)
    with joined(torch.device("cpu")) as processes:
        assert processes == Processes(0, 1)
        assert processes.largest(3.0, -1.0) == (3.0, -1.0)
        assert bare(processes.wrap(network, torch.device("cpu"))) is network
