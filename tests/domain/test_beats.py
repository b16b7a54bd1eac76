"""Spreading checks in time."""

from __future__ import annotations

from collections import Counter

import pytest

from monitor.domain.beats import jittered, share_of
from tests.domain.builders import at


def test_a_name_has_the_same_share_always_and_many_names_are_spread_evenly():
    shares = [share_of(f"camera-{number}") for number in range(1000)]
    assert shares == [share_of(f"camera-{number}") for number in range(1000)]
    tenths = Counter(int(share * 10) for share in shares)
    assert set(tenths) == set(range(10))
    assert min(tenths.values()) > 60


def test_jitter_stays_within_a_tenth_and_differs_from_name_to_name_and_from_time_to_time():
    waits_s = {jittered(300.0, f"camera-{number}", at(0)) for number in range(200)}
    assert len(waits_s) == 200
    assert 270.0 <= min(waits_s) < 280.0
    assert 320.0 < max(waits_s) <= 330.0
    assert jittered(300.0, "gate", at(0)) != jittered(300.0, "gate", at(60))
    assert jittered(300.0, "gate", at(0)) == pytest.approx(jittered(300.0, "gate", at(0)))
