"""One check of one view, on a real store."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from monitor.domain.errors import FrameFault, MonitorError, SourceTimeout, UnknownView
from monitor.domain.orientation import Orientation
from monitor.domain.state import Change, StatePolicy, Status
from monitor.domain.verdict import VerdictKind
from monitor.domain.view import Rectangle, ViewKey
from monitor.store.errors import StoreUnavailable
from monitor.store.rows import DeliveryStatus
from monitor.usecases.observe import Check, observe
from tests.usecases.doubles import (
    GATE,
    T0,
    YARD,
    Bench,
    ScriptedSource,
    at,
    picture_bytes,
    shifted,
    turned,
    view_of,
)

FLIP = turned(1, Orientation.ROTATED_180)


def change(check: Check) -> Change | None:
    assert check.observation is not None
    return check.observation.transition.change if check.observation.transition else None


def flip(bench: Bench, seconds: float = 60.0) -> None:
    """Two checks of an upside-down gate: an incident."""
    assert change(bench.check(seconds, FLIP)) is Change.SUSPECTED
    assert change(bench.check(seconds + 30, FLIP)) is Change.OPENED


# The path of one frame


def test_a_good_frame_is_recorded_as_ok_and_the_view_is_due_one_interval_later(watched: Bench):
    check = watched.check(60, view_of(1, noise=1))
    assert check.observation is not None
    assert check.observation.verdict.kind is VerdictKind.OK
    assert check.recorded is not None
    assert not check.recorded.duplicate
    row = watched.store.views.get(GATE)
    assert (row.state.status, row.next_due_at, row.last_checked_at) == (Status.OK, at(120), at(60))
    (seen,) = watched.store.history.observations(GATE)
    assert (seen.verdict.kind, seen.bundle_id, seen.captured_at) == (VerdictKind.OK, "net-1", at(60))
    assert seen.image_digest is None, "good frames are not kept"


@pytest.mark.parametrize("turn", [turn for turn in Orientation if turn is not Orientation.UPRIGHT])
def test_every_turn_of_a_camera_is_named(watched: Bench, turn: Orientation):
    assert watched.verdict(60, turned(1, turn)) is turn.verdict


def test_a_flip_is_an_incident_after_two_checks_and_tells_every_route(watched: Bench):
    flip(watched)
    (incident,) = watched.store.incidents.open()
    assert (incident.key, incident.cause, incident.first_seen_at) == (GATE, VerdictKind.FLIPPED_180, at(60))
    queued = watched.store.deliveries.list()
    assert {row.notifier for row in queued} == {"log", "webhook"}
    assert {row.alert.headline for row in queued} == {"gate is upside down"}
    assert watched.addressed == [VerdictKind.FLIPPED_180]


def test_a_move_is_measured(watched: Bench):
    check = watched.check(60, shifted(1, 10))
    assert check.observation is not None
    assert check.observation.verdict.displacement is not None
    assert check.observation.verdict.displacement.dx == pytest.approx(0.05)


def test_masks_of_the_view_reach_the_comparison(tmp_path: Path):
    mask = Rectangle(0, 0, 0.2, 0.1)
    bench = Bench(tmp_path, masks=(mask,))
    bench.enroll(view_of(1))
    bench.encoder.compared.clear()
    bench.check(60, view_of(1, noise=1))
    assert [masks for _, masks, _ in bench.encoder.compared] == [(mask,)]
    bench.store.close()


def test_the_end_of_an_incident_is_told_and_the_incident_resolved(watched: Bench):
    flip(watched)
    watched.check(120, view_of(1, noise=1))
    assert change(watched.check(150, view_of(1, noise=2))) is Change.RECOVERED
    (incident,) = watched.store.incidents.list(GATE)
    assert incident.resolved_at == at(150)
    headlines = [row.alert.headline for row in watched.store.deliveries.list()]
    assert headlines.count("Resolved: gate is as it should be") == 2


def test_a_suspicion_is_told_to_nobody(watched: Bench):
    watched.check(60, FLIP)
    assert watched.store.deliveries.list() == []
    assert watched.store.incidents.open() == []


def test_a_suspect_view_is_due_again_soon(watched: Bench):
    watched.check(60, FLIP)
    assert watched.store.views.get(GATE).next_due_at == at(90)


def test_the_time_limit_reaches_the_source_and_each_step_is_timed(watched: Bench):
    def slow_network() -> None:
        watched.clock.spend(0.25)

    def slow_camera():
        watched.clock.spend(0.5)
        return view_of(1, 60, noise=1)

    watched.encoder.before_encoding = slow_network
    check = watched.check(60, slow_camera)
    assert check.observation is not None
    took_ms = check.observation.timings_ms
    assert set(took_ms) == {"load", "grab", "encode", "compare", "record"}
    assert (took_ms["grab"], took_ms["encode"]) == (pytest.approx(500), pytest.approx(250))
    (stored,) = watched.store.history.observations(GATE)
    assert stored.timings_ms["grab"] == pytest.approx(500)


# Beats


def test_a_check_that_is_late_skips_the_beats_that_it_missed(watched: Bench):
    watched.clock.set(at(60))

    def slow_camera():
        watched.clock.spend(200)
        return view_of(1, 260, noise=1)

    watched.check(60, slow_camera)
    assert watched.store.views.get(GATE).next_due_at == at(320)


def test_a_check_a_little_late_keeps_the_beat(watched: Bench):
    def camera():
        watched.clock.spend(7)
        return view_of(1, 67, noise=1)

    watched.check(60, camera)
    assert watched.store.views.get(GATE).next_due_at == at(120)


# Without a frame


def test_a_failed_grab_is_an_observation_like_any_other(watched: Bench):
    check = watched.check(60, SourceTimeout("No frame within 5 s.", "Check the network."))
    assert isinstance(check.error, SourceTimeout)
    assert check.observation is not None
    seen = check.observation
    assert (seen.verdict.kind, seen.frame_digest, seen.bundle_id) == (VerdictKind.OFFLINE, None, None)
    assert seen.verdict.reasons == ("No frame within 5 s. Check the network.",)
    assert seen.verdict.evidence == {"fault": "SourceTimeout"}
    (row,) = watched.store.history.observations(GATE)
    assert (row.verdict.kind, row.status) == (VerdictKind.OFFLINE, Status.SUSPECT)


def test_a_damaged_picture_is_a_fault_of_the_stream(watched: Bench):
    assert watched.verdict(60, FrameFault("It is no picture.")) is VerdictKind.STREAM_FAULT


def test_a_camera_that_stays_away_is_an_incident_without_a_picture(watched: Bench):
    for seconds in range(60, 240, 30):
        watched.check(seconds, SourceTimeout("No frame."))
    (incident,) = watched.store.incidents.open()
    assert (incident.cause, incident.frame_digest, incident.first_seen_at) == (
        VerdictKind.OFFLINE, None, at(60)
    )  # fmt: skip


def test_a_view_without_references_is_looked_at_no_further_but_stays_on_its_beat(bench: Bench):
    check = bench.check(60, view_of(1))
    assert (check.observation, check.recorded, check.note) == (None, None, "not enrolled")
    assert bench.store.views.get(GATE).next_due_at == at(120)
    assert bench.store.history.observations(GATE) == []


def test_an_unknown_view_is_refused(watched: Bench):
    with pytest.raises(UnknownView):
        watched.check(60, view_of(1), key=ViewKey("nowhere"))


# The same picture again


def test_nothing_new_gives_no_second_vote(watched: Bench):
    """A folder with one bad picture in it is not two bad checks."""
    same_file = lambda: replace(FLIP, captured_at=at(55))  # noqa: E731
    watched.check(60, same_file)
    check = watched.check(90, same_file)
    assert (check.observation, check.note) == (None, "nothing new since the last check")
    row = watched.store.views.get(GATE)
    assert (row.state.status, row.next_due_at) == (Status.SUSPECT, at(120))
    assert len(watched.store.history.observations(GATE)) == 1


def test_the_very_same_picture_again_and_again_is_a_frozen_camera(watched: Bench):
    still = view_of(1, noise=1)
    kinds = [watched.verdict(seconds, still) for seconds in (60, 120, 180, 240, 270)]
    assert kinds == [*[VerdictKind.OK] * 3, VerdictKind.FROZEN, VerdictKind.FROZEN]
    (incident,) = watched.store.incidents.open()
    assert incident.cause is VerdictKind.FROZEN
    assert watched.verdict(300, view_of(1, noise=2)) is VerdictKind.OK


def test_black_pictures_that_repeat_themselves_are_night_and_not_frozen(watched: Bench):
    black = view_of(1, light=0.0)
    kinds = {watched.verdict(seconds, black) for seconds in range(60, 1200, 60)}
    assert kinds == {VerdictKind.DARK}


def test_a_damaged_picture_is_a_fault_of_the_stream_and_never_another_view(watched: Bench):
    torn = replace(shifted(1, 12), complaint="premature end of data segment")
    assert watched.verdict(60, torn) is VerdictKind.STREAM_FAULT
    assert watched.verdict(120, shifted(1, 12)) is VerdictKind.MOVED


def test_remarks_on_the_camera_are_kept_with_the_verdict_and_change_nothing(watched: Bench):
    ahead = replace(view_of(1, noise=1), told_at=at(60 + 3600))
    check = watched.check(60, ahead)
    assert check.observation is not None
    seen = check.observation.verdict
    assert seen.kind is VerdictKind.OK
    assert seen.remarks == ("The camera's clock is 3,600 s ahead of ours: set it (NTP), or `time_zone`.",)
    (stored,) = watched.store.history.observations(GATE)
    assert stored.verdict.remarks == seen.remarks
    assert stored.verdict.evidence["clock_skew_s"] == 3600
    assert watched.store.load_watch(GATE).state.signs.clock_skew_s == 3600


def test_a_clock_that_ran_and_stands_with_the_picture_is_a_frozen_camera(watched: Bench):
    def still(seconds: float, told_s: float) -> VerdictKind:
        return watched.verdict(seconds, replace(view_of(1, noise=int(seconds) // 60), told_at=at(told_s)))

    assert {still(seconds, seconds) for seconds in (60, 120, 180)} == {VerdictKind.OK}
    kinds = [still(seconds, 180) for seconds in (240, 300, 360, 420)]
    assert kinds[-1] is VerdictKind.FROZEN
    assert still(480, 480) is VerdictKind.OK


# Another scene


def test_swapped_cameras_are_named(watched: Bench):
    check = watched.check(60, view_of(2, noise=1))
    assert check.observation is not None
    seen = check.observation.verdict
    assert (seen.kind, seen.looks_like) == (VerdictKind.DIFFERENT_SCENE, "yard")
    assert seen.reasons[0] == "It looks like yard."


def test_an_unknown_scene_looks_like_nothing(watched: Bench):
    check = watched.check(60, view_of(9))
    assert check.observation is not None
    seen = check.observation.verdict
    assert (seen.kind, seen.looks_like) == (VerdictKind.DIFFERENT_SCENE, None)


def test_a_view_enrolled_later_is_found_as_a_lookalike_too(watched: Bench):
    equipment = watched.equipment
    encoding = watched.encoder.encode(view_of(7))
    assert equipment.lookalikes.find(encoding, apart_from=GATE) is None
    watched.enroll(view_of(7), key=YARD)
    assert equipment.lookalikes.find(encoding, apart_from=GATE) == YARD
    assert equipment.lookalikes.find(encoding, apart_from=YARD) is None, "a view is no lookalike of itself"


def test_without_any_reference_of_the_bundle_in_use_nothing_looks_alike(watched: Bench):
    watched.encoder.bundle_id = "net-2"
    encoding = watched.encoder.encode(view_of(2))
    assert watched.equipment.lookalikes.find(encoding, apart_from=GATE) is None


# What never changes in a view


def test_constancy_is_learned_once_in_a_half_hour_however_often_one_looks(watched: Bench):
    for number in range(1, 121):
        watched.check(number * 30, view_of(1, noise=number))
    assert watched.encoder.learned_from == [None, b"+", b"++"], (
        "at the start, and in the two half hours begun"
    )
    assert watched.store.load_watch(GATE).constancy == b"+++"
    assert watched.encoder.compared[-1][2] == b"++", "and used by every comparison after it"


def test_constancy_is_learned_from_good_frames_of_good_views_only(watched: Bench):
    flip(watched)
    watched.check(120, view_of(1, noise=1))
    assert watched.encoder.learned_from == []
    watched.check(150, view_of(1, noise=2))
    assert watched.encoder.learned_from == [], "the view has only just recovered"
    watched.check(1800, view_of(1, noise=3))
    assert watched.encoder.learned_from == [None]


def test_a_repeated_slot_teaches_nothing(watched: Bench):
    watched.check(60, view_of(1, noise=1))
    watched.store.views.schedule(GATE, at(60))
    watched.clock.set(at(1860))
    again = replace(view_of(1, noise=2), captured_at=at(1860))
    check = observe(GATE, at(60), ScriptedSource([again]), 5.0, watched.equipment)
    assert check.recorded is not None
    assert check.recorded.duplicate
    assert len(watched.encoder.learned_from) == 1


# Evidence


def test_the_pictures_of_a_transition_are_kept(watched: Bench):
    flip(watched)
    watched.check(120, view_of(1, noise=1))
    watched.check(150, view_of(1, noise=2))
    kept = {row.checked_at: row.image_digest for row in watched.store.history.observations(GATE)}
    assert [kept[at(seconds)] is not None for seconds in (60, 90, 120, 150)] == [True, True, False, True]
    (incident,) = watched.store.incidents.list(GATE)
    assert incident.frame_digest is not None
    assert watched.store.images.get(incident.frame_digest) == picture_bytes(FLIP)


# Once only, and nothing lost


def test_a_slot_is_recorded_once(watched: Bench):
    watched.check(60, FLIP)
    before = watched.store.load_watch(GATE).state
    check = watched.check(60, view_of(1, noise=5))
    assert check.recorded is not None
    assert check.recorded.duplicate
    assert watched.store.load_watch(GATE).state == before
    assert len(watched.store.history.observations(GATE)) == 1


def test_a_restart_between_two_checks_forgets_nothing(watched: Bench):
    watched.check(60, FLIP)
    watched.restart()
    assert change(watched.check(90, FLIP)) is Change.OPENED
    watched.restart()
    assert watched.store.load_watch(GATE).open_incident is not None
    assert watched.store.deliveries.counts()[DeliveryStatus.PENDING] == 2


def test_what_the_store_cannot_take_is_not_recorded_and_the_view_stays_due(watched: Bench):
    images = watched.folder / "images"
    shutil.rmtree(images)
    images.write_text("somebody put a file here")
    before = watched.store.load_watch(GATE).state
    with pytest.raises(StoreUnavailable):
        watched.check(60, FLIP)
    assert watched.store.load_watch(GATE).state == before
    assert watched.store.history.observations(GATE) == []
    assert GATE in [due.key for due in watched.store.views.due(at(60))]


def test_an_encoder_that_breaks_down_leaves_the_view_due(watched: Bench):
    def broken() -> None:
        raise MonitorError("The network is out of memory.")

    watched.encoder.before_encoding = broken
    with pytest.raises(MonitorError, match="out of memory"):
        watched.check(60, view_of(1, noise=1))
    assert watched.store.history.observations(GATE) == []
    assert GATE in [due.key for due in watched.store.views.due(at(60))]


# Other bundles, doubt


def test_references_of_another_bundle_are_never_compared_anyway(watched: Bench):
    watched.encoder.bundle_id = "net-2"
    check = watched.check(60, FLIP)
    assert check.observation is not None
    assert check.observation.verdict.kind is VerdictKind.UNSURE
    assert "reencode" in check.observation.verdict.reasons[0]
    assert watched.encoder.compared == []


def test_a_network_in_doubt_neither_opens_nor_settles_anything(watched: Bench):
    watched.check(60, FLIP)
    watched.encoder.in_doubt = True
    assert watched.verdict(90, FLIP) is VerdictKind.UNSURE
    assert watched.store.load_watch(GATE).state.status is Status.SUSPECT


def test_the_reference_that_fits_best_counts(watched: Bench):
    (day,) = watched.store.load_watch(GATE).references
    watched.enroll(view_of(3), keep=[day.id], force=True)
    assert watched.verdict(60, view_of(1, noise=1)) is VerdictKind.OK
    assert watched.verdict(120, view_of(3, noise=1)) is VerdictKind.OK
    assert watched.verdict(180, view_of(9)) is VerdictKind.DIFFERENT_SCENE


def test_the_policy_of_the_view_is_the_one_that_counts(tmp_path: Path):
    hasty = StatePolicy(open_checks=1, window=1, default_duration_s=0)
    bench = Bench(tmp_path, policy=hasty)
    bench.enroll(view_of(1))
    assert change(bench.check(60, FLIP)) is Change.OPENED
    bench.store.close()


def test_views_do_not_disturb_each_other(watched: Bench):
    flip(watched)
    assert watched.verdict(100, view_of(2, noise=1), key=YARD) is VerdictKind.OK
    assert watched.store.load_watch(YARD).state.status is Status.OK
    assert watched.store.views.get(YARD).state.since == T0


# A quiet first start


def test_views_that_are_enrolled_or_first_seen_as_they_should_be_tell_nobody(bench: Bench):
    bench.enroll(view_of(1))
    bench.check(60, view_of(1, noise=1))
    bench.check(120, view_of(1, noise=2))
    assert bench.store.deliveries.list() == []
    assert bench.store.incidents.list() == []


def test_after_a_downtime_a_view_that_is_bad_at_first_sight_must_be_so_again_before_anybody_is_told(
    watched: Bench,
):
    watched.check(60, view_of(1, noise=1))
    watched.restart()
    two_days = 2 * 86_400
    assert change(watched.check(two_days, FLIP)) is Change.SUSPECTED
    assert watched.store.deliveries.list() == []
    assert change(watched.check(two_days + 30, FLIP)) is Change.OPENED
    assert len(watched.store.deliveries.list()) == 2
