from dataclasses import replace
from datetime import timedelta

import pytest

from monitor.domain.budget import Budget, Rate
from monitor.domain.displacement import Displacement
from monitor.domain.episodes import Episode, PastCheck
from monitor.domain.grounds import Grounds
from monitor.domain.state import StatePolicy, Status
from monitor.domain.thresholds import Thresholds
from monitor.domain.tuning import Outcome, Rules, candidates, propose, smallest_named, try_out, watched_calmly
from monitor.domain.verdict import VerdictKind
from tests.domain.builders import AT_REST, GOOD, MOVED, SAME, alignment, at, comparison

PRESENT = Rules(Thresholds(), StatePolicy())
HOUR = 3600.0


def looked(place: int, shift: float = 0.0) -> PastCheck:
    """A check a minute that measured such a shift, as it was judged by the present limits."""
    seen = Displacement(dx=shift)
    compared = comparison(MOVED, alignment(seen), network=seen) if shift else comparison(SAME, AT_REST)
    grounds = Grounds(GOOD, (compared,))
    check = PastCheck(place, at(place * 60.0), replace(NOTHING, kind=VerdictKind.OK), Status.OK, grounds)
    return replace(check, verdict=check.judge(PRESENT.thresholds))


NOTHING = Grounds(GOOD, (comparison(),)).judge(Thresholds(), None)  # type: ignore[arg-type]
SWAYING = [looked(place, 0.02 if place % 50 in (10, 11, 12) else 0.0) for place in range(500)]
"""A mast that sways 2 % for three minutes, ten times."""


def outcomes(checks: list[PastCheck], incidents: tuple[Episode, ...] = ()) -> list[Outcome]:
    return list(try_out(checks, incidents, candidates(PRESENT), 60.0))


def test_the_first_candidate_is_what_is_in_use_and_none_comes_twice() -> None:
    found = list(candidates(PRESENT))
    assert found[0] == PRESENT
    assert all(one not in found[:place] for place, one in enumerate(found))
    assert all(one.thresholds.moved_excess >= 1.0 for one in found)


def test_a_swaying_mast_gets_a_wider_margin_or_more_insistence_and_no_more_than_it_needs() -> None:
    found = outcomes(SWAYING)
    assert found[0].rate.episodes == 10
    proposal = propose(found, Budget.parse("10000/year"))
    assert proposal.is_shown
    assert proposal.outcome is not None
    assert proposal.outcome.rate.episodes == 0
    assert proposal.outcome.rules.beyond(PRESENT) == {"policy": {"open_checks": 4, "window": 6}}


def test_incidents_that_nobody_calls_wrong_are_no_false_alarms_and_their_time_does_not_count() -> None:
    true = Episode(VerdictKind.MOVED, at(10 * 60.0), at(20 * 60.0), 1)
    found = outcomes(SWAYING, (true,))[0]
    assert found.rate.episodes == 9
    assert found.lost == 0
    assert found.rate.watched == timedelta(minutes=499 - 11)


def test_rules_that_would_not_have_reported_a_true_incident_say_so() -> None:
    true = Episode(VerdictKind.MOVED, at(10 * 60.0), at(20 * 60.0), 1)
    lax = replace(PRESENT, thresholds=replace(PRESENT.thresholds, moved_excess=6.0, unaligned_excess=6.0))
    (found,) = try_out(SWAYING, (true,), [lax], 60.0)
    assert (found.rate.episodes, found.lost) == (0, 1)


def test_long_silences_do_not_count_as_watched() -> None:
    checks = [looked(0), looked(1), replace(looked(2), at=at(9 * HOUR))]
    assert watched_calmly(checks, (), timedelta(minutes=10)) == timedelta(minutes=11)


def test_the_wider_the_margin_the_larger_the_smallest_move_that_is_named() -> None:
    sample = [looked(0)]
    named = [smallest_named(sample, replace(Thresholds(), moved_excess=excess)) for excess in (1.0, 2.0, 4.0)]
    assert None not in named
    assert named == sorted(named, key=float)
    # Below 1.5 % the network's word is "same", which a margin of its own does not change.
    assert named[0] == pytest.approx(0.0163, abs=0.002)
    assert named[2] == pytest.approx(0.04, abs=0.01)
    assert smallest_named([], Thresholds()) is None


def rated(rules: Rules, episodes: int, days: float, shift: float) -> Outcome:
    return Outcome(rules, Rate(episodes, timedelta(days=days)), 0, shift)


def test_a_short_history_shows_nothing_and_changes_nothing_that_kept_the_budget() -> None:
    tighter = replace(PRESENT, thresholds=Thresholds(moved_excess=1.0))
    proposal = propose([rated(PRESENT, 0, 30, 0.02), rated(tighter, 0, 30, 0.01)], Budget.parse("1/year"))
    assert not proposal.is_shown
    assert proposal.outcome is not None
    assert proposal.outcome.rules == PRESENT


def test_where_it_is_not_kept_the_next_wider_rules_are_proposed_without_a_claim() -> None:
    wider = replace(PRESENT, thresholds=Thresholds(moved_excess=2.0))
    tried = [rated(PRESENT, 3, 30, 0.02), rated(wider, 0, 30, 0.03)]
    proposal = propose(tried, Budget.parse("1/year"))
    assert (proposal.outcome, proposal.is_shown) == (tried[1], False)


def test_where_nothing_keeps_it_nothing_is_proposed() -> None:
    assert propose([rated(PRESENT, 30, 30, 0.02)], Budget.parse("1/year")).outcome is None
