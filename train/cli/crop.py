"""`python -m train crop`."""

from __future__ import annotations

from pathlib import Path

import click

from train.cli.common import say


@click.command()
@click.argument("annotations", type=click.Path(path_type=Path))
@click.option("--pictures", type=click.Path(path_type=Path), required=True, help="Directory of the pictures.")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="New directory for the crops.")
@click.option(
    "--margin", type=click.FloatRange(0, 10), default=0.0, show_default=True, help="Share of the box."
)
@click.option("--strict", is_flag=True, help="Refuse instead of skipping what cannot be used.")
def crop(annotations: Path, pictures: Path, out: Path, margin: float, strict: bool) -> None:
    """Cut labelled boxes out of pictures, one folder a label, with a labels.csv.

    ANNOTATIONS is COCO, LabelMe (a file, or a directory of them), or a list of
    {"path": …, "box": [x, y, width, height], "label": …}. Boxes are clipped to the picture.

    Example: python -m train crop instances.json --pictures photos --out crops --margin 0.1
    """
    from train.preparation.annotations import read_annotations
    from train.preparation.crops import crop_boxes
    from train.preparation.problems import Problems

    problems = Problems(strict)
    crops = crop_boxes(read_annotations(annotations, problems), pictures, out, problems, margin)
    problems.tell(say)
    labels = {one.label for one in crops}
    say(f"{len(crops)} crops of {len(labels)} labels in {out}")
    if len(labels) == 1:
        say(f"there is one label only, {labels.pop()!r}: nothing can be told apart by it alone")
