"""Shares found on few cameras, and how far off they may be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

CONFIDENCE = 0.95


def clopper_pearson(count: float, trials: float, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """Bounds of a share, exact for independent trials (Clopper and Pearson, Biometrika 26, 1934).

    Args:
        count: How many were found; need not be whole, for trials that count less than one.
        trials: Of how many, independent of each other.
        confidence: With which the share lies between both bounds. Where nothing, or everything, was found, the one
            bound that is left has all of it: 0 of n gives about 3 / n.

    Raises:
        ValueError: More was found than tried.
    """
    if not 0 <= count <= trials:
        raise ValueError(f"{count} of {trials} is no share")
    if trials == 0:
        return 0.0, 1.0
    missed = 1 - confidence
    one_sided = count == 0 or count == trials
    tail = missed if one_sided else missed / 2
    lower = 0.0 if count == 0 else float(stats.beta.ppf(tail, count, trials - count + 1))
    upper = 1.0 if count == trials else float(stats.beta.ppf(1 - tail, count + 1, trials - count))
    return lower, upper


def intraclass_correlation(by_camera: Mapping[str, Sequence[float]]) -> float:
    """How alike measurements of one camera are, 0 (no more than any two) to 1 (one tells all).

    One-way analysis of variance for groups of unequal size (Donner, International Statistical Review 54, 1986).
    1 for fewer than two cameras, or without a second measurement on any: then nothing can be known of it.
    """
    groups = [np.asarray(values, float) for values in by_camera.values() if len(values)]
    total = sum(map(len, groups))
    if len(groups) < 2 or total == len(groups):
        return 1.0
    mean = np.concatenate(groups).mean()
    between = sum(len(group) * (group.mean() - mean) ** 2 for group in groups) / (len(groups) - 1)
    within = sum(((group - group.mean()) ** 2).sum() for group in groups) / (total - len(groups))
    size = (total - sum(len(group) ** 2 for group in groups) / total) / (len(groups) - 1)
    spread = between + (size - 1) * within
    return float(np.clip((between - within) / spread, 0.0, 1.0)) if spread > 0 else 1.0


def effective_trials(sizes: Sequence[int], correlation: float) -> float:
    """How many independent trials so many of each camera are worth (Kish, Survey Sampling, 1965)."""
    return float(sum(size / (1 + (size - 1) * correlation) for size in sizes if size))


def mean_bounds(by_camera: ArrayLike, seed: int = 0, resamples: int = 2000) -> tuple[float, float]:
    """95 % bounds of a mean over cameras, by drawing whole cameras with replacement; (x, x) for a single one."""
    values = np.asarray(by_camera, float)
    drawn = np.random.default_rng(seed).choice(values, (resamples, len(values))).mean(axis=1)
    lower, upper = np.quantile(drawn, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return float(lower), float(upper)
