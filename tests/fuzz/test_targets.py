"""The promises of all targets, tried briefly on damaged seeds: what `make fuzz` does for minutes, led by branches."""

from __future__ import annotations

import os
import time
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fuzz.target import Broken, Target, load, names

EXAMPLES = 150
Edit = Callable[[bytes, tuple[bytes, ...]], bytes]


@st.composite
def edits(draw: st.DrawFn) -> Edit:
    """One way to damage an input, at a place that is told as a share of its length."""
    kind = draw(st.sampled_from(("flip", "cut", "drop", "double", "insert", "word")))
    place, length = draw(st.floats(0, 1)), draw(st.integers(1, 24))
    junk, pick = draw(st.binary(min_size=1, max_size=8)), draw(st.integers(0, 999))

    def edit(data: bytes, words: tuple[bytes, ...]) -> bytes:
        at = round(place * len(data))
        before, part, after = data[:at], data[at : at + length], data[at + length :]
        word = words[pick % len(words)] if words else junk
        return {
            "flip": before + bytes(byte ^ junk[0] for byte in part) + after,
            "cut": before,
            "drop": before + after,
            "double": before + part + part + after,
            "insert": before + junk + part + after,
            "word": before + word + part + after,
        }[kind]

    return edit


@pytest.mark.parametrize("name", names())
def test_what_is_promised_holds_for_every_seed(name: str) -> None:
    target = load(name)
    for seed in target.seeds():
        target.hold(seed[: target.longest])


@pytest.mark.parametrize("name", names())
def test_what_is_promised_holds_for_damaged_seeds(name: str) -> None:
    target = load(name)
    seeds = target.seeds()

    @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.sampled_from(seeds), st.lists(edits(), min_size=1, max_size=5))
    def holds(seed: bytes, damage: list[Edit]) -> None:
        for edit in damage:
            seed = edit(seed, target.words)
        target.hold(seed[: target.longest])

    holds()


def planted(check: Callable[[bytes], object]) -> Target:
    return Target("nothing", check, lambda: [b""], slowest_s=0.2)


def test_a_broken_promise_is_noticed_whatever_way_it_breaks(capfd: pytest.CaptureFixture[str]) -> None:
    answers = iter(range(99))

    def slow(_data: bytes) -> None:
        began_s = time.thread_time()
        while time.thread_time() - began_s < 0.25:
            pass

    with pytest.raises(ZeroDivisionError):
        planted(lambda _data: 1 / 0).hold(b"")
    with pytest.raises(Broken, match="once 0, then 1"):
        planted(lambda _data: next(answers)).hold(b"")
    with pytest.raises(Broken, match="past the log: b'psst"):
        planted(lambda _data: os.write(2, b"psst")).hold(b"")
    with pytest.raises(Broken, match="processor time"):
        planted(slow).hold(b"")
    assert capfd.readouterr() == ("", "")
