"""What pictures tell of their camera: remarks, which change no verdict, and damage, which does."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from monitor.domain.comparison import Format
from monitor.domain.frame import Frame, FrameQuality
from monitor.domain.signs import Reading, blame_line, read_signs
from monitor.domain.state import Signs, StatePolicy, ViewState
from monitor.domain.verdict import Verdict, VerdictKind
from monitor.store.serial import from_json, to_json
from tests.domain.builders import GOOD, at

POLICY = StatePolicy()
OK = Verdict(VerdictKind.OK, 1.0)
MOVED = Verdict(VerdictKind.MOVED, 0.9, ("The place is the same, the aim is not.",))
GREY = replace(GOOD, saturation=0.001)
DAMAGE = "premature end of data segment"


def frame(
    seconds: float = 0.0,
    size: tuple[int, int] = (640, 480),
    skew_s: float | None = None,
    complaint: str | None = None,
) -> Frame:
    told_at = None if skew_s is None else at(seconds) + timedelta(seconds=skew_s)
    return Frame(np.zeros((2, 2, 3), np.uint8), at(seconds), "", *size, told_at=told_at, complaint=complaint)


def read(
    *frames: Frame, quality: FrameQuality = GOOD, verdict: Verdict = OK, known: Signs | None = None
) -> Reading:
    signs = known or Signs()
    for one in frames:
        reading = read_signs(signs, one, quality, verdict, POLICY)
        signs = reading.signs
    return reading


def in_format(fitted: Format) -> Verdict:
    return replace(OK, evidence={"format": fitted.value})


def test_an_ordinary_camera_is_not_remarked_on():
    assert read(frame(0), frame(60)).remarks == ()


@pytest.mark.parametrize(
    ("skew_s", "said"),
    [
        (5.0, None),
        (-299.0, None),
        (301.0, "301 s ahead of ours"),
        (-7200.0, "7,200 s behind ours"),
    ],
)
def test_a_camera_clock_that_is_far_off_is_remarked_on(skew_s: float, said: str | None):
    reading = read(frame(0, skew_s=skew_s))
    assert reading.evidence["clock_skew_s"] == skew_s
    assert (said in reading.remarks[0]) if said else reading.remarks == ()


def test_one_late_picture_does_not_make_a_clock_wrong():
    on_time = [frame(60 * i, skew_s=-1) for i in range(5)]
    assert read(*on_time, frame(300, skew_s=-600)).remarks == ()


def test_another_size_of_the_same_shape_is_spoken_of_once():
    first = read(frame(0), frame(60, size=(1280, 960)))
    assert first.remarks == (
        "The camera now delivers 1280 × 960 pixels instead of 640 × 480; the view has the same shape.",
    )
    assert (first.evidence["size_before"], first.evidence["size_now"]) == ("640 × 480", "1280 × 960")
    assert read(frame(120, size=(1280, 960)), known=first.signs).remarks == ()


def test_another_shape_is_spoken_of_until_the_view_is_enrolled_again():
    known = read(frame(0)).signs
    for seconds in (60, 120):
        reading = read(frame(seconds, size=(1280, 720)), verdict=in_format(Format.SAME_WIDTH), known=known)
        known = reading.signs
        (remark,) = reading.remarks
        assert remark.startswith(
            "The camera now delivers 1280 × 720 pixels instead of 640 × 480. The view is the same"
        )
        assert remark.endswith("Enroll the view again.")


def test_a_picture_turned_by_its_camera_is_no_other_size():
    assert read(frame(0), frame(60, size=(480, 640)), verdict=MOVED).remarks == ()


def test_going_over_to_infrared_and_back_is_remarked_on_when_it_happens():
    day = read(frame(0))
    night = read(frame(60), quality=GREY, known=day.signs)
    assert night.remarks == ("The camera went from day to infrared.",)
    assert night.evidence["light"] == "infrared"
    assert read(frame(120), quality=GREY, known=night.signs).remarks == ()
    assert read(frame(180), known=night.signs).remarks == ("The camera went from infrared to day.",)


def test_infrared_for_longer_than_any_night_is_a_stuck_filter():
    night = read(frame(0), frame(60)).signs
    night = read(frame(120), quality=GREY, known=night).signs
    assert read(frame(17 * 3600), quality=GREY, known=night).remarks == ()
    assert "longer than any night" in read(frame(19 * 3600), quality=GREY, known=night).remarks[0]


def test_a_camera_that_never_had_colours_is_a_grey_camera():
    assert read(*(frame(hours * 3600) for hours in range(60)), quality=GREY).remarks == ()


def test_a_purple_day_is_a_missing_filter_and_a_purple_night_is_a_lamp():
    purple = replace(GOOD, magenta=0.15)
    assert "infrared-cut filter" in read(frame(0), frame(60), quality=purple).remarks[0]
    assert read(frame(0), frame(60), quality=replace(purple, brightness=0.1)).remarks == ()


@pytest.mark.parametrize(
    "kind", [VerdictKind.MOVED, VerdictKind.DIFFERENT_SCENE, VerdictKind.OBSTRUCTED, VerdictKind.UNSURE]
)
def test_what_the_decoder_patched_is_the_lines_fault_and_no_other_view(kind: VerdictKind):
    blamed = blame_line(replace(MOVED, kind=kind), DAMAGE, Signs())
    assert (blamed.kind, blamed.displacement) == (VerdictKind.STREAM_FAULT, None)
    assert DAMAGE in blamed.reasons[0]


def test_a_view_seen_well_enough_in_spite_of_damage_is_ok_with_a_remark():
    assert blame_line(OK, DAMAGE, Signs()) is OK
    assert "complained" in read(frame(0, complaint=DAMAGE)).remarks[0]


def test_a_camera_whose_good_pictures_are_complained_of_too_is_judged_as_any_other():
    habit = read(frame(0, complaint=DAMAGE)).signs
    assert blame_line(MOVED, DAMAGE, habit) is MOVED
    mended = read(frame(60), known=habit).signs
    assert blame_line(MOVED, DAMAGE, mended).kind is VerdictKind.STREAM_FAULT


def test_without_a_complaint_nothing_is_blamed():
    assert blame_line(MOVED, None, Signs()) is MOVED


def test_signs_are_kept_with_the_state_and_missing_in_older_rows():
    signs = read(frame(0, skew_s=10), quality=GREY).signs
    state = ViewState(signs=signs)
    assert from_json(ViewState, to_json(state)) == state
    older = {name: value for name, value in to_json(state).items() if name != "signs"}
    assert from_json(ViewState, older).signs == Signs()
