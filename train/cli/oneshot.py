"""`python -m train oneshot`."""

from __future__ import annotations

from pathlib import Path

import click

from train.cli.common import BUNDLE, say


@click.command()
@click.argument("pictures", type=click.Path(path_type=Path))
@BUNDLE
@click.option("--ways", type=click.IntRange(2), default=20, show_default=True, help="Classes of a contest.")
@click.option("--contests", type=click.IntRange(1), default=400, show_default=True, help="How many.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True)
def oneshot(pictures: Path, bundle: Path | None, ways: int, contests: int, seed: int) -> None:
    """Hold N-way one-shot contests: which of N pictures shows what the query shows?

    PICTURES is a data set of classes: a directory with a folder for each class (Omniglot's images_evaluation with its
    alphabets as it is), a directory with manifest.csv, whose cameras are the classes, or a CSV or JSON file.

    Example: python -m train oneshot omniglot/images_evaluation --bundle runs/koch-oneshot/koch-oneshot.bundle

    Example: python -m train oneshot ../shared/data --ways 10
    """
    from monitor.vision.bundle import shipped_bundle_path
    from train.data.listing import read_data
    from train.retrieval.contests import hold_contests

    known = [picture for picture in read_data(pictures).pictures if picture.same_view]
    with click.progressbar(length=contests, label="contests") as bar:
        found = hold_contests(
            bundle or shipped_bundle_path(),
            [picture.path for picture in known],
            [picture.camera for picture in known],
            ways,
            contests,
            seed,
            lambda: bar.update(1),
        )
    classes = len({picture.camera for picture in known})
    say(
        f"{found.bundle_id}: {found.accuracy:.1%} of {found.trials} {found.ways}-way contests among {classes} classes "
        f"({found.bounds.low:.1%} to {found.bounds.high:.1%}); by chance {1 / found.ways:.1%}"
    )
