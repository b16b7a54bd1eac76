"""The view state machine, case by case; what holds for every history is in `test_state_properties`."""

from __future__ import annotations

from dataclasses import replace

import pytest

from monitor.domain.displacement import Displacement
from monitor.domain.inhibition import Inhibition
from monitor.domain.state import Change, StatePolicy, Status
from monitor.domain.transitions import next_check_after_s
from monitor.domain.verdict import VerdictKind
from tests.domain.builders import POLICY, Watched, at, verdict

OK, MOVED, FLIPPED = VerdictKind.OK, VerdictKind.MOVED, VerdictKind.FLIPPED_180
DARK, UNSURE, OFFLINE = VerdictKind.DARK, VerdictKind.UNSURE, VerdictKind.OFFLINE
OBSTRUCTED, TORN = VerdictKind.OBSTRUCTED, VerdictKind.STREAM_FAULT
HOUR = 3600.0


def alerted(kind: VerdictKind = FLIPPED, policy: StatePolicy = POLICY) -> Watched:
    """A view in alert, opened at 30 s."""
    view = Watched(policy)
    view.see_every(30, [kind, kind])
    assert view.status is Status.ALERT
    return view


def lost_in_alert() -> Watched:
    """A view whose alert was interrupted by doubt, `unknown` since 1860 s."""
    view = alerted()
    view.see_all([(60, UNSURE), (1860, UNSURE)])
    assert view.status is Status.UNKNOWN
    return view


def test_one_bad_check_is_a_suspicion_and_the_next_that_agrees_an_alert():
    view = Watched()
    suspected = view.see(0, FLIPPED)
    assert suspected is not None
    assert (suspected.change, suspected.before, suspected.after) == (
        Change.SUSPECTED, Status.OK, Status.SUSPECT
    )  # fmt: skip
    opened = view.see(30, FLIPPED)
    assert opened is not None
    assert (opened.change, opened.cause, opened.flapping) == (Change.OPENED, FLIPPED, False)
    assert opened.reason == "2 of the last 2 checks over 30 s say so."
    assert view.state.has_open_incident


def test_a_good_check_between_two_bad_ones_does_not_save_a_view_as_two_of_three_are_enough():
    view = Watched()
    view.see_every(30, [FLIPPED, OK, FLIPPED])
    assert view.changes == [Change.SUSPECTED, Change.OPENED]


def test_a_suspicion_that_is_not_confirmed_is_cleared_once_it_cannot_be():
    view = Watched()
    view.see_every(30, [FLIPPED, OK])
    assert view.status is Status.SUSPECT, "two of three are still possible"
    cleared = view.see(60, OK)
    assert cleared is not None
    assert (cleared.change, cleared.cause, view.state.cause) == (Change.CLEARED, FLIPPED, None)


@pytest.mark.parametrize(("open_checks", "window"), [(1, 1), (1, 2), (1, 3), (2, 2), (2, 3), (3, 5)])
def test_a_suspicion_is_cleared_by_good_checks_whatever_the_policy(open_checks: int, window: int):
    view = Watched(replace(POLICY, open_checks=open_checks, window=window))
    view.see_every(30, [FLIPPED, *[OK] * window])
    assert view.changes == [Change.SUSPECTED, Change.CLEARED]


def test_three_of_five_are_waited_for_across_two_good_checks():
    view = Watched(replace(POLICY, open_checks=3, window=5))
    view.see_every(30, [FLIPPED, OK, FLIPPED, OK, FLIPPED])
    assert view.changes == [Change.SUSPECTED, Change.OPENED]


def test_the_count_without_the_duration_does_not_open():
    view = Watched()
    view.see_every(5, [FLIPPED, FLIPPED, FLIPPED])
    assert view.status is Status.SUSPECT
    view.see(20, FLIPPED)
    assert view.status is Status.ALERT


def test_the_duration_without_the_count_does_not_open():
    view = Watched()
    view.see_every(90, [FLIPPED, OK, OK, FLIPPED])
    assert Change.OPENED not in view.changes


def test_a_cause_that_must_last_long_opens_although_the_window_remembers_less():
    view = Watched()
    view.see_every(30, [OBSTRUCTED] * 4)
    assert view.status is Status.SUSPECT, "90 s of the 120 s needed"
    opened = view.see(120, OBSTRUCTED)
    assert opened is not None
    assert opened.reason == "3 of the last 3 checks over 120 s say so."


def test_a_blip_of_another_cause_does_not_restart_a_long_duration():
    view = Watched()
    view.see_every(30, [OFFLINE, OFFLINE, TORN, OFFLINE, OFFLINE])
    assert view.status is Status.ALERT
    assert view.state.cause is OFFLINE


def test_two_causes_that_alternate_do_not_hide_each_other():
    view = Watched()
    view.see_every(30, [OFFLINE, TORN] * 4)
    assert view.changes == [Change.SUSPECTED, Change.OPENED]


def test_a_gap_of_a_whole_window_starts_the_duration_anew():
    view = Watched(replace(POLICY, window=2))
    view.see_every(60, [OBSTRUCTED, OBSTRUCTED, FLIPPED, OBSTRUCTED, OBSTRUCTED])
    assert view.status is Status.SUSPECT, "two checks of obstruction over 60 s since the gap"


def test_a_real_move_repeats_itself_and_opens():
    view = Watched()
    view.see(0, MOVED, Displacement(dx=0.06, dy=0.01))
    view.see(30, MOVED, Displacement(dx=0.065, dy=0.005))
    assert view.changes == [Change.SUSPECTED, Change.OPENED]


def test_scattered_moves_never_open():
    view = Watched()
    for number in range(40):
        side = (0.08, -0.08, 0.0)[number % 3]
        view.see(number * 30, MOVED, Displacement(dx=side, dy=-side))
    assert view.changes == [Change.SUSPECTED]


def test_the_duration_of_a_move_counts_from_the_first_measurement_that_agrees():
    view = Watched()
    view.see(0, MOVED, Displacement(dx=-0.1))
    view.see(100, MOVED, Displacement(dx=0.1))
    view.see(105, MOVED, Displacement(dx=0.1))
    assert view.status is Status.SUSPECT, "the two that agree are 5 s apart"
    view.see(125, MOVED, Displacement(dx=0.1))
    assert view.status is Status.ALERT


def test_moves_without_a_measurement_never_agree():
    view = Watched()
    for seconds in range(0, 300, 30):
        view.see(seconds, replace(verdict(MOVED), displacement=None))
    assert view.changes == [Change.SUSPECTED]


@pytest.mark.parametrize("open_checks", [1, 2])
def test_a_move_that_is_not_a_number_opens_nothing(open_checks: int):
    view = Watched(replace(POLICY, open_checks=open_checks, default_duration_s=0))
    for seconds in range(0, 300, 30):
        view.see(seconds, MOVED, Displacement(dx=float("nan")))
    assert view.changes == [Change.SUSPECTED]


def test_one_check_opens_where_the_policy_asks_for_no_more():
    view = Watched(replace(POLICY, open_checks=1, window=1, default_duration_s=0))
    view.see(0, FLIPPED)
    assert view.changes == [Change.OPENED]


# Closing


def test_an_alert_ends_after_enough_good_checks_over_enough_time():
    view = alerted()
    view.see_all([(60, OK), (70, OK)])
    assert view.status is Status.ALERT, "10 s of the 20 s needed"
    recovered = view.see(80, OK)
    assert recovered is not None
    assert (recovered.change, recovered.cause) == (Change.RECOVERED, FLIPPED)
    assert recovered.reason == "3 good checks over 20 s."
    assert not view.state.has_open_incident


def test_a_bad_check_restarts_the_way_out_of_an_alert():
    view = alerted()
    view.see_every(60, [OK, FLIPPED, OK], start_s=60)
    assert view.status is Status.ALERT
    view.see(240, OK)
    assert view.status is Status.OK


def test_a_closing_that_lasts_longer_than_the_window_remembers_is_reached():
    view = alerted(policy=replace(POLICY, close_after_s=600))
    for seconds in range(60, 660, 30):
        view.see(seconds, OK)
        assert view.status is Status.ALERT
    view.see(660, OK)
    assert view.status is Status.OK


def test_what_was_bad_before_the_recovery_does_not_count_again():
    view = alerted(policy=replace(POLICY, close_checks=1, close_after_s=0))
    view.see_all([(60, OK), (90, FLIPPED)])
    assert view.changes[-2:] == [Change.RECOVERED, Change.SUSPECTED]


# Night and doubt


@pytest.mark.parametrize("silent", [DARK, UNSURE])
def test_night_and_doubt_neither_confirm_nor_clear(silent: VerdictKind):
    view = Watched()
    view.see_every(30, [FLIPPED, silent, silent, silent])
    assert view.status is Status.SUSPECT
    view.see(120, FLIPPED)
    assert view.status is Status.ALERT
    view.see_every(30, [OK, silent, silent], start_s=150)
    assert view.status is Status.ALERT


def test_a_view_that_tells_nothing_for_long_is_unknown_and_settles_when_it_does_again():
    view = Watched()
    view.see_all([(0, OK), (60, UNSURE), (1859, UNSURE)])
    assert view.status is Status.OK
    lost = view.see(1860, DARK)
    assert lost is not None
    assert (lost.change, lost.after, lost.reason) == (
        Change.LOST_SIGHT, Status.UNKNOWN, "Nothing could be told for 30 minutes (dark)."
    )  # fmt: skip
    regained = view.see(2000, OK)
    assert regained is not None
    assert (regained.change, regained.before, regained.after) == (
        Change.REGAINED_SIGHT, Status.UNKNOWN, Status.OK
    )  # fmt: skip


def test_a_suspicion_does_not_survive_unknown():
    view = Watched()
    view.see_all([(0, FLIPPED), (30, UNSURE), (1830, UNSURE)])
    assert (view.status, view.state.cause, view.state.has_open_incident) == (Status.UNKNOWN, None, False)
    view.see(1860, FLIPPED)
    assert view.status is Status.SUSPECT, "it takes two checks again"


def test_an_alert_survives_unknown_and_comes_back_with_a_transition():
    view = lost_in_alert()
    assert view.state.has_open_incident
    assert view.state.cause is FLIPPED
    back = view.see(1900, FLIPPED)
    assert back is not None
    assert (back.change, back.before, back.after, back.cause) == (
        Change.REGAINED_SIGHT, Status.UNKNOWN, Status.ALERT, FLIPPED
    )  # fmt: skip
    assert view.changes.count(Change.OPENED) == 1


def test_an_alert_interrupted_by_unknown_recovers_after_the_usual_good_checks():
    view = lost_in_alert()
    back = view.see(1900, OK)
    assert back is not None
    assert (back.change, back.after) == (Change.REGAINED_SIGHT, Status.ALERT)
    view.see(1930, OK)
    assert view.changes[-1] is Change.RECOVERED
    assert not view.state.has_open_incident


def test_an_interrupted_alert_recovers_at_once_where_one_good_check_is_enough():
    view = lost_in_alert()
    view.policy = replace(POLICY, close_checks=1, close_after_s=0)
    recovered = view.see(1900, OK)
    assert recovered is not None
    assert (recovered.change, recovered.before) == (Change.RECOVERED, Status.UNKNOWN)


def test_an_interrupted_alert_that_comes_back_with_another_cause_changes_it():
    view = lost_in_alert()
    view.see_every(30, [MOVED, MOVED], start_s=1900)
    assert view.changes[-2:] == [Change.REGAINED_SIGHT, Change.CAUSE_CHANGED]
    assert view.state.cause is MOVED


# Very long darkness


def darken(view: Watched, hours: float, start_s: float = 0.0) -> None:
    for step in range(int(hours * 6) + 1):
        view.see(start_s + step * 600, DARK)


def test_a_darkness_longer_than_any_night_is_an_incident_seen_since_dusk():
    view = Watched()
    darken(view, 17.8)
    assert view.status is Status.UNKNOWN
    darken(view, 0.2, start_s=17.9 * HOUR)
    opened = view.transitions[-1][1]
    assert (opened.change, opened.cause) == (Change.OPENED, DARK)
    assert (view.state.named, view.state.named_since) == (DARK, at(0))


def test_an_alert_for_darkness_stays_one_while_it_is_dark():
    view = Watched()
    darken(view, 30)
    assert view.status is Status.ALERT
    assert view.changes == [Change.LOST_SIGHT, Change.OPENED]


@pytest.mark.parametrize("unknown_after_s", [1800.0, 100 * HOUR])
def test_an_alert_for_darkness_ends_like_any_other_when_the_light_is_back(unknown_after_s: float):
    view = Watched(replace(POLICY, unknown_after_s=unknown_after_s))
    view.see_all([(-120, OK), (-60, OK)])
    darken(view, 20)
    view.see(21 * HOUR, OK)
    assert view.status is Status.ALERT, "good checks from before the dark do not count"
    view.see(21 * HOUR + 30, OK)
    assert view.changes[-1] is Change.RECOVERED


def test_an_alert_for_darkness_that_doubt_interrupted_comes_back_with_the_dark():
    view = Watched()
    darken(view, 20)
    view.see_all([(21 * HOUR, UNSURE), (22 * HOUR, UNSURE)])
    assert view.status is Status.UNKNOWN
    view.see(22.1 * HOUR, DARK)
    assert view.changes[-2:] == [Change.LOST_SIGHT, Change.REGAINED_SIGHT]
    assert view.status is Status.ALERT


def test_one_lost_frame_does_not_end_a_darkness():
    view = Watched()
    darken(view, 9)
    view.see(9.05 * HOUR, OFFLINE)
    darken(view, 9, start_s=9.1 * HOUR)
    assert view.state.cause is DARK
    assert view.status is Status.ALERT


@pytest.mark.parametrize("daylight", [OK, FLIPPED, UNSURE])
def test_any_light_ends_a_darkness(daylight: VerdictKind):
    view = Watched()
    darken(view, 12)
    view.see(12.1 * HOUR, daylight)
    darken(view, 12, start_s=12.2 * HOUR)
    assert not view.state.has_open_incident


def test_a_day_without_checks_is_not_taken_for_a_dark_one():
    view = Watched()
    darken(view, 1)
    darken(view, 1, start_s=24 * HOUR)
    assert Change.OPENED not in view.changes


def test_an_outage_that_is_an_alert_ends_a_darkness_as_it_may_have_lasted_a_day():
    view = Watched()
    darken(view, 9)
    view.see_every(60, [OFFLINE] * 5, start_s=9 * HOUR)
    assert view.state.cause is OFFLINE
    assert view.state.dark_since is None


# Another cause, flapping


def test_the_cause_changes_when_the_old_one_is_not_named_for_a_whole_window():
    view = alerted(FLIPPED)
    view.see_every(30, [MOVED, MOVED], start_s=60)
    assert view.state.cause is FLIPPED
    changed = view.see(120, MOVED)
    assert changed is not None
    assert (changed.change, changed.before, changed.after, changed.cause) == (
        Change.CAUSE_CHANGED, Status.ALERT, Status.ALERT, MOVED
    )  # fmt: skip
    assert changed.reason == "Was flipped_180. 3 of the last 3 checks over 60 s say so."


def test_causes_that_alternate_in_an_alert_are_told_once():
    view = alerted(OFFLINE, replace(POLICY, min_duration_s={}))
    view.see_every(30, [TORN, OFFLINE] * 10, start_s=60)
    assert view.changes == [Change.SUSPECTED, Change.OPENED]


def test_alerts_that_come_and_go_are_flagged_as_flapping():
    view = Watched()
    for lap in range(5):
        view.see_every(30, [FLIPPED, FLIPPED, OK, OK], start_s=lap * 300)
    opened = [transition.flapping for _, transition in view.transitions if transition.change is Change.OPENED]
    assert opened == [False, False, False, True, True]


def test_alerts_far_apart_are_no_flapping():
    view = Watched()
    for lap in range(6):
        view.see_every(30, [FLIPPED, FLIPPED, OK, OK], start_s=lap * 1300)
    assert not any(transition.flapping for _, transition in view.transitions)


def test_an_alert_that_keeps_changing_its_cause_is_flapping_too():
    view = alerted(FLIPPED)
    for lap, kind in enumerate([MOVED, FLIPPED, MOVED]):
        view.see_every(30, [kind] * 3, start_s=60 + lap * 90)
    assert view.transitions[-1][1].change is Change.CAUSE_CHANGED
    assert view.transitions[-1][1].flapping


# Clocks


def test_a_clock_set_back_a_little_opens_nothing_early():
    view = Watched()
    view.see(0, FLIPPED)
    view.see(-600, FLIPPED)
    view.see(10, FLIPPED)
    assert view.status is Status.SUSPECT
    view.see(20, FLIPPED)
    assert view.status is Status.ALERT


def test_a_clock_that_was_a_year_ahead_does_not_blind_the_view_for_a_year():
    year_s = 365 * 24 * HOUR
    view = Watched()
    view.see(year_s, FLIPPED)
    view.see(0, FLIPPED)
    assert view.status is Status.SUSPECT, "the step back counts as no time"
    view.see(20, FLIPPED)
    assert view.status is Status.ALERT
    assert view.state.since == at(20)


def test_a_clock_set_back_keeps_the_time_that_had_passed():
    view = Watched()
    view.see_every(30, [OBSTRUCTED] * 4, start_s=1e6)
    view.see(0, OBSTRUCTED)
    assert view.status is Status.SUSPECT
    view.see(30, OBSTRUCTED)
    assert view.status is Status.ALERT, "90 s before and 30 s after the step"


# When to look again


@pytest.mark.parametrize(
    ("said", "soon"),
    [
        ([OK], False),
        ([FLIPPED], True),
        ([FLIPPED, FLIPPED], False),
        ([FLIPPED, FLIPPED, OK], True),
        ([FLIPPED, FLIPPED, MOVED], True),
        ([FLIPPED, FLIPPED, OK, FLIPPED], False),
        ([FLIPPED, FLIPPED, OK, OK], False),
        ([FLIPPED, UNSURE], True),
        ([UNSURE], False),
    ],
)
def test_what_is_in_doubt_is_looked_at_again_soon(said: list[VerdictKind], soon: bool):
    view = Watched()
    view.see_every(30, said)
    assert next_check_after_s(view.state, 600, POLICY) == (POLICY.recheck_s if soon else 600)


def test_a_recheck_is_never_later_than_the_usual_interval():
    view = Watched()
    view.see(0, FLIPPED)
    assert next_check_after_s(view.state, 10, POLICY) == 10


def test_an_alert_for_darkness_is_looked_at_as_usual():
    view = Watched()
    darken(view, 20)
    assert next_check_after_s(view.state, 600, POLICY) == 600


# When something else is known to be the cause

DOWN = Inhibition("recorder 10.0.0.5 is unreachable", 12)
DOUBT = Inhibition("no camera of 10.0.0.5 has worked yet", certain=False)


def test_a_view_whose_recorder_is_down_opens_no_incident_and_is_unknown_after_its_time():
    view = Watched()
    for seconds in range(0, 3600, 60):
        view.see(seconds, OFFLINE, inhibition=DOWN)
    assert view.changes == [Change.LOST_SIGHT]
    assert view.status is Status.UNKNOWN
    assert DOWN.reason in view.transitions[0][1].reason
    view.see(3600, OK)
    assert view.changes == [Change.LOST_SIGHT, Change.REGAINED_SIGHT]


def test_what_failed_before_its_recorder_did_is_not_held_against_it_afterwards():
    view = Watched()
    view.see_every(60, [OFFLINE, OFFLINE])
    view.see(120, OFFLINE, inhibition=DOWN)
    view.see(900, OFFLINE)
    assert Change.OPENED not in view.changes
    view.see(1020, OFFLINE)
    assert view.changes[-1] is Change.OPENED


def test_an_incident_that_was_open_before_is_left_as_it_is():
    view = Watched()
    view.see_every(60, [OFFLINE] * 4)
    assert view.status is Status.ALERT
    for seconds in range(300, 7200, 300):
        view.see(seconds, OFFLINE, inhibition=DOWN)
    assert view.status is Status.ALERT
    assert view.changes == [Change.SUSPECTED, Change.OPENED]


def test_another_verdict_than_offline_counts_whatever_is_said_of_the_recorder():
    view = Watched()
    for seconds in (0, 30):
        view.see(seconds, FLIPPED, inhibition=DOWN)
    assert view.status is Status.ALERT


def test_in_doubt_failures_are_noted_but_open_nothing_until_the_doubt_is_over():
    view = Watched()
    for seconds in (0, 60, 120, 180):
        view.see(seconds, OFFLINE, inhibition=DOUBT)
    assert view.status is Status.SUSPECT
    view.see(210, OFFLINE)
    assert view.status is Status.ALERT


# Where no frame comes


def test_a_view_without_frames_is_asked_after_as_long_as_it_has_given_none_up_to_a_limit():
    view, waits_s, seconds = Watched(), [], 0.0
    for _ in range(9):
        view.see(seconds, OFFLINE)
        waits_s.append(next_check_after_s(view.state, 60, POLICY))
        seconds += waits_s[-1]
    # A suspicion is looked at soon; from the incident on, each wait is twice the one before.
    assert waits_s == [30, 30, 30, 30, 120, 240, 300, 300, 300]


@pytest.mark.parametrize(("interval_s", "wait_s"), [(60, 300), (600, 600), (1, 300)])
def test_a_view_with_a_long_interval_is_asked_no_more_often_than_that(interval_s: float, wait_s: float):
    view = Watched()
    view.see_every(60, [OFFLINE] * 20)
    assert next_check_after_s(view.state, interval_s, POLICY) == wait_s


def test_a_view_that_gives_a_frame_again_is_looked_at_again_soon():
    view = Watched()
    view.see_every(60, [OFFLINE] * 20)
    view.see(1300, OK)
    assert next_check_after_s(view.state, 60, POLICY) == POLICY.recheck_s


def test_a_view_that_sits_out_is_asked_less_often_too():
    view = Watched()
    view.see(0, OFFLINE, inhibition=DOWN)
    assert next_check_after_s(view.state, 60, POLICY, is_inhibited=True) == 60
    view.see(200, OFFLINE, inhibition=DOWN)
    assert next_check_after_s(view.state, 60, POLICY, is_inhibited=True) == 200
    view.see(2000, OFFLINE, inhibition=DOWN)
    assert next_check_after_s(view.state, 60, POLICY, is_inhibited=True) == POLICY.longest_wait_s
