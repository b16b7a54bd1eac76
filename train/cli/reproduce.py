"""`python -m train reproduce`."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

import click

from train.cli.common import DATA, say


@click.command()
@DATA
@click.option(
    "--quick", is_flag=True, help="A few dozen steps each, on a CPU in minutes, to see that it works."
)
@click.option("--only", "only", multiple=True, metavar="RECIPE", help="Only this recipe; again for more.")
@click.option(
    "--recipes",
    type=click.Path(path_type=Path),
    default=Path("config/recipes"),
    show_default=True,
    help="Directory of the recipes.",
)
@click.option("--per-camera", type=click.IntRange(1), help="References a camera [default: 2, or 1 if quick].")
@click.option("--out", type=click.Path(path_type=Path), help="[default: runs/reproduction or runs/quick].")
def reproduce(
    data: Path, quick: bool, only: tuple[str, ...], recipes: Path, per_camera: int | None, out: Path | None
) -> None:
    """Train the five published designs, measure them side by side, and write a report.

    The same command goes on after a kill; what is finished is not done again.

    Example: python -m train reproduce --quick --data ../shared/data

    Example: python -m train reproduce --only koch_oneshot --only osnet_triplet --out runs/two
    """
    from train.recipes.settings import RecipeError
    from train.reproduction.designs import DESIGNS
    from train.reproduction.pictures import draw_pictures
    from train.reproduction.report import write_report
    from train.reproduction.run import Plan, measure_on_pairs, pool_of
    from train.reproduction.run import reproduce as run

    known = [design.recipe for design in DESIGNS]
    if unknown := [name for name in only if name not in known]:
        raise RecipeError(
            f"No published design has the recipe {', '.join(unknown)}.", f"There are {', '.join(known)}."
        )
    chosen = [design for design in DESIGNS if not only or design.recipe in only]
    directory = out or Path("runs/quick" if quick else "runs/reproduction")
    plan = Plan(chosen, recipes, data, directory, quick, per_camera or (1 if quick else 2))
    done = run(plan, say)
    say("the benchmark's pairs")
    rows = measure_on_pairs(plan, done, say)
    drawn = draw_pictures(done, pool_of(done[0], plan), directory / "pictures")
    command = shlex.join(["python", "-m", "train", *sys.argv[1:]])
    say(f"wrote {write_report(plan, done, rows, drawn, command)}")
