"""`python -m train export`."""

from __future__ import annotations

from pathlib import Path

import click

from train.cli.common import DATA, RECIPE, say


@click.command()
@RECIPE
@click.option("--run", "run_", type=click.Path(path_type=Path), help="Run directory [default: runs/NAME].")
@click.option(
    "--bundle",
    type=click.Path(path_type=Path),
    help="File to write [default: NAME.bundle in the run directory].",
)
@DATA
def export(recipe: Path, run_: Path | None, bundle: Path | None, data: Path) -> None:
    """Write the averaged weights of a run's last checkpoint as a bundle; refused unless ONNX agrees with torch.

    Where the recipe stops early, the weights of the best validation are written instead of the last ones.

    Example: python -m train export config/recipes/view.yaml --run runs/view
    """
    from train.checkpoint import read_checkpoint
    from train.exporting.run import export_run
    from train.recipes.opening import load_network, open_recipe
    from train.recipes.reading import read_recipe

    settings = read_recipe(recipe)
    directory = run_ or Path("runs") / settings.name
    checkpoint = read_checkpoint(directory / "checkpoint.pt", settings)
    opened = open_recipe(settings, data)
    network = load_network(settings, checkpoint)
    path = bundle or directory / f"{settings.name}.bundle"
    written = export_run(opened, network, checkpoint, path)
    found = ", ".join(f"{name} {value:.3f}" for name, value in written.card.operating_point.items())
    say(
        f"wrote {written.id} to {path}, {path.stat().st_size / 1e6:.1f} MB; largest difference to torch "
        f"{written.card.metrics['parity_worst_difference']:.2g}" + (f"; {found}" if found else "")
    )
