"""How well queries find their own in a gallery: CMC (Rank-k), mean average precision, R-precision.

Rows of a (Q, G) matrix of similarities are queries, columns gallery entries; higher is more alike (pass distances with
their sign turned). Where a right and a wrong entry are equally similar, the wrong one counts as found first: an
embedding that gives everything the same place must not look good. `allowed` leaves entries out query by query, such
as the query's own picture, or, as person re-identification has it (Zheng et al., Scalable Person
Re-identification: A Benchmark, 2015), entries of the same identity from the same camera.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.metrics import average_precision_score

from train.metrics.errors import FigureError, check_numbers


@dataclass(frozen=True, slots=True)
class RetrievalFigures:
    """Over all queries that have something right to find.

    Attributes:
        rank: k to the share of queries with a right entry among the first k (the CMC curve at k).
        mean_average_precision: Mean over queries; equal similarities enter a ranking together.
        r_precision: Mean share of right entries among the first R, R being how many there are.
        queries: How many count.
        unanswerable: How many were left out, because nothing right was in their gallery.
    """

    rank: dict[int, float]
    mean_average_precision: float
    r_precision: float
    queries: int
    unanswerable: int


def retrieval_figures(
    similarity: ArrayLike,
    query_labels: Sequence[object],
    gallery_labels: Sequence[object],
    allowed: ArrayLike | None = None,
    ranks: Sequence[int] = (1, 5, 10, 20),
) -> RetrievalFigures:
    """Rank a gallery for each query.

    Args:
        similarity: (Q, G).
        query_labels: Q identities.
        gallery_labels: G identities.
        allowed: (Q, G) booleans, which entries may be found; all without it.
        ranks: At which k the CMC curve is read.

    Raises:
        FigureError: Shapes that do not fit, similarities that are not numbers, or no query with anything to find.
    """
    orders = list(_hits_in_order(similarity, query_labels, gallery_labels, allowed))
    answerable = [(hits, ranked) for hits, ranked in orders if hits.any()]
    if not answerable:
        raise FigureError(
            "No query has a right entry in its gallery.", "Check the labels, and what `allowed` leaves out."
        )
    first = np.array([int(hits.argmax()) for hits, _ in answerable])
    precision = [float(average_precision_score(hits, ranked)) for hits, ranked in answerable]
    r_precision = [float(hits[: int(hits.sum())].mean()) for hits, _ in answerable]
    return RetrievalFigures(
        {k: float((first < k).mean()) for k in ranks},
        float(np.mean(precision)),
        float(np.mean(r_precision)),
        len(answerable),
        len(orders) - len(answerable),
    )


def _hits_in_order(
    similarity: ArrayLike,
    query_labels: Sequence[object],
    gallery_labels: Sequence[object],
    allowed: ArrayLike | None,
) -> Iterator[tuple[NDArray[np.bool_], NDArray[np.int64]]]:
    """For each query: whether each entry is right, the most similar first, and the rank of its similarity."""
    values = np.asarray(similarity, dtype=np.float64)
    shape = (len(query_labels), len(gallery_labels))
    usable = np.ones(shape, dtype=bool) if allowed is None else np.asarray(allowed, dtype=bool)
    if values.shape != shape or usable.shape != shape:
        raise FigureError(
            f"Similarities of shape {values.shape} (allowed: {usable.shape}) do not fit {shape[0]} queries "
            f"and {shape[1]} gallery entries.",
            "Pass one row a query and one column an entry.",
        )
    check_numbers("similarities", values)
    for row, mask, label in zip(values, usable, query_labels, strict=True):
        hits = np.array([label == other for other in gallery_labels], dtype=bool)[mask]
        ranked = np.unique(row[mask], return_inverse=True)[1].astype(np.int64)
        order = np.lexsort(
            (hits, -ranked)
        )  # the last key leads; False sorts before True, so wrong ones come first
        yield hits[order], ranked[order]
