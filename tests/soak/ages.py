"""How much a process holds by its age: means over time hide what grows in processes that are replaced often."""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Iterable, Sequence

Life = Sequence[tuple[float, float]]
"""Of one process: when it was looked at, and what it held."""
FEWEST = 3
"""Ages that fewer reached are left out: one process's fate says little."""


def by_age(lives: Iterable[Life], every_s: float) -> list[tuple[float, float]]:
    """What a process holds at each age, as (age in s, amount), from the youngest on.

    Lives are of different lengths, so amounts are not compared between them: the mean of what all that reached an age
    gained since the age before is added up. Who dies early or late then makes no step.

    Args:
        lives: Each begins with its first sample.
        every_s: Between two samples.
    """
    gains: dict[int, list[float]] = {}
    for life in lives:
        begin_s = life[0][0]
        gains.setdefault(0, []).append(life[0][1])
        for (_, before), (at_s, held) in itertools.pairwise(life):
            gains.setdefault(round((at_s - begin_s) / every_s), []).append(held - before)
    curve: list[tuple[float, float]] = []
    amount = 0.0
    for age in sorted(gains):
        if len(gains[age]) < FEWEST:
            break
        amount += statistics.fmean(gains[age])
        curve.append((age * every_s, amount))
    return curve
