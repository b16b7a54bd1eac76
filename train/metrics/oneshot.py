"""N-way one-shot contests (Koch et al., Siamese Neural Networks for One-shot Image Recognition, 2015).

A query meets one picture of each of N classes, one of them its own; it is right where its own is the most alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from train.metrics.errors import FigureError, check_numbers


@dataclass(frozen=True, slots=True)
class Contests:
    """Which picture meets which.

    Attributes:
        query: (T,) indices.
        support: (T, N) indices; the first column shows the query's own class, in another picture.
    """

    query: NDArray[np.int64]
    support: NDArray[np.int64]


def draw_contests(labels: Sequence[object], ways: int, trials: int, rng: np.random.Generator) -> Contests:
    """Draw contests among labelled pictures: query classes alike often, supports without repeats.

    Args:
        labels: Class of each picture.
        ways: N, the query's own class included.
        trials: T.
        rng: The same generator state gives the same contests.

    Raises:
        FigureError: Fewer than `ways` classes, or no class of two pictures.
    """
    members: dict[object, list[int]] = {}
    for index, label in enumerate(labels):
        members.setdefault(label, []).append(index)
    classes = list(members)
    queried = [number for number, label in enumerate(classes) if len(members[label]) > 1]
    if ways < 2 or len(classes) < ways or not queried:
        raise FigureError(
            f"{ways}-way contests cannot be drawn from {len(classes)} classes, {len(queried)} of them with two "
            "pictures or more.",
            "Take at least two ways, no more ways than classes, and a class with at least two pictures.",
        )
    query, support = np.empty(trials, dtype=np.int64), np.empty((trials, ways), dtype=np.int64)
    for trial in range(trials):
        own = int(rng.choice(queried))
        query[trial], support[trial, 0] = rng.choice(members[classes[own]], 2, replace=False)
        others = [number for number in range(len(classes)) if number != own]
        for way, other in enumerate(rng.choice(others, ways - 1, replace=False), start=1):
            support[trial, way] = rng.choice(members[classes[int(other)]])
    return Contests(query, support)


def n_way_accuracy(similarity: ArrayLike) -> float:
    """Share of contests won.

    Args:
        similarity: (T, N), higher is more alike; the first column is the query's own class. A tie is lost.

    Raises:
        FigureError: Not a matrix of at least one contest and two ways, or similarities that are not numbers.
    """
    values = np.asarray(similarity, dtype=np.float64)
    if values.ndim != 2 or not len(values) or values.shape[1] < 2:
        raise FigureError(
            f"Contests of shape {values.shape} have no winner.",
            "Pass one row a contest and one column a way.",
        )
    check_numbers("similarities", values)
    return float((values[:, 0] > values[:, 1:].max(axis=1)).mean())
