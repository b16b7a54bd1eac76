"""When the same picture again and again is a frozen camera."""

from __future__ import annotations

from dataclasses import replace

import pytest

from monitor.domain.state import StatePolicy, Stillness
from monitor.domain.stillness import is_frozen, is_repeat, watch_stillness
from tests.domain.builders import at

POLICY = StatePolicy(frozen_repeats=3, frozen_after_s=120)


def watch(*captures: tuple[float, str]) -> Stillness:
    known: Stillness | None = None
    for seconds, digest in captures:
        known = watch_stillness(known, digest, at(seconds))
    assert known is not None
    return known


def test_the_first_picture_is_no_repeat():
    assert not is_repeat(None, "a", at(0))
    assert watch((0, "a")) == Stillness("a", at(0), since=at(0), repeats=0)


@pytest.mark.parametrize(
    ("digest", "seconds", "repeat"), [("a", 0, True), ("a", 60, False), ("b", 0, False), ("b", 60, False)]
)
def test_only_the_same_picture_of_the_same_time_is_nothing_new(digest: str, seconds: float, repeat: bool):
    assert is_repeat(watch((0, "a")), digest, at(seconds)) is repeat


@pytest.mark.parametrize(
    ("seconds", "frozen"),
    [((0, 60, 120), False), ((0, 40, 80, 119), False), ((0, 40, 80, 120), True), ((0, 1, 2, 3, 4), False)],
)
def test_it_takes_both_repeats_and_time_to_be_frozen(seconds: tuple[float, ...], frozen: bool):
    assert is_frozen(watch(*((second, "a") for second in seconds)), POLICY) is frozen


def test_another_picture_starts_anew():
    known = watch((0, "a"), (60, "a"), (120, "a"), (180, "a"), (240, "b"))
    assert known == Stillness("b", at(240), since=at(240), repeats=0)


def test_a_camera_clock_that_runs_back_adds_nothing():
    known = watch((0, "a"), (60, "a"))
    assert watch_stillness(known, "a", at(30)) == known
    assert watch_stillness(known, "a", at(61)) == replace(known, captured_at=at(61), repeats=2)
