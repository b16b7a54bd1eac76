"""False alarms per camera-year of a bundle under some limits, with bounds, from verdicts on untouched views."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from monitor.domain.decision import weigh
from monitor.domain.thresholds import Thresholds
from monitor.domain.verdict import Verdict
from train.calibration.debounce import Debounce
from train.calibration.evidence import SERIES, Evidence, is_report
from train.calibration.limits import Point
from train.calibration.persistence import Persistence, Track, fit_persistence
from train.calibration.shares import (
    clopper_pearson,
    effective_trials,
    intraclass_correlation,
    mean_bounds,
)

NATURAL = (SERIES, "same")
"""Kinds of evidence that are drawn as a camera delivers them: their shares stand for shares of time."""
COVERS_S = 3600.0
"""How much time a frame stands for at most, where the next one is farther away."""
DAY_S = 86_400.0
_SUREST = 1e-6


@dataclass(frozen=True, slots=True)
class AlarmRate:
    """What the untouched views say of a point.

    Attributes:
        frames: Comparisons on untouched views.
        effective_frames: How many independent ones they are worth.
        false_reports: How many were reported as anything.
        share_upper: Upper 95 % bound of the share of time told wrong.
        persistence: How long wrong verdicts last.
        estimate: Alarms per camera-year, as found.
        lower: Their lower 95 % bound, by drawing cameras anew.
        upper: Their upper 95 % bound: the larger of the one by drawing cameras anew, and of that for a view that is
            told wrong for `share_upper` of the time, with the worst time constant that is not ruled out.
    """

    frames: int
    effective_frames: float
    false_reports: int
    share_upper: float
    persistence: Persistence
    estimate: float
    lower: float
    upper: float


class AlarmEstimator:
    """Turns verdicts on untouched views into alarms.

    Args:
        evidence: All that was gathered; only `NATURAL` kinds are used.
        debounce: Simulates what the service does with verdicts.
        thresholds: Limits under which it is measured how alike a camera's frames are.

    Raises:
        ValueError: There is no evidence of an untouched view.
    """

    def __init__(self, evidence: Sequence[Evidence], debounce: Debounce, thresholds: Thresholds) -> None:
        self._natural = [one for one in evidence if one.kind in NATURAL]
        if not self._natural:
            raise ValueError("no untouched view to estimate false alarms on")
        self._debounce = debounce
        odds: defaultdict[str, list[float]] = defaultdict(list)
        for one in self._natural:
            odds[one.camera].append(_log_odds(weigh(one.comparison, thresholds).same))
        self.correlation = intraclass_correlation(odds)
        self.effective_frames = effective_trials([len(values) for values in odds.values()], self.correlation)
        self.observed_days = _observed_days(self._natural)

    def upper(self, point: Point) -> float:
        """Upper 95 % bound of a point's alarms per camera-year, from all cameras together."""
        count = sum(point.reports[kind] for kind in NATURAL)
        possible = (
            self._persistence(point.thresholds).possible_s if count else Persistence.unknown().possible_s
        )
        return self._debounce.worst(self._share_upper(count), possible)

    def estimate(self, point: Point) -> AlarmRate:
        """Alarms per camera-year under a point's limits."""
        wrong: dict[str, list[Verdict]] = {}
        frames: defaultdict[str, int] = defaultdict(int)
        for one in self._natural:
            verdict = one.judge(point.thresholds)
            frames[one.camera] += 1
            wrong.setdefault(one.camera, [])
            if is_report(verdict.kind):
                wrong[one.camera].append(verdict)
        persistence = self._persistence(point.thresholds)
        rates = [self._rate(len(found) / frames[name], found, persistence) for name, found in wrong.items()]
        lower, upper = mean_bounds(rates)
        count = sum(map(len, wrong.values()))
        return AlarmRate(
            frames=len(self._natural),
            effective_frames=self.effective_frames,
            false_reports=count,
            share_upper=self._share_upper(count),
            persistence=persistence,
            estimate=float(np.mean(rates)),
            lower=lower,
            upper=max(upper, self.upper(point)),
        )

    def _rate(self, share: float, wrong: Sequence[Verdict], persistence: Persistence) -> float:
        if not wrong:
            return 0.0
        times_s = persistence.possible_s if persistence.estimate_s is None else (persistence.estimate_s,)
        return max(self._debounce.watch(share, time_s, wrong).alarms_per_year for time_s in times_s)

    def _share_upper(self, count: int) -> float:
        worth = self.effective_frames / len(self._natural)
        return clopper_pearson(count * worth, self.effective_frames)[1]

    def _persistence(self, thresholds: Thresholds) -> Persistence:
        tracks: defaultdict[tuple[str, str], list[tuple[float, bool]]] = defaultdict(list)
        for one in self._natural:
            if one.at is not None:
                wrong = is_report(one.judge(thresholds).kind)
                tracks[one.camera, one.reference].append((one.at.timestamp(), wrong))
        return fit_persistence(
            Track(*zip(*sorted(frames), strict=True)) for frames in tracks.values() if frames
        )


def _log_odds(probability: float) -> float:
    clipped = min(max(probability, _SUREST), 1 - _SUREST)
    return math.log(clipped / (1 - clipped))


def _observed_days(evidence: Sequence[Evidence]) -> float:
    """Camera-days that the frames with known times stand for, each picture counted once."""
    times: defaultdict[str, set[float]] = defaultdict(set)
    for one in evidence:
        if one.at is not None:
            times[one.camera].add(one.at.timestamp())
    gaps = (
        min(after - before, COVERS_S) for seen in times.values() for before, after in pairwise(sorted(seen))
    )
    return sum(gaps) / DAY_S
