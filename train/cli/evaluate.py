"""`python -m train evaluate`."""

from __future__ import annotations

from pathlib import Path

import click

from train.cli.common import BUNDLE, DATA, RECIPE, say


@click.command()
@RECIPE
@BUNDLE
@click.option("--split", type=click.Choice(["validation", "dev"]), default="validation", show_default=True)
@click.option(
    "--per-camera", type=click.IntRange(1), default=6, show_default=True, help="References a camera."
)
@click.option("--write", is_flag=True, help="Note the figures on the bundle's card.")
@DATA
def evaluate(recipe: Path, bundle: Path | None, split: str, per_camera: int, write: bool, data: Path) -> None:
    """Measure a bundle on the benchmark's pairs: with the service's whole comparison, and its network alone.

    Example: python -m train evaluate config/recipes/view.yaml --split validation --per-camera 6
    """
    from monitor.vision.bundle import load_bundle, rewrite_card, shipped_bundle_path
    from train.benchmark.pairs import count_pairs, pairs
    from train.data.sampling import PairingRules
    from train.evaluate import as_json, as_text
    from train.evaluate import evaluate as measure
    from train.recipes.opening import open_recipe
    from train.recipes.reading import read_recipe

    built = open_recipe(read_recipe(recipe), data)
    path = bundle or shipped_bundle_path()
    pool = built.splits.dev if split == "dev" else built.splits.validation
    rules = PairingRules() if split == "dev" else built.rules
    figures = measure(path, pairs(pool, rules, per_camera), say, count_pairs(pool, per_camera))
    loaded = load_bundle(path)
    if write:
        noted = {"cameras": sorted(pool.cameras), "per_camera": per_camera, **as_json(figures)}
        rewrite_card(path, metrics={**loaded.card.metrics, split: noted})
    say(f"{loaded.id} on {pool!r}\n" + as_text(figures))
