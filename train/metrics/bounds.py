"""How sure a share is: exact binomial bounds (Clopper and Pearson, 1934), for trials that are independent."""

from __future__ import annotations

from typing import NamedTuple

from scipy.stats import binomtest

from train.metrics.errors import FigureError


class Interval(NamedTuple):
    """Where a figure lies with a stated confidence."""

    low: float
    high: float


def binomial_interval(hits: int, trials: int, confidence: float = 0.95) -> Interval:
    """Two-sided exact interval of a share; 0 to 1 for no trials.

    Raises:
        FigureError: More hits than trials, or a negative count.
    """
    _check(hits, trials)
    if not trials:
        return Interval(0.0, 1.0)
    found = binomtest(hits, trials).proportion_ci(confidence, method="exact")
    return Interval(float(found.low), float(found.high))


def largest_alarm_share(alarms: int, trials: int, confidence: float = 0.95) -> float:
    """One-sided upper bound of a share: the largest that would still give so few alarms once in twenty times.

    1.0 for no trials, and where nothing but alarms was seen.

    Raises:
        FigureError: More alarms than trials, or a negative count.
    """
    _check(alarms, trials)
    if not trials:
        return 1.0
    return float(binomtest(alarms, trials, alternative="less").proportion_ci(confidence, method="exact").high)


def smallest_share(hits: int, trials: int, confidence: float = 0.95) -> float:
    """One-sided lower bound of a share; 0.0 for no trials, and where nothing was hit.

    Raises:
        FigureError: More hits than trials, or a negative count.
    """
    return 1.0 - largest_alarm_share(trials - hits, trials, confidence)


def _check(hits: int, trials: int) -> None:
    if not 0 <= hits <= trials:
        raise FigureError(
            f"{hits} of {trials} is not a share.", "Count hits among the trials, and each trial once."
        )
