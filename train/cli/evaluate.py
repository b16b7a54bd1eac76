"""`python -m train evaluate`."""

from __future__ import annotations

from pathlib import Path

import click

from train.cli.common import BUNDLE, DATA, PER_CAMERA, RECIPE, say


@click.command()
@RECIPE
@BUNDLE
@click.option("--split", type=click.Choice(["validation", "dev"]), default="validation", show_default=True)
@PER_CAMERA
@click.option("--write", is_flag=True, help="Note the figures on the bundle's card.")
@DATA
def evaluate(recipe: Path, bundle: Path | None, split: str, per_camera: int, write: bool, data: Path) -> None:
    """Measure a bundle on real pictures, the network's head and embedding alone.

    Example: python -m train evaluate config/recipes/view.yaml --split dev --per-camera 12
    """
    from monitor.vision.bundle import load_bundle, rewrite_card, shipped_bundle_path
    from train.cli.opening import open_recipe
    from train.evaluate import as_text, figures, judge
    from train.inference import BundleRunner
    from train.protocol import trials
    from train.recipes.settings import read_recipe

    built = open_recipe(read_recipe(recipe), data)
    path = bundle or shipped_bundle_path()
    loaded = load_bundle(path)
    pool = built.splits.dev if split == "dev" else built.splits.validation
    findings = judge(BundleRunner(loaded), trials(pool, built.rules, per_camera))
    found = figures(findings, loaded.card.operating_point.get("alarm_above", 0.5))
    if write:
        rewrite_card(path, metrics={**loaded.card.metrics, split: found})
    say(f"{loaded.id} on {pool!r}\n" + as_text(found))
