"""The soak's own judgement: it finds a leak, passes over a peak, and holds faults against what was said."""

from __future__ import annotations

from random import Random

import pytest

from tests.soak.faults import EXPECTED, Fault, schedule
from tests.soak.judging import Seen, course, how_told

AT_S = [10.0 * number for number in range(180)]


@pytest.mark.parametrize(
    ("values", "leaks"),
    [
        ([300 + 0.4 * number for number in range(180)], True),
        ([300 + min(number, 60) for number in range(180)], False),
        ([300 + (200 if number == 170 else 0) for number in range(180)], False),
        ([300 + 20 * (number % 12) for number in range(180)], False),
        ([300 + Random(number).uniform(-15, 15) for number in range(180)], False),
        ([300 + number // 30 * 20 for number in range(180)], True),
    ],
    ids=["grows", "levels off", "one peak", "saw", "noise", "steps"],
)
def test_what_grows_to_the_end_leaks_and_nothing_else_does(values: list[float], leaks: bool) -> None:
    assert course("memory", AT_S, values, 8.0).leaks is leaks


def test_the_same_seed_gives_the_same_faults_and_all_are_over_before_the_end() -> None:
    kinds = {f"{kind}-{number}": kind for kind in EXPECTED for number in range(20)}
    faults = list(schedule(kinds, ["reload"], 1800, 10, 3))
    assert faults == list(schedule(kinds, ["reload"], 1800, 10, 3))
    assert faults != list(schedule(kinds, ["reload"], 1800, 10, 4))
    assert len(faults) > 100
    assert max(fault.ends_s for fault in faults) <= 1800 - 60
    for fault in faults:
        assert fault.what == "reload" if not fault.camera else fault.what in EXPECTED[kinds[fault.camera]]


def test_a_fault_is_told_untold_or_not_looked_at() -> None:
    kinds = {"a": "http", "b": "http", "c": "http", "d": "folder"}
    faults = [Fault(100, 150, name, "html") for name in ("a", "b", "c")]
    checks = {
        "a": [Seen(90, "ok"), Seen(120, "stream_fault"), Seen(170, "ok")],
        "b": [Seen(90, "ok"), Seen(140, "offline"), Seen(200, "ok")],
        "c": [Seen(90, "ok"), Seen(300, "ok")],
        "d": [Seen(90, "offline")],
    }
    telling = how_told(faults, kinds, checks, 20)
    assert dict(telling.told) == {"http html": 1}
    assert telling.untold == ["http html at 100 s: offline"]
    assert telling.not_looked_at == ["http html"]
    assert telling.unexplained == ["d at 90 s: offline"]
    assert telling.not_well == ["d: offline"]
