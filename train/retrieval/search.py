"""The pictures of a gallery that are most like one picture."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

from train.retrieval.embed import Embedder, Floats, NothingToEmbed
from train.retrieval.gallery import Entry, Gallery, digest_of


class Distance(StrEnum):
    """How far apart two pictures are.

    `COSINE` is 1 - the cosine, 0–2. `EUCLIDEAN` is taken between embeddings before their normalisation where the
    bundle gives those; between normalised ones it is sqrt(2 * cosine distance) and orders pictures just as `COSINE`.
    """

    EUCLIDEAN = "euclidean"
    COSINE = "cosine"


@dataclass(frozen=True, slots=True)
class Hit:
    """A picture that was found.

    Attributes:
        rank: 1 for the nearest.
        entry: The picture.
        distance: To the one that was looked for.
    """

    rank: int
    entry: Entry
    distance: float


def distances(
    queries: tuple[Floats, Floats | None], known: tuple[Floats, Floats | None], distance: Distance
) -> NDArray[np.float64]:
    """Distances (Q, G) between Q and G pictures.

    Args:
        queries: (Q, D) normalised embeddings, and those before the normalisation if there are any.
        known: The same of G pictures.
        distance: Which.
    """
    if distance is Distance.EUCLIDEAN and queries[1] is not None and known[1] is not None:
        return np.asarray(cdist(queries[1], known[1], "euclidean"))
    if distance is Distance.EUCLIDEAN:
        return np.asarray(cdist(queries[0], known[0], "euclidean"))
    return 1.0 - queries[0].astype(np.float64) @ known[0].astype(np.float64).T


def search(image: Path, gallery: Gallery, embedder: Embedder, top: int, distance: Distance) -> list[Hit]:
    """The nearest pictures of a gallery, the nearest first; the picture's own file, known by its digest, is left out.

    Args:
        image: What is looked for.
        gallery: Embedded by the same bundle.
        embedder: That bundle.
        top: How many are found, at most.
        distance: What near means.

    Raises:
        NothingToEmbed: The picture cannot be read, or the gallery holds nothing but it.
    """
    query = embedder.embed_one(image)
    away = distances((query.vectors, query.raw), (gallery.vectors, gallery.raw), distance)[0]
    own = digest_of(image)
    order = [int(i) for i in np.argsort(away, kind="stable") if gallery.entries[i].digest != own]
    if not order:
        raise NothingToEmbed(f"The gallery holds nothing but {image} itself.", "Add pictures to its folder.")
    return [Hit(rank, gallery.entries[i], float(away[i])) for rank, i in enumerate(order[:top], start=1)]
