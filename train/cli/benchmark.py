"""`python -m train benchmark`."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

import click

from train.cli.common import DATA, say

DEFAULT_RECIPE = Path("config/recipes/view.yaml")


@click.command()
@DATA
@click.option("--split", type=click.Choice(["dev", "validation", "train"]), default="dev", show_default=True)
@click.option(
    "--recipe",
    type=click.Path(path_type=Path),
    default=DEFAULT_RECIPE,
    show_default=True,
    help="Says which cameras are held out, and which of the train split may meet.",
)
@click.option(
    "--bundle",
    "bundles",
    type=click.Path(path_type=Path),
    multiple=True,
    help="A trained recipe's bundle; again for more. The first is ours [default: the shipped one].",
)
@click.option("--method", "methods", multiple=True, help="Only these methods [default: all].")
@click.option(
    "--skip", "skipped", multiple=True, type=click.Choice(["retrieval", "cost", "events"]), help="Leave out."
)
@click.option(
    "--per-camera", type=click.IntRange(1), default=12, show_default=True, help="References a camera."
)
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True)
@click.option("--workers", type=click.IntRange(1, 2), default=2, show_default=True)
@click.option(
    "--out", type=click.Path(path_type=Path), help="Directory of the report [default: runs/benchmark/SPLIT]."
)
def benchmark(
    data: Path,
    split: str,
    recipe: Path,
    bundles: tuple[Path, ...],
    methods: tuple[str, ...],
    skipped: tuple[str, ...],
    per_camera: int,
    seed: int,
    workers: int,
    out: Path | None,
) -> None:
    """Measure the comparator, the classical methods and any bundle on the same pairs, and write a report.

    The same command goes on after a kill. The report has tables as markdown and CSV, plots, and the worst pairs as
    pictures; those are not ours to redistribute.

    Example: python -m train benchmark --data ../shared/data --split dev

    Example: python -m train benchmark --split validation --method comparator --method orb --skip events
    """
    from train.benchmark.suite import METHODS, SECTIONS, Plan
    from train.benchmark.suite import benchmark as measure
    from train.data.sampling import PairingRules
    from train.recipes.opening import open_recipe
    from train.recipes.reading import read_recipe

    built = open_recipe(read_recipe(recipe), data)
    pool = {"dev": built.splits.dev, "validation": built.splits.validation, "train": built.splits.train}[
        split
    ]
    plan = Plan(
        split=split,
        bundles=bundles,
        methods=methods or METHODS,
        per_camera=per_camera,
        seed=seed,
        sections=[section for section in SECTIONS if section not in skipped],
        workers=workers,
        command=shlex.join(["python", "-m", "train", *sys.argv[1:]]),
    )
    # Of the dev cameras nothing is known that could restrict who meets whom.
    rules = PairingRules() if split == "dev" else built.rules
    report = measure(plan, built.manifest, pool, rules, out or Path("runs/benchmark") / split, say)
    say(f"wrote {report}")
