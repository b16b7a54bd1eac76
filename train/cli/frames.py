"""`python -m train frames`."""

from __future__ import annotations

from pathlib import Path

import click

from train.cli.common import BUNDLE, DATA, say


@click.command()
@DATA
@click.option("--split", type=click.Choice(["train", "dev"]), default="dev", show_default=True)
@click.option(
    "--seed", type=click.IntRange(0), default=0, show_default=True, help="Another one gives other damage."
)
@BUNDLE
def frames(data: Path, split: str, seed: int, bundle: Path | None) -> None:
    """Measure what frames tell of themselves: near-duplicates, damage, smears, combs, formats, colours.

    Prints tables. Damaged frames are judged by the service's own command, `monitor compare`.

    Example: python -m train frames --data ../shared/data --split train
    """
    from train.benchmark.frames.report import as_text
    from train.benchmark.frames.run import measure_frames
    from train.data.manifest import read_manifest

    figures = measure_frames(read_manifest(data), split, seed, bundle, say)
    click.echo(as_text(figures))
