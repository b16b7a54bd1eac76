"""Whether probabilities mean what they say (Guo et al., On Calibration of Modern Neural Networks, 2017)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from train.metrics.errors import FigureError, check_lengths


def softmax(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    """Probabilities along the last axis."""
    return np.asarray(special.softmax(logits, axis=-1))


@dataclass(frozen=True, slots=True)
class Reliability:
    """Cases binned by their confidence; bins without a case are left out.

    Attributes:
        edges: (B + 1,) bounds of all bins, empty ones included.
        counts: (K,) cases in each bin that has any.
        confidence: (K,) mean confidence there.
        right: (K,) share that was right there.
        expected_error: Expected calibration error: mean of |right - confidence|, weighted by cases.
        largest_error: The largest of them.
    """

    edges: NDArray[np.float64]
    counts: NDArray[np.int64]
    confidence: NDArray[np.float64]
    right: NDArray[np.float64]
    expected_error: float
    largest_error: float


def reliability(right: ArrayLike, confidence: ArrayLike, bins: int = 10) -> Reliability:
    """Compare confidence with outcome in `bins` bins of equal width.

    A confidence on an edge counts to the bin below it, as in the paper; 0 to the first.

    Args:
        right: (T,) whether each case was right.
        confidence: (T,) probabilities that it would be.
        bins: How many.

    Raises:
        FigureError: Nothing to bin, lengths that differ, or a confidence outside of 0 to 1.
    """
    outcome, stated = np.asarray(right, dtype=bool), np.asarray(confidence, dtype=np.float64)
    check_lengths(right=outcome, confidence=stated)
    if not ((stated >= 0) & (stated <= 1)).all():
        raise FigureError("A confidence lies outside of 0 to 1.", "Pass probabilities, not logits.")
    edges = np.linspace(0.0, 1.0, bins + 1)
    numbers = np.searchsorted(edges[1:-1], stated, side="left")
    counts = np.bincount(numbers, minlength=bins)
    filled = counts > 0
    means = np.bincount(numbers, stated, bins)[filled] / counts[filled]
    shares = np.bincount(numbers, outcome, bins)[filled] / counts[filled]
    gaps = np.abs(shares - means)
    expected = float((gaps * counts[filled]).sum() / counts.sum())
    return Reliability(edges, counts[filled], means, shares, expected, float(gaps.max()))
