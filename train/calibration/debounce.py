"""From false verdicts to false alarms: the service's own state machine run over long sequences of simulated checks."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np

from monitor.domain.state import Change, RecentCheck, StatePolicy, Status, ViewState
from monitor.domain.transitions import advance, next_check_after_s
from monitor.domain.verdict import Verdict, VerdictKind
from train.calibration.persistence import becomes_wrong

YEAR_S = 365.25 * 86_400.0
EAGER = Verdict(VerdictKind.DIFFERENT_SCENE, 1.0)
"""The false verdict that insists soonest: no longer minimum duration, and no displacement that could disagree."""
_GOOD = Verdict(VerdictKind.OK, 1.0)
_START = datetime(2000, 1, 1, tzinfo=UTC)
_ALARMS = frozenset({Change.OPENED, Change.CAUSE_CHANGED})
ENOUGH_ALARMS = 150
"""A rate is known well enough (to about 8 %) after so many alarms."""
# A view that is told wrong for more of the time is in one long alert, and alarms become rarer for that reason alone …
_MOST_SHARE = 0.5
# … which begins to show from here on.
_RARE_SHARE = 0.1


@dataclass(frozen=True, slots=True)
class Watched:
    """What came of watching.

    Attributes:
        alarms: Incidents that were opened, or changed their cause.
        years: Simulated camera-years.
    """

    alarms: int
    years: float

    @property
    def alarms_per_year(self) -> float:
        """Alarms per camera-year."""
        return self.alarms / self.years


class Debounce:
    """Simulates the checks of a view that is never touched, and counts the alarms.

    Between two bouts of wrong verdicts nothing can happen, so the time to the next is drawn instead of walked, which
    is exact; within a bout every check goes through `monitor.domain.transitions`, quick rechecks included. All wrong
    verdicts of an episode are the same one: in a minute the scene hardly changes, so the same mistake repeats itself.

    Args:
        policy: How insistent verdicts must be.
        interval_s: Seconds between two checks of a view in order.
        checks: How many checks within bouts are simulated at most for one answer.
        seed: Of the simulation; the same questions get the same answers.
    """

    def __init__(
        self, policy: StatePolicy, interval_s: float, *, checks: int = 40_000, seed: int = 0
    ) -> None:
        self._policy = policy
        self._interval_s = interval_s
        self._checks = checks
        self._seed = seed
        self._known: dict[tuple[float, float], float] = {}

    def watch(self, share: float, persistence_s: float, wrong: Sequence[Verdict] = (EAGER,)) -> Watched:
        """Watch a view that is told wrong for a share of the time.

        Args:
            share: Of the checks, 0–1.
            persistence_s: See `train.calibration.persistence`.
            wrong: The false verdicts; each episode draws one of them.
        """
        onset = becomes_wrong(share, persistence_s, self._interval_s, was_wrong=False)
        if onset <= 0.0:
            return Watched(0, math.inf)
        rng = np.random.default_rng(self._seed)
        alarms, checks, watched_s = 0, 0, 0.0
        while alarms < ENOUGH_ALARMS and checks < self._checks:
            watched_s += int(rng.geometric(onset)) * self._interval_s
            bout = self._walk(share, persistence_s, wrong, rng, self._checks - checks)
            alarms, checks, watched_s = alarms + bout.alarms, checks + bout.checks, watched_s + bout.lasted_s
        return Watched(alarms, watched_s / YEAR_S)

    def worst(self, share: float, persistences_s: Sequence[float]) -> float:
        """Most alarms per camera-year for any share up to this one and any of these time constants.

        The verdict is taken to be the one that insists soonest. Views that are wrong most of the time stay in one long
        alert, so the worst share may be a smaller one.
        """
        most = min(share, _MOST_SHARE)
        shares = (most, most / 2) if most > _RARE_SHARE else (most,)
        return max((self._eager(one, time_s) for one in shares for time_s in persistences_s), default=0.0)

    def _eager(self, share: float, persistence_s: float) -> float:
        key = (share, persistence_s)
        if key not in self._known:
            self._known[key] = self.watch(share, persistence_s).alarms_per_year
        return self._known[key]

    def _walk(
        self,
        share: float,
        persistence_s: float,
        wrong: Sequence[Verdict],
        rng: np.random.Generator,
        most_checks: int,
    ) -> _Bout:
        """From a first wrong verdict to where nothing of it is remembered."""
        policy, interval_s = self._policy, self._interval_s
        state, at_s = ViewState(status=Status.OK, since=_START, recent=_quiet(policy)), 0.0
        is_wrong, verdict = True, _draw(wrong, rng)
        alarms, checks, good = 0, 0, 0
        while checks < most_checks:
            at = _START + timedelta(seconds=at_s)
            state, transition = advance(state, verdict if is_wrong else _GOOD, at, policy)
            alarms += transition is not None and transition.change in _ALARMS
            checks += 1
            good = 0 if is_wrong else good + 1
            if state.status is Status.OK and good >= len(_quiet(policy)):
                break
            gap_s = next_check_after_s(state, interval_s, policy)
            at_s += gap_s
            was_wrong = is_wrong
            is_wrong = rng.random() < becomes_wrong(share, persistence_s, gap_s, was_wrong=was_wrong)
            # A gap may hide the end of one episode and the start of another; that is only counted for independent ones.
            if is_wrong and (not was_wrong or persistence_s == 0.0):
                verdict = _draw(wrong, rng)
        return _Bout(alarms, checks, at_s)


@dataclass(frozen=True, slots=True)
class _Bout:
    alarms: int
    checks: int
    lasted_s: float


def _draw(wrong: Sequence[Verdict], rng: np.random.Generator) -> Verdict:
    return wrong[int(rng.integers(len(wrong)))]


def _quiet(policy: StatePolicy) -> tuple[RecentCheck, ...]:
    """What a view remembers that has been told right for long."""
    return (RecentCheck(_START, VerdictKind.OK),) * max(policy.window, policy.close_checks)
