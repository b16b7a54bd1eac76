"""What each of two processes does that `torchrun` started: trains, is stopped, goes on, and notes its weights.

Run as: torchrun --nproc-per-node 2 tests/train/two_processes.py OUT DATA
"""

from __future__ import annotations

import sys
from pathlib import Path

import torch

from tests.train.drawn import tiny_recipe
from tests.train.small import SmallRecipe, small_recipe
from train.distributed import Processes, joined
from train.loop import Trainer
from train.recipes.recipe import Recipe
from train.recipes.view import ViewRecipe
from train.tracking import NoTracker

STOP_EARLY = {"figure": "error", "better": "lower", "patience_validations": 1}


def main(out: Path, data: Path) -> None:
    with joined(torch.device("cpu")) as processes:

        def trainer(recipe: Recipe | SmallRecipe, run: str) -> Trainer:
            return Trainer(recipe, out / run, lambda _: None, NoTracker(), processes)  # type: ignore[arg-type]

        whole_recipe = small_recipe(6)
        whole = trainer(whole_recipe, "whole")
        whole.run()
        resumed = stopped_and_resumed(trainer, processes)
        # What processes learn of their own batches beside the weights (running means) may differ; weights may not.
        early_recipe = small_recipe(50, validate_steps=1, validation_batches=1, early_stopping=STOP_EARLY)
        early_recipe.figures = [0.3, 0.4]
        early = trainer(early_recipe, "early")
        early.run()
        one_bad_recipe = OneBadLoss(tiny_recipe(2))
        one_bad = trainer(one_bad_recipe, "bad")
        one_bad.run()
        view = trainer(ViewRecipe(tiny_recipe(1, validation_batches=1), data), "view")
        view.run()
        found = {
            "seen": whole_recipe.seen,
            "whole": dict(whole.network.named_parameters()),
            "averaged": dict(whole.averaged.named_parameters()),
            "resumed": dict(resumed.network.named_parameters()),
            "early_steps": early.progress.step,
            "early_validated": early_recipe.validated,
            "skipped": one_bad.skipped,
            "view": dict(view.network.named_parameters()),
        }
        torch.save(found, out / f"rank{processes.rank}.pt")


def stopped_and_resumed(trainer: object, processes: Processes) -> Trainer:
    assert callable(trainer)
    first_recipe = small_recipe(6)
    first = trainer(first_recipe, "stopped")
    batches = first_recipe.train_batches(processes.rank, processes.count)
    for _ in range(3):
        first.step(next(batches))
    first.save()
    processes.largest(0.0)  # nobody reads before the first process has written
    resumed = trainer(small_recipe(6), "stopped")
    assert resumed.progress.step == 3
    resumed.run()
    assert isinstance(resumed, Trainer)
    return resumed


class OneBadLoss(SmallRecipe):
    """The second process's first loss is not finite."""

    def loss(self, network, batch):  # type: ignore[no-untyped-def]
        loss, parts = super().loss(network, batch)
        return loss * (float("nan") if batch.number == 1 else 1.0), parts


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
