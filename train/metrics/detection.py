"""Scores against two classes: ROC, equal error rate, rates at a given other rate, precision and recall.

Scores of any scale, infinities included; higher speaks for the positive class. A distance is passed with its sign
turned, never mixed with similarities. Cases with equal scores fall on one side of every threshold together.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn import metrics

from train.metrics.errors import FigureError, check_lengths, check_numbers


@dataclass(frozen=True, slots=True)
class Roc:
    """The whole trade between false and true positives, from "nothing is positive" to "everything is".

    Attributes:
        false_positive_rate: (K,) ascending from 0 to 1.
        true_positive_rate: (K,) ascending from 0 to 1.
        thresholds: (K,) positive is what scores at least this; `inf` first.
        auc: Area under the curve: how often a positive outscores a negative, ties counted half.
    """

    false_positive_rate: NDArray[np.float64]
    true_positive_rate: NDArray[np.float64]
    thresholds: NDArray[np.float64]
    auc: float

    @property
    def equal_error_rate(self) -> float:
        """Where misses and false alarms are equally frequent, on the straight line between neighbouring points."""
        gap = self.false_positive_rate - (1.0 - self.true_positive_rate)
        after = int(np.argmax(gap >= 0))
        if gap[after] == 0 or after == 0:
            return float(self.false_positive_rate[after])
        part = -gap[after - 1] / (gap[after] - gap[after - 1])
        before = self.false_positive_rate[after - 1]
        return float(before + part * (self.false_positive_rate[after] - before))

    def true_positive_rate_at(self, false_positive_rate: float) -> float:
        """The most that one threshold finds without exceeding a share of false positives; never interpolated."""
        return float(self.true_positive_rate[self.false_positive_rate <= false_positive_rate].max())

    def false_positive_rate_at(self, true_positive_rate: float) -> float:
        """The fewest false positives of a threshold that finds at least this share; never interpolated."""
        return float(self.false_positive_rate[self.true_positive_rate >= true_positive_rate].min())

    def threshold_at(self, false_positive_rate: float) -> float:
        """The lowest threshold that does not exceed a share of false positives; `inf` where none does."""
        return float(self.thresholds[self.false_positive_rate <= false_positive_rate].min())


def roc(positive: ArrayLike, scores: ArrayLike) -> Roc:
    """Weigh (T,) scores against (T,) booleans.

    Raises:
        FigureError: One class only, lengths that differ, nothing at all, or scores that are not numbers.
    """
    truth, values, ranks = _two_classes(positive, scores)
    false, true, cut = metrics.roc_curve(truth, ranks, drop_intermediate=False)
    levels = np.unique(values)
    thresholds = np.concatenate([[np.inf], levels[cut[1:].astype(np.int64)]])
    return Roc(false, true, thresholds, float(metrics.auc(false, true)))


class PrecisionRecall(NamedTuple):
    """Shares at one threshold: of what was called positive, and of what is."""

    precision: float
    recall: float


def precision_recall(positive: ArrayLike, called: ArrayLike) -> PrecisionRecall:
    """Of (T,) booleans and what was called positive; 0.0 where a share has nothing to be taken of.

    Raises:
        FigureError: Lengths that differ, or nothing at all.
    """
    truth, said = np.asarray(positive, dtype=bool), np.asarray(called, dtype=bool)
    check_lengths(positive=truth, called=said)
    return PrecisionRecall(
        float(metrics.precision_score(truth, said, zero_division=0.0)),
        float(metrics.recall_score(truth, said, zero_division=0.0)),
    )


def average_precision(positive: ArrayLike, scores: ArrayLike) -> float:
    """Area under the stepwise precision-recall curve of (T,) scores, without interpolation.

    Raises:
        FigureError: One class only, lengths that differ, nothing at all, or scores that are not numbers.
    """
    truth, _, ranks = _two_classes(positive, scores)
    return float(metrics.average_precision_score(truth, ranks))


def _two_classes(
    positive: ArrayLike, scores: ArrayLike
) -> tuple[NDArray[np.bool_], NDArray[np.float64], NDArray[np.int64]]:
    """Truth, scores, and their ranks, ties alike: scikit-learn refuses infinities, ranks have none."""
    truth, values = np.asarray(positive, dtype=bool), np.asarray(scores, dtype=np.float64)
    check_lengths(positive=truth, scores=values)
    check_numbers("scores", values)
    if truth.all() or not truth.any():
        which = "positive" if truth.all() else "negative"
        raise FigureError(f"All {len(truth)} cases are {which}.", "Pass cases of both classes.")
    return truth, values, np.unique(values, return_inverse=True)[1].astype(np.int64)
