"""When the same picture again and again is a frozen camera."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

import numpy as np
import pytest
from numpy.typing import NDArray

from monitor.domain.fingerprint import fingerprint
from monitor.domain.state import StatePolicy, Stillness
from monitor.domain.stillness import Capture, frozen_because, is_frozen, is_repeat, watch_stillness
from monitor.store.serial import from_json, to_json
from tests.domain.builders import at

POLICY = StatePolicy(frozen_repeats=3, frozen_after_s=120)
DAY_S, MINUTE_S = 86_400.0, 60.0


def watch(*captures: tuple[float, str]) -> Stillness:
    return follow(Capture(digest, at(seconds)) for seconds, digest in captures)


def follow(captures: Iterable[Capture], known: Stillness | None = None) -> Stillness:
    for capture in captures:
        known = watch_stillness(known, capture)
    assert known is not None
    return known


def scene(seed: int = 0) -> NDArray[np.float32]:
    return np.random.default_rng(seed).uniform(30, 220, (180, 240)).astype(np.float32)


def capture(
    seconds: float, picture: NDArray[np.float32], *, clock: str = "", told_at: datetime | None = None
) -> Capture:
    """A capture with bytes of its own, whatever it shows."""
    return Capture(f"digest-{seconds}", at(seconds), told_at, fingerprint(picture), clock)


def clock_showing(minute: int) -> str:
    return fingerprint(scene(1000 + minute), (), 48, 6)


def live(start_s: float, count: int, step_s: float = MINUTE_S) -> list[Capture]:
    """Captures that differ as those of a live camera do: something moves in each."""
    return [capture(start_s + i * step_s, scene(i % 7)) for i in range(count)]


def alike(start_s: float, count: int, noise: float = 0.2, step_s: float = MINUTE_S) -> list[Capture]:
    """One picture encoded anew each time: bytes and single pixels differ, cell means hardly."""
    rng = np.random.default_rng(0)
    return [
        capture(start_s + i * step_s, scene(50) + rng.normal(0, noise, (180, 240)).astype(np.float32))
        for i in range(count)
    ]


def test_the_first_picture_is_no_repeat():
    assert not is_repeat(None, "a", at(0))
    known = watch((0, "a"))
    assert (known.digest, known.captured_at, known.since, known.repeats) == ("a", at(0), at(0), 0)


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
    assert (known.digest, known.since, known.repeats) == ("b", at(240), 0)


def test_a_camera_clock_that_runs_back_adds_nothing():
    known = watch((0, "a"), (60, "a"))
    assert watch_stillness(known, Capture("a", at(30))) == known
    later = watch_stillness(known, Capture("a", at(61)))
    assert (later.captured_at, later.repeats) == (at(61), 2)


def test_one_picture_encoded_anew_for_hours_is_frozen_in_a_view_that_was_never_calm():
    known = follow(live(0, 1500))
    after_50_min = follow(alike(1500 * MINUTE_S, 51), known)
    assert not is_frozen(after_50_min, POLICY)
    after_an_hour = follow(alike(1500 * MINUTE_S, 61), known)
    assert "encoded anew" in (frozen_because(after_an_hour, POLICY) or "")


def test_near_duplicates_say_nothing_before_a_view_has_been_watched_for_a_day():
    known = follow(live(0, 700))
    assert not is_frozen(follow(alike(700 * MINUTE_S, 700), known), POLICY)


def test_a_view_that_was_calm_for_hours_must_be_so_for_three_times_as_long():
    known = follow([*live(0, 1500), *alike(1500 * MINUTE_S, 31), *live(1531 * MINUTE_S, 5)])
    assert known.calmest_s == 30 * MINUTE_S
    start_s = 1536 * MINUTE_S
    assert not is_frozen(follow(alike(start_s, 85), known), POLICY)
    assert is_frozen(follow(alike(start_s, 92), known), POLICY)


def test_noise_of_a_live_sensor_is_no_near_duplicate():
    known = follow([*live(0, 1500), *alike(1500 * MINUTE_S, 300, noise=8.0)])
    assert not is_frozen(known, POLICY)


def test_a_slow_change_of_light_adds_up_and_is_none_either():
    dusk = [capture((1500 + i) * MINUTE_S, scene(50) - np.float32(0.02 * i)) for i in range(400)]
    assert not is_frozen(follow([*live(0, 1500), *dusk]), POLICY)


def test_a_burnt_in_clock_that_ran_and_stands_freezes_a_calm_picture_within_minutes():
    running = [capture(i * MINUTE_S, scene(50), clock=clock_showing(i)) for i in range(5)]
    assert not is_frozen(follow(running), POLICY)
    standing = [capture((5 + i) * MINUTE_S, scene(50), clock=clock_showing(4)) for i in range(4)]
    assert "clock has stood still" in (frozen_because(follow([*running, *standing]), POLICY) or "")


def test_a_running_clock_is_a_sign_of_life_however_calm_the_picture():
    calm = [capture((1500 + i) * MINUTE_S, scene(50), clock=clock_showing(i)) for i in range(200)]
    assert not is_frozen(follow([*live(0, 1500), *calm]), POLICY)


def test_a_clock_that_was_never_seen_to_run_says_nothing():
    dead = [capture(i * MINUTE_S, scene(50), clock=clock_showing(0), told_at=at(0)) for i in range(20)]
    assert not is_frozen(follow(dead), POLICY)


def test_a_clock_that_stands_beside_a_living_picture_is_a_dead_clock():
    ran = [capture(i * MINUTE_S, scene(i % 7), told_at=at(i * 60)) for i in range(5)]
    stands = [capture((5 + i) * MINUTE_S, scene(i % 7), told_at=at(240)) for i in range(20)]
    calm = [capture((25 + i) * MINUTE_S, scene(50), told_at=at(240)) for i in range(20)]
    assert not is_frozen(follow([*ran, *stands, *calm]), POLICY)


def test_the_time_in_metadata_that_stands_with_the_picture_freezes_it():
    ran = [capture(i * MINUTE_S, scene(50), told_at=at(i * 60)) for i in range(5)]
    stands = [capture((5 + i) * MINUTE_S, scene(50), told_at=at(240)) for i in range(4)]
    assert is_frozen(follow([*ran, *stands]), POLICY)


def test_a_clock_without_seconds_may_stand_for_a_minute():
    ran = [capture(i * MINUTE_S, scene(50), clock=clock_showing(i)) for i in range(3)]
    quickly = [capture(120 + 5 * (i + 1), scene(50), clock=clock_showing(2)) for i in range(11)]
    assert follow([*ran, *quickly]).repeats == 0


def test_what_was_stored_before_there_were_fingerprints_is_gone_on_with():
    old = from_json(
        Stillness,
        {"digest": "a", "captured_at": at(0).isoformat(), "since": at(0).isoformat(), "repeats": 2},
    )
    assert is_frozen(watch_stillness(old, Capture("a", at(180), None, fingerprint(scene()))), POLICY)
    later = follow(live(240, 5), old)
    assert (later.repeats, later.watched_since) == (0, at(240))
    assert from_json(Stillness, to_json(later)) == later
    assert replace(later, repeats=1) != later
