"""How long false verdicts last: a two-state Markov process in continuous time, fitted to frames at uneven times.

A view is either told right or told wrong. The share of time it is told wrong is `share`; what is known of it now is
forgotten with the time constant `persistence_s`, so that two checks `gap_s` apart correlate by
exp(-gap_s / persistence_s). 0 is independent checks; a hard dusk has minutes to hours.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy import stats

from train.calibration.shares import CONFIDENCE

PERSISTENCES_S = (0.0, 15.0, 30.0, 60.0, 120.0, 300.0, 900.0, 3600.0, 4 * 3600.0, 24 * 3600.0)
"""Time constants that are told apart; below a quarter of the interval checks are as good as independent, and what
lasts for days is rarer the longer it lasts."""


@dataclass(frozen=True, slots=True)
class Track:
    """One view against one reference, in time order.

    Attributes:
        times_s: Seconds since any moment.
        wrong: Whether the frame was told wrong.
    """

    times_s: Sequence[float]
    wrong: Sequence[bool]


@dataclass(frozen=True, slots=True)
class Persistence:
    """The time constant, as far as the tracks tell.

    Attributes:
        estimate_s: The likeliest, or None where no track has both right and wrong frames at known times.
        possible_s: All of `PERSISTENCES_S` that the tracks do not rule out at 95 %.
    """

    estimate_s: float | None
    possible_s: tuple[float, ...]

    @classmethod
    def unknown(cls) -> Persistence:
        """Where nothing was told wrong: everything is possible."""
        return cls(None, PERSISTENCES_S)


def becomes_wrong(share: float, persistence_s: float, gap_s: float, *, was_wrong: bool) -> float:
    """Probability that a view is told wrong `gap_s` after it was (or was not)."""
    kept = math.exp(-gap_s / persistence_s) if persistence_s > 0 else float(gap_s == 0)
    return share + (1.0 - share) * kept if was_wrong else share * (1.0 - kept)


def fit_persistence(tracks: Iterable[Track]) -> Persistence:
    """Maximum likelihood over `PERSISTENCES_S`, with the likelihood ratio's 95 % set.

    Each track has its own share (what is easy on one camera is hard on another must not look like persistence), taken
    as found on it; tracks that are always right or always wrong tell nothing.
    """
    telling = [track for track in tracks if 0 < sum(track.wrong) < len(track.wrong)]
    if not telling:
        return Persistence.unknown()
    likelihoods = np.array(
        [sum(_log_likelihood(track, value) for track in telling) for value in PERSISTENCES_S]
    )
    near = likelihoods.max() - likelihoods <= stats.chi2.ppf(CONFIDENCE, 1) / 2
    possible = tuple(value for value, fits in zip(PERSISTENCES_S, near, strict=True) if fits)
    return Persistence(PERSISTENCES_S[int(likelihoods.argmax())], possible)


def _log_likelihood(track: Track, persistence_s: float) -> float:
    share = sum(track.wrong) / len(track.wrong)
    total = 0.0
    for (before_s, was_wrong), (at_s, is_wrong) in pairwise(zip(track.times_s, track.wrong, strict=True)):
        wrong = becomes_wrong(share, persistence_s, at_s - before_s, was_wrong=was_wrong)
        total += math.log(max(wrong if is_wrong else 1.0 - wrong, 1e-12))
    return total
