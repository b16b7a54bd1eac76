"""How sure figures are: pairs of one camera are alike, so what is drawn again and again are whole cameras."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from train.metrics.bounds import Interval, largest_alarm_share, smallest_share
from train.metrics.errors import FigureError

RESAMPLES = 2000
CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class Share:
    """A share of pairs, and how sure it is.

    Attributes:
        hits: Pairs counted.
        trials: Pairs looked at, at least one.
        cameras: How many cameras they come from.
        interval: Percentile interval by camera; the exact one-sided bound where nothing or everything was hit, since
            resampling cannot show what never occurred; None for one camera with hits and misses.
        exact: Whether the interval is that bound. It takes pairs as independent, hence is optimistic.
    """

    hits: int
    trials: int
    cameras: int
    interval: Interval | None
    exact: bool

    @property
    def value(self) -> float:
        """Hits over trials."""
        return self.hits / self.trials


def share_by_camera(
    hits: Sequence[bool], cameras: Sequence[str], seed: int = 0, resamples: int = RESAMPLES
) -> Share:
    """The share of hits with its 95 % interval.

    Args:
        hits: One entry a pair.
        cameras: The camera of each.
        seed: The same one gives the same interval.
        resamples: How often as many cameras as there are get drawn, with repeats.

    Raises:
        FigureError: Nothing to take a share of, or lengths that differ.
    """
    names, numbers = _numbered(cameras, len(hits))
    hit = np.bincount(numbers, np.asarray(hits, dtype=np.float64), len(names))
    trials = np.bincount(numbers, minlength=len(names)).astype(np.float64)
    total, count = int(hit.sum()), len(hits)
    if total == 0:
        return Share(
            0, count, len(names), Interval(0.0, largest_alarm_share(0, count, CONFIDENCE)), exact=True
        )
    if total == count:
        return Share(
            count, count, len(names), Interval(smallest_share(count, count, CONFIDENCE), 1.0), exact=True
        )
    if len(names) == 1:
        return Share(total, count, 1, None, exact=False)

    found = _interval(tuple(hit.tolist()), tuple(trials.tolist()), seed, resamples)
    return Share(total, count, len(names), found, exact=False)


@functools.lru_cache(maxsize=4096)  # the same share stands in several tables
def _interval(hit: tuple[float, ...], trials: tuple[float, ...], seed: int, resamples: int) -> Interval:
    found = stats.bootstrap(
        (hit, trials),
        _ratio,
        paired=True,
        vectorized=True,
        n_resamples=resamples,
        confidence_level=CONFIDENCE,
        method="percentile",
        rng=np.random.default_rng(seed),
    ).confidence_interval
    return Interval(float(found.low), float(found.high))


def _ratio(hit: NDArray[np.float64], trials: NDArray[np.float64], axis: int) -> NDArray[np.float64]:
    return np.asarray(hit.sum(axis=axis) / trials.sum(axis=axis))


def interval_by_camera(
    figure: Callable[[NDArray[np.int64]], float],
    cameras: Sequence[str],
    seed: int = 0,
    resamples: int = 500,
) -> Interval | None:
    """The 95 % interval of any figure, such as a median; None for a single camera.

    Args:
        figure: Of the pairs at (K,) indices; called once for each resample, with repeats among the indices.
        cameras: The camera of each pair.
        seed: The same one gives the same interval.
        resamples: How often cameras are drawn.

    Raises:
        FigureError: There are no pairs.
    """
    names, numbers = _numbered(cameras, len(cameras))
    if len(names) == 1:
        return None
    members = [np.flatnonzero(numbers == number) for number in range(len(names))]

    def of_cameras(drawn: NDArray[np.int64]) -> float:
        return figure(np.concatenate([members[number] for number in drawn]))

    found = stats.bootstrap(
        (np.arange(len(names)),),
        of_cameras,
        vectorized=False,
        n_resamples=resamples,
        confidence_level=CONFIDENCE,
        method="percentile",
        rng=np.random.default_rng(seed),
    ).confidence_interval
    return Interval(float(found.low), float(found.high))


def _numbered(cameras: Sequence[str], pairs: int) -> tuple[NDArray[np.str_], NDArray[np.int64]]:
    if not pairs or len(cameras) != pairs:
        raise FigureError(
            f"No share can be taken of {pairs} pairs of {len(cameras)} cameras.",
            "Name the camera of each pair.",
        )
    names, numbers = np.unique(np.asarray(cameras), return_inverse=True)
    return names, numbers.astype(np.int64)
