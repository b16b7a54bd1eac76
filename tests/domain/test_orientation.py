"""Turning real arrays, and turning them back."""

from __future__ import annotations

import numpy as np
import pytest

from monitor.domain.orientation import Orientation, turn
from monitor.domain.verdict import VerdictKind

# A picture of letters, as a person would write down what is seen where.
UPRIGHT = np.array([list("abc"), list("def")])


def seen(orientation: Orientation) -> list[str]:
    return ["".join(row) for row in turn(UPRIGHT, orientation)]


@pytest.mark.parametrize(
    ("orientation", "rows"),
    [
        (Orientation.UPRIGHT, ["abc", "def"]),
        (Orientation.ROTATED_90, ["cf", "be", "ad"]),
        (Orientation.ROTATED_180, ["fed", "cba"]),
        (Orientation.ROTATED_270, ["da", "eb", "fc"]),
        (Orientation.MIRRORED, ["cba", "fed"]),
    ],
)
def test_turns_are_counter_clockwise_as_seen_on_the_screen(orientation: Orientation, rows: list[str]):
    assert seen(orientation) == rows


@pytest.mark.parametrize("orientation", Orientation)
def test_the_inverse_turns_back(orientation: Orientation):
    picture = np.random.default_rng(1).integers(0, 256, (5, 7, 3), np.uint8)
    there = turn(picture, orientation)
    assert there.flags.c_contiguous
    assert there.shape[:2] == ((7, 5) if orientation.swaps_sides else (5, 7))
    np.testing.assert_array_equal(turn(there, orientation.inverse), picture)


def test_every_turn_has_a_verdict_of_its_own_and_only_upright_is_ok():
    verdicts = [orientation.verdict for orientation in Orientation]
    assert len(set(verdicts)) == len(verdicts)
    assert Orientation.UPRIGHT.verdict is VerdictKind.OK
    assert Orientation.ROTATED_180.verdict is VerdictKind.FLIPPED_180
