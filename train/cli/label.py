"""`python -m train label`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from train.cli.common import BUNDLE, say

if TYPE_CHECKING:
    from train.preparation.problems import Problems

PATH = click.Path(path_type=Path)


@click.command()
@click.argument("directory", type=PATH)
@BUNDLE
@click.option("--known", type=PATH, help="LABEL/… folders, or a CSV with path,label: what is known already.")
@click.option(
    "--out",
    type=PATH,
    required=True,
    help="Proposals (CSV); with --review the page, with --accept a directory.",
)
@click.option(
    "--confidence", type=click.FloatRange(0, 1), default=0.8, show_default=True, help="From here on, sure."
)
@click.option(
    "--neighbours", type=click.IntRange(1), default=5, show_default=True, help="Known pictures that vote."
)
@click.option("--review", type=PATH, help="A CSV of proposals to make a page of, for a person to review.")
@click.option("--most", type=click.IntRange(1), default=1000, show_default=True, help="Pictures on the page.")
@click.option(
    "--accept", type=PATH, help="A reviewed CSV whose accepted pictures are copied into label folders."
)
@click.option("--take-sure", is_flag=True, help="With --accept: also take sure ones that nobody reviewed.")
@click.option("--strict", is_flag=True, help="Refuse instead of skipping what cannot be read.")
def label(
    directory: Path,
    bundle: Path | None,
    known: Path | None,
    out: Path,
    confidence: float,
    neighbours: int,
    review: Path | None,
    most: int,
    accept: Path | None,
    take_sure: bool,
    strict: bool,
) -> None:
    """Label pictures with a network that exists already, reviewed by a person.

    First proposals for the pictures in DIRECTORY, then a page on which a person decides, then the accepted ones in
    folders by label. What nobody decided on is never taken, unless --take-sure says so.

    Example: python -m train label photos --bundle osnet.bundle --known labelled --out labels.csv

    Example: python -m train label photos --review labels.csv --out review.html

    Example: python -m train label photos --accept reviewed.csv --out labelled-more
    """
    from train.preparation.problems import Problems

    if sum(option is not None for option in (known, review, accept)) != 1:
        raise click.UsageError(
            "Give one of --known (propose), --review (make the page) or --accept (take over)."
        )
    if take_sure and accept is None:
        raise click.UsageError("--take-sure goes with --accept.")
    problems = Problems(strict)
    if known is not None:
        _propose(directory, bundle, known, out, confidence, neighbours, problems)
    elif review is not None:
        from train.preparation.review import write_review
        from train.preparation.reviewing import read_rows

        shown = write_review(out, read_rows(review), directory, problems, most)
        say(f"{shown} pictures on {out}: open it in a browser, decide, and download reviewed.csv")
    elif accept is not None:
        from train.preparation.reviewing import accept as take_over
        from train.preparation.reviewing import read_rows

        rows = read_rows(accept)
        counts = take_over(rows, directory, out, problems, confidence if take_sure else None)
        left = sum(not row.decision for row in rows)
        shown_counts = ", ".join(f"{number} {name}" for name, number in sorted(counts.items()))
        say(f"{out}: {shown_counts}; {left} of {len(rows)} proposals were not reviewed")
    problems.tell(say)


def _propose(
    directory: Path,
    bundle: Path | None,
    known: Path,
    out: Path,
    confidence: float,
    neighbours: int,
    problems: Problems,
) -> None:
    from monitor.vision.bundle import shipped_bundle_path
    from train.preparation.labelling import Proposer, embed_readable, read_known
    from train.preparation.pictures import find_pictures
    from train.preparation.reviewing import rows_of, write_rows
    from train.retrieval.embed import Embedder

    pictures = find_pictures(directory)
    labels = read_known(known)
    embedder = Embedder(bundle or shipped_bundle_path())
    embedded = embed_readable(embedder, sorted(labels), problems)
    proposer = Proposer(embedded, [labels[path] for path in embedded.paths], neighbours)
    if proposer.calibrated:
        say(f"of the known pictures, {proposer.own_accuracy:.1%} are nearest to one of their own label")
    else:
        say("no label has two known pictures: confidences are bare similarities")
    with click.progressbar(length=len(pictures), label="embedding") as bar:
        unknown = embed_readable(embedder, pictures, problems, lambda: bar.update(1))
    proposals = proposer.propose(unknown)
    write_rows(out, rows_of(proposals, directory))
    sure = sum(one.confidence >= confidence for one in proposals)
    say(f"{len(proposals)} proposals in {out}, {sure} of them at least {confidence:.0%} sure")
