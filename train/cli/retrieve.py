"""`python -m train retrieve`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from train.cli.common import BUNDLE

if TYPE_CHECKING:
    from train.retrieval.embed import Embedder
    from train.retrieval.search import Distance


@click.command()
@click.argument("image", type=click.Path(path_type=Path), required=False)
@click.option(
    "--gallery", type=click.Path(path_type=Path), required=True, help="Folder of the known pictures."
)
@BUNDLE
@click.option("--top", type=click.IntRange(1), default=5, show_default=True, help="How many are shown.")
@click.option(
    "--distance",
    type=click.Choice(["euclidean", "cosine"]),
    default="cosine",
    show_default=True,
    help="What near means.",
)
@click.option(
    "--out", type=click.Path(path_type=Path), help="Picture of what was found, for example found.png."
)
@click.option(
    "--store",
    type=click.Path(path_type=Path),
    help="Folder of the stored features [default: GALLERY/.gallery].",
)
@click.option("--evaluate", is_flag=True, help="Measure with all pictures of --query instead.")
@click.option("--query", type=click.Path(path_type=Path), help="Folder of the pictures to look for.")
def retrieve(
    image: Path | None,
    gallery: Path,
    bundle: Path | None,
    top: int,
    distance: str,
    out: Path | None,
    store: Path | None,
    evaluate: bool,
    query: Path | None,
) -> None:
    """Show the pictures of a gallery that are most like one picture, or measure how well that goes.

    The gallery's features are stored in a database (gallery.sqlite) and in a table for a spreadsheet (gallery.csv);
    later only new and changed pictures are embedded. Titles and styles come from the columns path, title and style of
    GALLERY/gallery.csv or GALLERY/manifest.csv; else the title is the file's name and the style its folder's.

    Embeddings are L2-normalised, and between such both distances give the same order. They differ only for a bundle
    that also gives its embedding before the normalisation (output `features`): euclidean then takes that one.

    With --evaluate, labels are sub-folders, or names as ID_IMAGE.jpg.

    Example: python -m train retrieve photo.jpg --gallery photos --top 5 --distance euclidean --out found.png

    Example: python -m train retrieve --evaluate --query query --gallery gallery --bundle mine.bundle
    """
    from monitor.vision.bundle import shipped_bundle_path
    from train.retrieval.embed import Embedder
    from train.retrieval.search import Distance

    if evaluate and (query is None or image is not None or out is not None or store is not None):
        raise click.UsageError("--evaluate goes with --query, and without IMAGE, --out and --store.")
    if not evaluate and (image is None or query is not None):
        raise click.UsageError("Give the path of an IMAGE, or --evaluate and --query.")
    embedder = Embedder(bundle or shipped_bundle_path())
    if query is not None:
        _evaluate(query, gallery, embedder, Distance(distance))
    elif image is not None:
        _look_up(image, gallery, embedder, Distance(distance), top, out, store)


def _look_up(
    image: Path,
    directory: Path,
    embedder: Embedder,
    distance: Distance,
    top: int,
    out: Path | None,
    store: Path | None,
) -> None:
    from train.cli.retrieval_output import say_skipped, told_progress
    from train.retrieval.figures import check_drawing_path
    from train.retrieval.gallery import open_gallery
    from train.retrieval.search import search
    from train.retrieval.sheet import draw_sheet

    if out is not None:
        check_drawing_path(out)
    embedder.embed_one(image)  # before the gallery's long work: can it be read at all?
    with told_progress() as on_start:
        gallery = open_gallery(directory, embedder, store, on_start)
    say_skipped(gallery.skipped)
    click.echo(
        f"gallery of {len(gallery.entries)} pictures: {gallery.embedded} embedded now, {gallery.dropped} gone "
        f"({gallery.bundle_id})"
    )
    hits = search(image, gallery, embedder, top, distance)
    title = max(len("title"), *(len(hit.entry.title) for hit in hits))
    style = max(len("style"), *(len(hit.entry.style) for hit in hits))
    click.echo(f"rank  {'title':{title}}  {'style':{style}}  distance  path")
    for hit in hits:
        entry = hit.entry
        click.echo(
            f"{hit.rank:4d}  {entry.title:{title}}  {entry.style:{style}}  {hit.distance:8.4f}  {entry.path}"
        )
    if out is not None:
        draw_sheet(image, hits, distance, out)
        click.echo(f"wrote {out}")


def _evaluate(query: Path, gallery: Path, embedder: Embedder, distance: Distance) -> None:
    from train.cli.retrieval_output import say_skipped
    from train.retrieval.evaluation import evaluate_folders

    found = evaluate_folders(query, gallery, embedder, distance)
    say_skipped(found.skipped)
    figures = found.figures
    click.echo(
        f"{figures.queries} queries in {found.gallery_pictures} pictures of {found.labels} labels, "
        f"{distance.value} distance ({embedder.bundle.id})"
    )
    if figures.unanswerable:
        click.echo(
            f"{figures.unanswerable} more queries count for nothing: none of their label is in the gallery"
        )
    click.echo(f"mAP      {figures.mean_average_precision:6.1%}")
    for rank, share in figures.rank.items():
        click.echo(f"Rank-{rank:<3d} {share:6.1%}")
    click.echo(
        f"{found.seconds_per_picture:.4f} s a picture (transform and network, CPU, without reading the file)"
    )
