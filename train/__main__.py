"""`python -m train`: fit, evaluate, calibrate and export the networks that the monitor uses."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from monitor.domain.errors import MonitorError

DATA = click.option(
    "--data",
    type=click.Path(path_type=Path),
    default=Path("../shared/data"),
    show_default=True,
    help="Directory that holds manifest.csv.",
)


def _say(line: str) -> None:
    click.echo(f"{datetime.now(UTC):%H:%M:%S} {line}")


class _Commands(click.Group):
    """Prints errors that people can act on as such, without a traceback."""

    def invoke(self, context: click.Context) -> object:
        try:
            return super().invoke(context)
        except MonitorError as error:
            raise click.ClickException(str(error)) from error


@click.group(cls=_Commands)
def main() -> None:
    """Make the bundles that the monitor loads."""


@main.command()
@click.argument("recipe", type=click.Path(path_type=Path))
@DATA
@click.option("--out", type=click.Path(path_type=Path), default=None, help="Run directory [default: runs/NAME].")
def fit(recipe: Path, data: Path, out: Path | None) -> None:
    """Train as RECIPE says; the same command goes on after a kill.

    Example: python -m train fit config/recipes/view.yaml --data ../shared/data
    """
    from train.loop import Trainer
    from train.recipes.settings import read_recipe
    from train.recipes.view import ViewRecipe
    from train.tracking import NoTracker, TensorBoardTracker

    settings = read_recipe(recipe)
    directory = out or Path("runs") / settings.name
    built = ViewRecipe(settings, data)
    _say(f"{built.manifest!r} {built.splits!r}")
    tracker = TensorBoardTracker(directory / "tensorboard") if settings.run.tensorboard else NoTracker()
    Trainer(built, directory, _say, tracker).run()


if __name__ == "__main__":
    main()
