"""`python -m train synthesize`."""

from __future__ import annotations

from pathlib import Path

import click

from train.cli.common import say

SHARE = click.FloatRange(0, 1)


@click.command()
@click.option("--clean", type=click.Path(path_type=Path), required=True, help="Directory of clean pictures.")
@click.option("--stickers", type=click.Path(path_type=Path), required=True, help="LABEL/*.png or LABEL.png.")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="New directory.")
@click.option("--count", type=click.IntRange(1), required=True, help="Pictures to make.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True)
@click.option("--clean-share", type=SHARE, default=0.2, show_default=True, help="Left without a sticker.")
@click.option(
    "--most-stickers", type=click.IntRange(1, 200), default=3, show_default=True, help="On a picture."
)
@click.option(
    "--scale",
    type=(click.FloatRange(0.01, 4), click.FloatRange(0.01, 4)),
    default=(0.08, 0.45),
    show_default=True,
    help="Smallest and largest height, as a share of the picture's shorter side.",
)
@click.option("--seamless-share", type=SHARE, default=0.0, show_default=True, help="Blended by gradients.")
@click.option("--strict", is_flag=True, help="Refuse instead of skipping what cannot be read.")
def synthesize(
    clean: Path,
    stickers: Path,
    out: Path,
    count: int,
    seed: int,
    clean_share: float,
    most_stickers: int,
    scale: tuple[float, float],
    seamless_share: float,
    strict: bool,
) -> None:
    """Splice stickers onto clean pictures, with masks and COCO annotations.

    Place, size, roll, opacity, edges and light are random; the same seed gives the same files. `crop` reads the
    annotations.

    Example: python -m train synthesize --clean photos --stickers stickers --out synthetic --count 500 --seed 1
    """
    from train.preparation.problems import Problems
    from train.preparation.splice import SpliceSettings
    from train.preparation.splice import synthesize as write_synthetic

    if scale[0] > scale[1]:
        raise click.BadParameter("the smallest comes first", param_hint="--scale")
    problems = Problems(strict)
    settings = SpliceSettings(count, seed, clean_share, most_stickers, scale, seamless_share)
    made = write_synthetic(clean, stickers, out, settings, problems)
    problems.tell(say)
    shown = ", ".join(f"{number} {label}" for label, number in made.stickers.items())
    say(f"{made.pictures} pictures in {out}, {made.clean} of them clean; stickers: {shown}")
