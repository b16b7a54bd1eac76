"""`python -m train fit`."""

from __future__ import annotations

from pathlib import Path

import click

from train.cli.common import DATA, RECIPE, say


@click.command()
@RECIPE
@DATA
@click.option(
    "--out", type=click.Path(path_type=Path), default=None, help="Run directory [default: runs/NAME]."
)
def fit(recipe: Path, data: Path, out: Path | None) -> None:
    """Train as RECIPE says; the same command goes on after a kill.

    Several GPUs, or several processes on a CPU, train together when torchrun starts them.

    Example: python -m train fit config/recipes/view.yaml --data ../shared/data

    Example: torchrun --nproc-per-node 2 -m train fit config/recipes/view.yaml
    """
    from train.device import open_device
    from train.distributed import joined
    from train.loop import Trainer
    from train.recipes.opening import open_recipe
    from train.recipes.reading import read_recipe
    from train.tracking import NoTracker
    from train.tracking.opening import open_tracker

    settings = read_recipe(recipe)
    directory = out or Path("runs") / settings.name
    built = open_recipe(settings, data)
    with joined(open_device(settings.run)) as processes:

        def say_once(line: str) -> None:
            if processes.first:
                say(line)

        say_once(f"data {built.manifest!r} {built.splits!r}")
        trainer = Trainer(built, directory, say_once, NoTracker(), processes)
        if processes.first:
            trainer.tracker = open_tracker(settings, directory, trainer.progress.step)
        try:
            trainer.run()
        finally:
            trainer.tracker.close()
