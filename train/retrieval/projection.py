"""Embeddings on a plane: where a network puts pictures, to be seen at a glance."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE

from train.retrieval.embed import Floats, NothingToEmbed
from train.retrieval.figures import DrawingError

FEWEST = 3
LARGEST_PERPLEXITY = 30.0
"""What van der Maaten and Hinton (Visualizing Data using t-SNE, 2008) and scikit-learn use; 5–50 look alike."""


class Method(StrEnum):
    """How many dimensions become two.

    `TSNE` keeps neighbours together; distances between far groups and their sizes say nothing. `PCA` is linear: the two
    directions in which the embeddings spread most.
    """

    TSNE = "tsne"
    PCA = "pca"


def project_embeddings(vectors: Floats, method: Method, seed: int = 0) -> NDArray[np.float64]:
    """Places (N, 2) of embeddings (N, D); the same seed gives the same places.

    The perplexity of t-SNE is 30, and a third of the others where there are few pictures.

    Args:
        vectors: L2-normalised.
        method: How.
        seed: Of t-SNE; PCA has no chance in it.

    Raises:
        NothingToEmbed: There are fewer than three, or all are the same.
    """
    count = len(vectors)
    if count < FEWEST:
        raise NothingToEmbed(
            f"{count} picture{'s' * (count != 1)} cannot be laid out on a plane.",
            f"Give at least {FEWEST}.",
        )
    if np.ptp(vectors, axis=0).max() == 0:
        raise NothingToEmbed("All pictures have the same embedding.", "Give pictures that differ.")
    if method is Method.PCA:
        # Padded: embeddings of one number have no second direction.
        places = PCA(min(2, vectors.shape[1]), svd_solver="full").fit_transform(vectors.astype(np.float64))
        return np.pad(places, ((0, 0), (0, 2 - places.shape[1])))
    perplexity = float(np.clip((count - 1) / 3, 1.0, LARGEST_PERPLEXITY))
    start = "pca" if vectors.shape[1] > 1 else "random"
    plane = TSNE(2, perplexity=perplexity, init=start, random_state=seed, n_jobs=1)
    return np.asarray(plane.fit_transform(vectors), dtype=np.float64)


def write_places(
    path: Path, pictures: Sequence[Path], labels: Sequence[str], places: NDArray[np.float64]
) -> None:
    """Write path, label, x and y of N pictures as CSV.

    Raises:
        DrawingError: The file cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w", newline="", encoding="utf-8-sig") as file:
            writer = csv.writer(file)
            writer.writerow(["path", "label", "x", "y"])
            for picture, label, (x, y) in zip(pictures, labels, places.tolist(), strict=True):
                writer.writerow([picture, label, f"{x:.6g}", f"{y:.6g}"])
    except OSError as error:
        raise DrawingError(
            f"Cannot write {path}: {error.strerror}.", "Give another path with --csv."
        ) from error
