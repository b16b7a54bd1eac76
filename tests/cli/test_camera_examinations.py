"""What `monitor doctor` says of a camera's frame."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from monitor.cli.camera_examinations import examine_frame
from monitor.cli.examinations import Diagnosis, Level
from monitor.domain.frame import Frame
from monitor.domain.view import ViewKey, ViewSpec
from monitor.settings.resolution import CameraPlan
from tests.vision.drawn import canvas, look


def frame() -> Frame:
    return Frame(look(canvas()), datetime.now(UTC), "", 1920, 1080, encoded=bytes(412_000))


def examined(seen: Frame, took_ms: float = 96.0, kind: str = "http") -> Diagnosis:
    return examine_frame(
        "camera gate", seen, took_ms, CameraPlan((ViewSpec(ViewKey("gate")),), kind, {}, 10.0)
    )


def test_a_good_frame_is_described() -> None:
    assert examined(frame()) == Diagnosis("camera gate", Level.OK, "1920 × 1080, 412 kB, 96 ms.")


def test_infrared_is_said_and_is_nothing_bad() -> None:
    seen = frame()
    grey = replace(seen, pixels=seen.pixels.mean(axis=2, keepdims=True).astype("uint8").repeat(3, axis=2))
    assert examined(grey) == Diagnosis("camera gate", Level.OK, "1920 × 1080, 412 kB, 96 ms, in infrared.")


def told(seen: Frame, skew_s: float) -> Frame:
    return replace(seen, told_at=seen.captured_at + timedelta(seconds=skew_s))


@pytest.mark.parametrize(
    ("seen", "problem"),
    [
        (told(frame(), -7200), "Its clock is 7,200 s behind ours."),
        (told(frame(), 301), "Its clock is 301 s ahead of ours."),
        (
            replace(frame(), complaint="bad Huffman code"),
            "The decoder complained of the picture (bad Huffman code).",
        ),
        (replace(frame(), captured_at=datetime.now(UTC) + timedelta(hours=1)), "s from the future."),
    ],
)
def test_what_is_wrong_with_a_frame_is_a_warning_with_advice(seen: Frame, problem: str) -> None:
    found = examined(seen)
    assert found.level is Level.WARN
    assert problem in found.text
    assert found.advice


def test_a_clock_that_is_hardly_off_and_a_slow_grab_are_told_apart() -> None:
    assert examined(told(frame(), -240)).level is Level.OK
    assert "close to the limit" in examined(told(frame(), -240), took_ms=6000).text


def test_old_pictures_are_the_affair_of_folders() -> None:
    old = replace(frame(), captured_at=datetime.now(UTC) - timedelta(days=2))
    assert "The newest picture is of" in examined(old, kind="folder").text
    assert examined(old).level is Level.OK
