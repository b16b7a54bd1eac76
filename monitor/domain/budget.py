"""How many false alarms a view may give, and what its history can show of that.

False episodes are counted, so their number is taken as Poisson's: rare, and independent of each other. Bounds are
exact ones, found by halving from the sum of its terms.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from monitor.domain.errors import MonitorError

CONFIDENCE = 0.95
YEAR = timedelta(days=365.25)
PERIODS = {"day": timedelta(days=1), "week": timedelta(weeks=1), "month": YEAR / 12, "year": YEAR}
_BUDGET = re.compile(r"(\d+(?:\.\d+)?)\s*/\s*(day|week|month|year)")


class BadBudget(MonitorError):
    """A budget was written in a way that says nothing."""


@dataclass(frozen=True, slots=True)
class Budget:
    """So many false episodes in a period, for one view.

    Attributes:
        count: How many at most; above 0.
        period: `day`, `week`, `month` or `year`.
    """

    count: float
    period: str

    @classmethod
    def parse(cls, text: str) -> Budget:
        """From `1/year`, `0.5/week`.

        Raises:
            BadBudget: It is nothing of the kind.
        """
        match = _BUDGET.fullmatch(text.strip())
        if match is None or float(match[1]) <= 0:
            raise BadBudget(
                f"{text!r} is no budget of false alarms.",
                "Write a number above 0 and a period: 1/year, 2/month.",
            )
        return cls(float(match[1]), match[2])

    def __str__(self) -> str:
        return f"{self.count:g}/{self.period}"

    @property
    def a_year(self) -> float:
        """The same as a number a year."""
        return self.count * (YEAR / PERIODS[self.period])

    @property
    def needed(self) -> timedelta:
        """How long a history without any false episode must be to show that the budget is kept."""
        return most_expected(0) / self.a_year * YEAR


@dataclass(frozen=True, slots=True)
class Rate:
    """False episodes found in a time.

    Attributes:
        episodes: How many.
        watched: In how long.
    """

    episodes: int
    watched: timedelta

    def _per(self, count: float, period: timedelta) -> float:
        return math.inf if self.watched <= timedelta() else count * (period / self.watched)

    def expected(self, period: timedelta = YEAR) -> float:
        """How many that is in a period."""
        return self._per(self.episodes, period) if self.watched > timedelta() else 0.0

    def at_most(self, period: timedelta = YEAR) -> float:
        """How many more there are not, with 95 % confidence."""
        return self._per(most_expected(self.episodes), period)

    def at_least(self, period: timedelta = YEAR) -> float:
        """How many fewer there are not, with 95 % confidence."""
        return self._per(least_expected(self.episodes), period) if self.watched > timedelta() else 0.0

    def shows(self, budget: Budget) -> bool:
        """Whether the budget is kept with 95 % confidence."""
        return self.at_most() <= budget.a_year

    def fits(self, budget: Budget) -> bool:
        """Whether the budget was kept in this time, whatever that shows."""
        return self.expected() <= budget.a_year


def most_expected(events: int, confidence: float = CONFIDENCE) -> float:
    """The largest mean of a Poisson variable at which so few events are not too unlikely (one-sided, exact)."""
    return _root(lambda mean: at_most_events(events, mean) - (1 - confidence), events)


def least_expected(events: int, confidence: float = CONFIDENCE) -> float:
    """The smallest mean at which so many events are not too unlikely (one-sided, exact); 0 for none."""
    if events == 0:
        return 0.0
    return _root(lambda mean: at_most_events(events - 1, mean) - confidence, events)


def at_most_events(events: int, mean: float) -> float:
    """The probability that a Poisson variable is no larger than this."""
    if mean <= 0:
        return 1.0
    logs = (count * math.log(mean) - mean - math.lgamma(count + 1) for count in range(events + 1))
    return min(1.0, math.fsum(map(math.exp, logs)))


def _root(falling: Callable[[float], float], events: int) -> float:
    """Where a function that falls with the mean crosses zero."""
    low, high = 0.0, 10.0 + 2.0 * events
    while falling(high) > 0:
        high *= 2
    while high - low > 1e-9 * high:
        middle = (low + high) / 2
        low, high = (middle, high) if falling(middle) > 0 else (low, middle)
    return (low + high) / 2
