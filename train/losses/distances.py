"""How far embeddings lie apart. Lower is the same; what grows with likeness is a similarity and is called one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from monitor.domain.errors import MonitorError

# Shorter embeddings are not stretched to unit length: the gradient of a cosine grows without bound toward zero.
SHORTEST = 1e-6


class LossError(MonitorError):
    """A loss is put together from parts that are unknown or do not fit."""


def euclidean_matrix(first: Tensor, second: Tensor) -> Tensor:
    """Euclidean distances of every row of (A, D) to every row of (B, D): (A, B). No gradient where rows coincide."""
    # The faster form by a matrix product loses near neighbours to rounding.
    distances: Tensor = torch.cdist(first, second, compute_mode="donot_use_mm_for_euclid_dist")
    return distances


def euclidean_paired(first: Tensor, second: Tensor) -> Tensor:
    """Euclidean distances of (P, D) to (P, D), row by row: (P,). No gradient where rows coincide."""
    distances: Tensor = torch.linalg.vector_norm(first - second, dim=1)
    return distances


def squared_euclidean_matrix(first: Tensor, second: Tensor) -> Tensor:
    """Squares of `euclidean_matrix`, (A, B)."""
    return euclidean_matrix(first, second).square()


def squared_euclidean_paired(first: Tensor, second: Tensor) -> Tensor:
    """Squares of `euclidean_paired`, (P,)."""
    return (first - second).square().sum(dim=1)


def manhattan_matrix(first: Tensor, second: Tensor) -> Tensor:
    """Sums of absolute differences (L1) of every row of (A, D) to every row of (B, D): (A, B)."""
    distances: Tensor = torch.cdist(first, second, p=1.0)
    return distances


def manhattan_paired(first: Tensor, second: Tensor) -> Tensor:
    """Sums of absolute differences (L1) of (P, D) to (P, D), row by row: (P,)."""
    return (first - second).abs().sum(dim=1)


def cosine_similarity_matrix(first: Tensor, second: Tensor) -> Tensor:
    """Cosines of the angles between every row of (A, D) and every row of (B, D): (A, B), -1 to 1, 0 for no length."""
    return F.normalize(first, dim=1, eps=SHORTEST) @ F.normalize(second, dim=1, eps=SHORTEST).T


def cosine_similarity_paired(first: Tensor, second: Tensor) -> Tensor:
    """Cosines of the angles between (P, D) and (P, D), row by row: (P,), -1 to 1, 0 for no length."""
    return (F.normalize(first, dim=1, eps=SHORTEST) * F.normalize(second, dim=1, eps=SHORTEST)).sum(dim=1)


def unit_cosine_similarity_matrix(first: Tensor, second: Tensor) -> Tensor:
    """`cosine_similarity_matrix` of rows that have unit length already: their inner products, (A, B)."""
    return first @ second.T


def unit_cosine_similarity_paired(first: Tensor, second: Tensor) -> Tensor:
    """`cosine_similarity_paired` of rows that have unit length already: their inner products, (P,)."""
    return (first * second).sum(dim=1)


Comparison = Callable[[Tensor, Tensor], Tensor]


@dataclass(frozen=True, slots=True)
class Distance:
    """A distance in both forms; 0 is the same (a cosine distance may fall below by rounding).

    Attributes:
        name: As in a recipe.
        matrix: (A, D) and (B, D) to (A, B).
        paired: (P, D) and (P, D) to (P,).
        similarity_matrix: Where there is a similarity of which this is 1 − similarity: (A, D) and (B, D) to (A, B).
    """

    name: str
    matrix: Comparison
    paired: Comparison
    similarity_matrix: Comparison | None = None


def _one_minus(similarity: Comparison) -> Comparison:
    def distance(first: Tensor, second: Tensor) -> Tensor:
        return 1 - similarity(first, second)

    return distance


EUCLIDEAN = Distance("euclidean", euclidean_matrix, euclidean_paired)
SQUARED_EUCLIDEAN = Distance("squared_euclidean", squared_euclidean_matrix, squared_euclidean_paired)
MANHATTAN = Distance("manhattan", manhattan_matrix, manhattan_paired)
COSINE = Distance(
    "cosine",
    _one_minus(cosine_similarity_matrix),
    _one_minus(cosine_similarity_paired),
    cosine_similarity_matrix,
)
# For embeddings that the network itself brings to unit length: the same numbers without doing it again.
UNIT_COSINE = Distance(
    "unit_cosine",
    _one_minus(unit_cosine_similarity_matrix),
    _one_minus(unit_cosine_similarity_paired),
    unit_cosine_similarity_matrix,
)

DISTANCES: Mapping[str, Distance] = {
    d.name: d for d in (EUCLIDEAN, SQUARED_EUCLIDEAN, MANHATTAN, COSINE, UNIT_COSINE)
}


def distance_named(name: str) -> Distance:
    """The distance of this name.

    Raises:
        LossError: There is none.
    """
    try:
        return DISTANCES[name]
    except KeyError:
        raise LossError(f"There is no distance {name!r}.", f"Choose one of {', '.join(DISTANCES)}.") from None
