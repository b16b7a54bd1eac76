"""`python -m train activations`."""

from __future__ import annotations

from pathlib import Path

import click

from train.cli.common import RECIPE


@click.command()
@RECIPE
@click.argument("images", type=click.Path(path_type=Path), nargs=-1, required=True)
@click.option(
    "--run", "run_", type=click.Path(path_type=Path), required=True, help="Run directory with the checkpoint."
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=Path("activations"),
    show_default=True,
    help="Folder for the sheets.",
)
@click.option(
    "--against", type=click.Path(path_type=Path), help="Also show where each picture is like this reference."
)
def activations(recipe: Path, images: tuple[Path, ...], run_: Path, out: Path, against: Path | None) -> None:
    """Draw where in pictures a trained network's last feature map is strong: picture, heat, and one over the other.

    IMAGES are pictures, or folders of pictures. It shows where the network sees much, not what it concludes from it.

    Example: python -m train activations config/recipes/view.yaml photo.jpg --run runs/view --out activations
    """
    from train.cli.retrieval_output import say_skipped
    from train.preparation.pictures import find_pictures
    from train.recipes.opening import open_network
    from train.retrieval.activation_drawing import draw_activations

    paths = [path for image in images for path in (find_pictures(image) if image.is_dir() else [image])]
    sheets, skipped = draw_activations(open_network(recipe, run_), paths, out, against)
    say_skipped(skipped)
    for sheet in sheets:
        click.echo(f"wrote {sheet}")
