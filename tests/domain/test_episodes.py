from collections.abc import Sequence
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from monitor.domain.displacement import Displacement
from monitor.domain.episodes import Episode, PastCheck, contrast, from_calm, tell_again
from monitor.domain.grounds import Grounds
from monitor.domain.inhibition import Inhibition
from monitor.domain.state import Change, StatePolicy, Status
from monitor.domain.thresholds import Thresholds
from monitor.domain.verdict import VerdictKind
from tests.domain.builders import (
    GOOD,
    MOVED,
    POLICY,
    Watched,
    alignment,
    at,
    comparison,
    policies,
    quick,
    verdict,
    verdicts,
)

OK, FLIPPED = VerdictKind.OK, VerdictKind.FLIPPED_180


def past(kinds: Sequence[VerdictKind], step_s: float = 30.0) -> list[PastCheck]:
    return [
        PastCheck(place, at(place * step_s), verdict(kind), Status.OK) for place, kind in enumerate(kinds)
    ]


def told(checks: Sequence[PastCheck], policy: StatePolicy = POLICY) -> list[Episode]:
    return list(tell_again(checks, [check.verdict for check in checks], policy))


def test_a_flip_that_lasts_is_an_episode_from_its_report_to_its_end() -> None:
    (episode,) = told(past([OK, FLIPPED, FLIPPED, FLIPPED, OK, OK]))
    assert episode == Episode(FLIPPED, at(60), at(150))


def test_with_more_insistence_it_is_told_later_or_not_at_all() -> None:
    checks = past([OK, FLIPPED, FLIPPED, FLIPPED, OK, OK])
    (later,) = told(checks, replace(POLICY, open_checks=3))
    assert later.opened_at == at(90)
    assert told(checks, replace(POLICY, open_checks=4, window=4)) == []


def test_an_episode_without_an_end_stays_open() -> None:
    (episode,) = told(past([OK, FLIPPED, FLIPPED]))
    assert episode.closed_at is None


def test_what_stood_for_a_missing_frame_then_stands_for_it_again() -> None:
    checks = past([OK, *[VerdictKind.OFFLINE] * 10])
    assert told(checks)
    excused = Grounds(inhibition=Inhibition("the recorder is unreachable"))
    assert told([replace(check, grounds=excused) for check in checks]) == []


@quick
@given(st.lists(verdicts, max_size=30), policies)
def test_history_told_again_by_the_same_rules_opens_and_ends_what_the_service_did(
    said: list, policy: StatePolicy
) -> None:
    watched = Watched(policy)
    checks = [PastCheck(place, at(place * 40), one, Status.OK) for place, one in enumerate(said)]
    for check in checks:
        watched.see((check.at - at(0)).total_seconds(), check.verdict)
    opened = [when for when, transition in watched.transitions if transition.change is Change.OPENED]
    ended = [when for when, transition in watched.transitions if transition.change is Change.RECOVERED]
    episodes = told(checks, policy)
    assert [episode.opened_at for episode in episodes] == opened
    assert [episode.closed_at for episode in episodes if episode.closed_at] == ended


def test_what_was_before_the_first_calm_check_is_left_out() -> None:
    checks = past([FLIPPED, FLIPPED, OK])
    rough = [replace(check, status=Status.ALERT) for check in checks[:2]]
    assert from_calm([*rough, checks[2]]) == [checks[2]]
    assert from_calm(rough) == ()


def test_episodes_that_overlap_are_the_same_and_others_are_gone_or_new() -> None:
    then = [Episode(FLIPPED, at(0), at(100), 1), Episode(FLIPPED, at(500), at(600), 2)]
    now = [Episode(FLIPPED, at(50), at(60)), Episode(FLIPPED, at(80), at(90)), Episode(FLIPPED, at(900))]
    found = contrast(then, now)
    assert found.same == ((then[0], now[0]),)
    assert found.gone == (then[1],)
    assert found.new == (now[2],)


def test_other_limits_come_to_another_verdict_and_what_is_not_kept_counts_again() -> None:
    small = Displacement(dx=0.02)
    seen = Grounds(GOOD, (comparison(MOVED, alignment(small), network=small),))
    strict, lax = Thresholds(), Thresholds(moved_excess=4.0)
    recorded = verdict(VerdictKind.MOVED)
    assert seen.judge(strict, recorded).kind is VerdictKind.MOVED
    assert seen.judge(lax, recorded).kind is not VerdictKind.MOVED
    assert replace(seen, frozen="It stands.").judge(strict, recorded).kind is VerdictKind.FROZEN
    assert replace(seen, complaint="bad data").judge(strict, recorded).kind is VerdictKind.STREAM_FAULT
    assert Grounds().judge(strict, recorded) is recorded
