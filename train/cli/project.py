"""`python -m train project`."""

from __future__ import annotations

from pathlib import Path

import click

from train.cli.common import BUNDLE


@click.command()
@click.argument("directory", type=click.Path(path_type=Path))
@BUNDLE
@click.option(
    "--method",
    type=click.Choice(["tsne", "pca"]),
    default="tsne",
    show_default=True,
    help="tsne keeps neighbours together; pca shows where most of the spread is.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=Path("map.png"),
    show_default=True,
    help="Picture of the map.",
)
@click.option(
    "--csv", "table", type=click.Path(path_type=Path), help="Also write the places here: path, label, x, y."
)
@click.option(
    "--per-label", type=click.IntRange(1), help="At most so many pictures of a label [default: all]."
)
@click.option("--seed", type=int, default=0, show_default=True, help="Of t-SNE; the same gives the same map.")
def project(
    directory: Path,
    bundle: Path | None,
    method: str,
    out: Path,
    table: Path | None,
    per_label: int | None,
    seed: int,
) -> None:
    """Lay the embeddings of a folder's pictures out on a plane, with thumbnails where they belong.

    Labels are sub-folders (or names as ID_IMAGE.jpg where there are none); with a manifest.csv in the folder its rows
    are taken, and its camera_id is the label.

    Example: python -m train project photos --method tsne --out map.png --csv places.csv
    """
    from monitor.vision.bundle import shipped_bundle_path
    from train.cli.retrieval_output import say_skipped, told_progress
    from train.retrieval.embed import Embedder
    from train.retrieval.figures import check_drawing_path
    from train.retrieval.folders import labelled_pictures, thin_out
    from train.retrieval.map_drawing import draw_map
    from train.retrieval.projection import Method, project_embeddings, write_places

    check_drawing_path(out)
    paths, labels = thin_out(*labelled_pictures(directory), per_label)
    embedder = Embedder(bundle or shipped_bundle_path())
    with told_progress() as on_start:
        embedded = embedder.embed(paths, on_start(len(paths)))
    say_skipped(embedded.skipped)
    label_of = dict(zip(paths, labels, strict=True))
    kept = [label_of[path] for path in embedded.paths]
    places = project_embeddings(embedded.vectors, Method(method), seed)
    title = f"{len(kept)} pictures by {embedder.bundle.id}, {'t-SNE' if method == 'tsne' else 'PCA'}"
    drawn = draw_map(places, embedded.paths, kept, title, out)
    click.echo(f"wrote {out}: {len(kept)} pictures of {len(set(kept))} labels, {drawn} with a thumbnail")
    if table is not None:
        write_places(table, embedded.paths, kept, places)
        click.echo(f"wrote {table}")
