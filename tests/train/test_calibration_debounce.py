"""The simulated service raises as many false alarms as mathematics says, where mathematics can say it."""

from __future__ import annotations

import math

import pytest

from monitor.domain.displacement import Displacement
from monitor.domain.state import StatePolicy
from monitor.domain.verdict import Verdict, VerdictKind
from train.calibration.debounce import EAGER, YEAR_S, Debounce
from train.calibration.persistence import PERSISTENCES_S

INTERVAL_S = 60.0
CHECKS_PER_YEAR = YEAR_S / INTERVAL_S


def insisting(checks: int) -> StatePolicy:
    """Opens after so many wrong verdicts in a row, closes with the first good one, and never looks again sooner."""
    return StatePolicy(
        open_checks=checks,
        window=checks,
        min_duration_s={},
        default_duration_s=0.0,
        close_checks=1,
        close_after_s=0.0,
        recheck_s=1e9,
    )


@pytest.mark.parametrize("share", [0.02, 0.2, 0.5])
@pytest.mark.parametrize("checks", [1, 2, 3])
def test_independent_checks_alarm_as_often_as_runs_of_that_length_begin(share: float, checks: int) -> None:
    found = Debounce(insisting(checks), INTERVAL_S).watch(share, 0.0)
    expected = CHECKS_PER_YEAR * (1 - share) * share**checks
    # Counts scatter by the root of their number; three of those, and never less than a tenth.
    slack = max(0.1, 3 / math.sqrt(max(found.alarms, 1)))
    assert found.alarms_per_year == pytest.approx(expected, rel=slack)


@pytest.mark.parametrize("checks", [1, 3])
@pytest.mark.parametrize("persistence_s", [60.0, 600.0])
def test_lasting_verdicts_alarm_as_often_as_markov_says(checks: int, persistence_s: float) -> None:
    share = 0.01
    kept = math.exp(-INTERVAL_S / persistence_s)
    begins = (1 - share) * share * (1 - kept)
    goes_on = share + (1 - share) * kept
    found = Debounce(insisting(checks), INTERVAL_S).watch(share, persistence_s)
    assert found.alarms_per_year == pytest.approx(CHECKS_PER_YEAR * begins * goes_on ** (checks - 1), rel=0.2)


def test_a_view_that_is_always_told_right_never_alarms() -> None:
    assert Debounce(StatePolicy(), INTERVAL_S, checks=8000).watch(0.0, 60.0).alarms_per_year == 0.0


def test_two_of_three_and_quick_rechecks_alarm_less_often_than_one_check_alone() -> None:
    alone = Debounce(insisting(1), INTERVAL_S, checks=8000).watch(0.01, 0.0).alarms_per_year
    assert Debounce(StatePolicy(), INTERVAL_S, checks=8000).watch(0.01, 0.0).alarms_per_year < alone / 20


def test_moves_that_scatter_do_not_insist_and_a_cause_that_must_last_insists_less() -> None:
    debounce = Debounce(StatePolicy(), INTERVAL_S, checks=8000)
    scattered = [
        Verdict(
            VerdictKind.MOVED, 1.0, displacement=Displacement(dx=0.05 * math.cos(n), dy=0.05 * math.sin(n))
        )
        for n in range(40)
    ]
    eager = debounce.watch(0.02, 0.0, [EAGER]).alarms_per_year
    assert debounce.watch(0.02, 0.0, scattered).alarms_per_year < eager / 2
    minutes = [Verdict(VerdictKind.BLURRED, 1.0)]
    assert (
        debounce.watch(0.02, 60.0, minutes).alarms_per_year < debounce.watch(0.02, 60.0).alarms_per_year / 2
    )


def test_the_worst_case_grows_with_the_share_and_with_what_is_possible() -> None:
    debounce = Debounce(StatePolicy(), INTERVAL_S, checks=8000)
    some = (0.0, 60.0)
    rates = [debounce.worst(share, some) for share in (0.0, 0.001, 0.01, 0.1, 0.3)]
    assert rates == sorted(rates)
    assert rates[0] == 0.0
    assert debounce.worst(0.01, PERSISTENCES_S[:4]) >= debounce.worst(0.01, (0.0,))


def test_a_view_told_wrong_for_good_counts_no_better_than_one_told_wrong_at_times() -> None:
    debounce = Debounce(StatePolicy(), INTERVAL_S, checks=8000)
    assert debounce.watch(0.95, 60.0).alarms_per_year < debounce.worst(0.95, (60.0,))


def test_the_same_question_has_the_same_answer() -> None:
    one, other = (Debounce(StatePolicy(), INTERVAL_S, seed=7).watch(0.05, 30.0) for _ in range(2))
    assert one == other
