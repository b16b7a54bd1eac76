"""What holds of the view state machine for every history of verdicts and every policy."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from monitor.domain.state import SILENT, Change, StatePolicy, Status, Transition, ViewState
from monitor.domain.transitions import advance, next_check_after_s
from monitor.domain.verdict import PICTURELESS, Verdict, VerdictKind
from monitor.store.serial import from_json, to_json
from tests.domain.builders import T0, histories, policies, quick, verdict, verdicts

History = list[tuple[float, Verdict]]
OPENING = {Change.OPENED}
CLOSING = {Change.RECOVERED}


def walk(
    history: History, policy: StatePolicy
) -> list[tuple[datetime, Verdict, ViewState, ViewState, Transition | None]]:
    """Every step: time, verdict, state before and after, transition."""
    state, now, steps = ViewState(Status.OK, since=T0), T0, []
    for step_s, judged in history:
        now += timedelta(seconds=step_s)
        after, transition = advance(state, judged, now, policy)
        steps.append((now, judged, state, after, transition))
        state = after
    return steps


@quick
@given(histories, policies)
def test_only_a_good_verdict_leads_to_ok(history: History, policy: StatePolicy):
    for _, judged, before, after, _ in walk(history, policy):
        if after.status is Status.OK and before.status is not Status.OK:
            assert judged.kind is VerdictKind.OK


@quick
@given(histories, policies)
def test_a_transition_is_told_exactly_when_the_status_or_the_cause_of_an_alert_changes(
    history: History, policy: StatePolicy
):
    for _, _, before, after, transition in walk(history, policy):
        other_cause = after.status is Status.ALERT and before.cause is not after.cause
        assert (transition is not None) == (before.status is not after.status or other_cause)
        if transition is not None:
            assert (transition.before, transition.after) == (before.status, after.status)


@quick
@given(histories, policies)
def test_an_incident_opens_and_ends_only_with_its_transition(history: History, policy: StatePolicy):
    for _, _, before, after, transition in walk(history, policy):
        change = transition.change if transition else None
        assert (not before.has_open_incident and after.has_open_incident) == (change is Change.OPENED)
        assert (before.has_open_incident and not after.has_open_incident) == (change is Change.RECOVERED)
        if after.has_open_incident:
            assert after.cause not in (None, VerdictKind.OK, VerdictKind.UNSURE)


@quick
@given(histories, policies)
def test_opposite_transitions_are_never_closer_than_the_policy_allows(history: History, policy: StatePolicy):
    steps = walk(history, policy)
    turns = [
        (index, now, transition)
        for index, (now, *_, transition) in enumerate(steps)
        if transition is not None and transition.change in OPENING | CLOSING
    ]
    for (first_index, first_at, first), (then_index, then_at, then) in pairwise(turns):
        assert first.change is not then.change, "an incident opens and ends by turns"
        telling = sum(step[1].kind not in SILENT for step in steps[first_index + 1 : then_index + 1])
        apart_s = (then_at - first_at).total_seconds()
        if then.change is Change.RECOVERED:
            assert telling >= policy.close_checks
            assert apart_s >= policy.close_after_s
        elif then.cause is VerdictKind.DARK:
            assert apart_s >= policy.dark_alert_after_s
        else:
            assert then.cause is not None
            assert telling >= policy.open_checks
            assert apart_s >= policy.duration_needed_s(then.cause)


@quick
@given(histories, policies)
def test_an_alert_opens_only_with_its_count_and_its_duration(history: History, policy: StatePolicy):
    steps = walk(history, policy)
    for index, (now, *_, transition) in enumerate(steps):
        if transition is None or transition.change is not Change.OPENED:
            continue
        if transition.cause is VerdictKind.DARK:
            continue
        assert transition.cause is not None
        told = [step for step in steps[: index + 1] if step[1].kind not in SILENT]
        named = [step for step in told if step[1].kind is transition.cause]
        in_window = [step for step in told[-policy.window :] if step[1].kind is transition.cause]
        assert len(in_window) >= policy.open_checks
        assert (now - named[0][0]).total_seconds() >= policy.duration_needed_s(transition.cause)


@quick
@given(histories, policies, st.sampled_from(sorted(SILENT)))
def test_silence_alone_never_opens_before_a_long_night_nor_closes(
    history: History, policy: StatePolicy, silent: VerdictKind
):
    state = walk([*history, (1.0, verdict(VerdictKind.UNSURE))], policy)[-1][3]
    now = state.checked_at
    assert now is not None
    for _ in range(5):
        now += timedelta(seconds=policy.dark_alert_after_s / 10)
        after, transition = advance(state, verdict(silent), now, policy)
        assert after.has_open_incident == state.has_open_incident
        assert transition is None or transition.change in (Change.LOST_SIGHT, Change.REGAINED_SIGHT)
        state = after


@quick
@given(histories, policies)
def test_the_same_history_gives_the_same_states(history: History, policy: StatePolicy):
    assert walk(history, policy) == walk(history, policy)


@quick
@given(histories, policies)
def test_a_restart_after_every_check_changes_nothing(history: History, policy: StatePolicy):
    state, now = ViewState(Status.OK, since=T0), T0
    for at, judged, before, after, transition in walk(history, policy):
        assert state == before
        kept = from_json(ViewState, json.loads(json.dumps(to_json(state))))
        now = at
        state, told = advance(kept, judged, now, policy)
        assert (state, told) == (after, transition)


@quick
@given(
    st.lists(st.tuples(st.sampled_from([-1e8, -7200.0, -60.0, 0.0, 5.0]), verdicts), max_size=30), policies
)
def test_a_clock_set_back_never_crashes_nor_opens_early(history: History, policy: StatePolicy):
    patient = replace(policy, default_duration_s=200.0, min_duration_s={}, dark_alert_after_s=1e9)
    steps = walk(history, patient)
    passed_s = 5.0 * sum(step_s == 5.0 for step_s, _ in history)
    opened = [step for step in steps if step[4] is not None and step[4].change is Change.OPENED]
    assert passed_s >= 200.0 or not opened
    for now, _, before, after, _ in steps:
        assert after.checked_at is not None
        assert now <= after.checked_at <= now + timedelta(hours=1) or after.checked_at == before.checked_at


@quick
@given(histories, policies, st.floats(1, 1e5))
def test_the_next_check_is_soon_in_doubt_and_later_than_the_interval_only_where_no_frame_comes(
    history: History, policy: StatePolicy, interval_s: float
):
    for _, _, _, after, _ in walk(history, policy):
        wait_s = next_check_after_s(after, interval_s, policy)
        lacks_frames = after.status is Status.ALERT and after.cause in PICTURELESS
        assert 0 < wait_s <= (max(interval_s, policy.longest_wait_s) if lacks_frames else interval_s)
        if after.status is Status.SUSPECT:
            assert wait_s <= policy.recheck_s


@quick
@given(histories, policies)
def test_a_state_stays_small(history: History, policy: StatePolicy):
    for *_, after, _ in walk(history, policy):
        assert len(after.recent) <= max(policy.window, policy.close_checks)
        assert len(after.opened) <= policy.flap_changes
