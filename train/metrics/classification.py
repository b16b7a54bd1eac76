"""Names given against names that are right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats.contingency import crosstab

from train.metrics.errors import FigureError, check_lengths


@dataclass(frozen=True, slots=True)
class Confusion:
    """How often each truth was given each name.

    Attributes:
        labels: Names of rows (truth) and columns (said).
        counts: (L, L) cases.
    """

    labels: tuple[str, ...]
    counts: NDArray[np.int64]

    @property
    def accuracy(self) -> float:
        """Share of all cases on the diagonal."""
        return float(np.trace(self.counts) / self.counts.sum())

    @property
    def recall(self) -> NDArray[np.float64]:
        """(L,) share of each truth that was named so; NaN where there is none."""
        return _share(np.diag(self.counts), self.counts.sum(axis=1))

    @property
    def precision(self) -> NDArray[np.float64]:
        """(L,) share of each name that was right; NaN where it was never given."""
        return _share(np.diag(self.counts), self.counts.sum(axis=0))

    @property
    def shares(self) -> NDArray[np.float64]:
        """(L, L) counts as shares of their row; NaN in rows without a case."""
        return _share(self.counts, self.counts.sum(axis=1, keepdims=True))


def confusion(truth: Sequence[str], said: Sequence[str], labels: Sequence[str] | None = None) -> Confusion:
    """Count what was said of each truth, in the order of `labels` (all names that occur, sorted, without it).

    Raises:
        FigureError: Lengths that differ, nothing at all, or a name that is not among the labels.
    """
    check_lengths(truth=np.asarray(truth), said=np.asarray(said))
    names = {*truth, *said}
    ordered = tuple(sorted(names) if labels is None else labels)
    if missing := names - set(ordered):
        raise FigureError(
            f"Not among the labels: {', '.join(sorted(missing))}.", "Pass every name that occurs."
        )
    counts = crosstab(list(truth), list(said), levels=(ordered, ordered)).count
    return Confusion(ordered, np.asarray(counts, dtype=np.int64))


def _share(part: NDArray[np.int64], whole: NDArray[np.int64]) -> NDArray[np.float64]:
    return np.asarray(np.divide(part, whole, out=np.full(part.shape, np.nan), where=whole > 0))
