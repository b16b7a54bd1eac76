"""`python -m train calibrate`."""

from __future__ import annotations

from pathlib import Path

import click

from train.cli.common import BUNDLE, DATA, PER_CAMERA, RECIPE, say


@click.command()
@RECIPE
@BUNDLE
@PER_CAMERA
@click.option("--false-alarms", type=click.FloatRange(0, 0.5), default=0.01, show_default=True)
@DATA
def calibrate(recipe: Path, bundle: Path | None, per_camera: int, false_alarms: float, data: Path) -> None:
    """Choose the operating point on the recipe's validation cameras, and write it onto the bundle's card.

    Example: python -m train calibrate config/recipes/view.yaml --false-alarms 0.01
    """
    from monitor.vision.bundle import load_bundle, rewrite_card, shipped_bundle_path
    from train.calibrate import operating_point
    from train.cli.opening import open_recipe
    from train.evaluate import as_text, figures, judge
    from train.inference import BundleRunner
    from train.protocol import trials
    from train.recipes.settings import read_recipe

    built = open_recipe(read_recipe(recipe), data)
    path = bundle or shipped_bundle_path()
    loaded = load_bundle(path)
    findings = judge(BundleRunner(loaded), trials(built.splits.validation, built.rules, per_camera))
    point, calibration = operating_point(findings, false_alarms)
    found = figures(findings, point["alarm_above"])
    metrics = {**loaded.card.metrics, "validation": found}
    rewrite_card(path, operating_point=point, calibration=calibration, metrics=metrics)
    say("\n" + as_text(found))
    say("operating point: " + "  ".join(f"{name} {value:.3f}" for name, value in point.items()))
