"""`python -m train calibrate`."""

from __future__ import annotations

from pathlib import Path

import click

from train.cli.common import BUNDLE, DATA, PER_CAMERA, RECIPE, say


@click.command()
@RECIPE
@BUNDLE
@click.option(
    "--budget",
    type=click.FloatRange(min=0, min_open=True),
    default=1.0,
    show_default=True,
    help="False alarms of a camera and year that are acceptable.",
)
@click.option(
    "--interval",
    type=click.FloatRange(min=0, min_open=True),
    default=60.0,
    show_default=True,
    help="Seconds between two checks.",
)
@PER_CAMERA
@click.option(
    "--also",
    multiple=True,
    metavar="CAMERA",
    help="A camera that was trained on; again for more. The card says so.",
)
@click.option(
    "--floor",
    type=click.FloatRange(0, 1),
    default=0.95,
    show_default=True,
    help="Smallest share of flips and of 5 % shifts that must still be named.",
)
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True)
@DATA
def calibrate(
    recipe: Path,
    bundle: Path | None,
    budget: float,
    interval: float,
    per_camera: int,
    also: tuple[str, ...],
    floor: float,
    seed: int,
    data: Path,
) -> None:
    """Choose the operating point for a budget of false alarms, and write it onto the bundle's card.

    It is chosen on the recipe's validation cameras, with the service's debounce, and the card says with what bounds.

    Example: python -m train calibrate config/recipes/view.yaml --budget 1 --interval 60
    """
    from monitor.vision.bundle import shipped_bundle_path
    from train.calibration.calibrate import calibrate_bundle
    from train.calibration.limits import Demands
    from train.calibration.plan import CalibrationOptions, cameras_of
    from train.recipes.opening import open_recipe
    from train.recipes.reading import read_recipe

    built = open_recipe(read_recipe(recipe), data)
    cameras = cameras_of(built.splits.validation, built.splits.train, built.rules, also)
    options = CalibrationOptions(
        budget_per_camera_year=budget,
        interval_s=interval,
        per_camera=per_camera,
        demands=Demands(floor=floor),
        seed=seed,
    )
    say("\n" + calibrate_bundle(bundle or shipped_bundle_path(), cameras, options, say).text)
