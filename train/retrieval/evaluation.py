"""Query and gallery folders, as person re-identification measures them: CMC, mean average precision, time."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from train.metrics.retrieval import RetrievalFigures, retrieval_figures
from train.preparation.pictures import find_pictures
from train.retrieval.embed import Embedded, Embedder, NothingToEmbed, Skipped
from train.retrieval.folders import label_pictures
from train.retrieval.gallery import digest_of
from train.retrieval.search import Distance, distances

TIMED_PICTURES = 50


@dataclass(frozen=True, slots=True)
class FolderFigures:
    """How well the pictures of one folder find their own kind in another.

    Attributes:
        figures: Over the queries.
        gallery_pictures: How many there were to find.
        labels: How many kinds the gallery has.
        seconds_per_picture: Of the transform and the network on the CPU, one picture after the other; median.
        skipped: Pictures that cannot be read.
    """

    figures: RetrievalFigures
    gallery_pictures: int
    labels: int
    seconds_per_picture: float
    skipped: tuple[Skipped, ...]


def evaluate_folders(
    query: Path, gallery: Path, embedder: Embedder, distance: Distance = Distance.COSINE
) -> FolderFigures:
    """Look up every picture of one folder in another; labels are sub-folders, or names as `ID_IMAGE.jpg`.

    The same file in both, known by its digest, may not find itself; the two may be one folder.

    Args:
        query: Folder of the pictures that are looked for.
        gallery: Folder of those that are known.
        embedder: The bundle to embed with.
        distance: What near means.

    Raises:
        PreparationError: One of the folders is not there, or has no picture.
        NothingToEmbed: None of its pictures can be read.
        FigureError: No label of the queries is in the gallery.
    """
    asked, asked_labels = _embed_folder(query, embedder)
    known, known_labels = _embed_folder(gallery, embedder)
    asked_digests = np.array([digest_of(path) for path in asked.paths])
    known_digests = np.array([digest_of(path) for path in known.paths])
    away = distances((asked.vectors, asked.raw), (known.vectors, known.raw), distance)
    figures = retrieval_figures(
        -away, asked_labels, known_labels, allowed=asked_digests[:, None] != known_digests[None, :]
    )
    seconds = embedder.seconds_per_picture(asked.paths[:TIMED_PICTURES])
    skipped = tuple(sorted({*asked.skipped, *known.skipped}))
    return FolderFigures(figures, len(known.paths), len(set(known_labels)), seconds, skipped)


def _embed_folder(directory: Path, embedder: Embedder) -> tuple[Embedded, list[str]]:
    embedded = embedder.embed(find_pictures(directory))
    if not embedded.paths:
        raise NothingToEmbed(
            f"No picture in {directory} can be read: {embedded.skipped[0].reason}", "Look at the files."
        )
    return embedded, label_pictures(directory, embedded.paths)
