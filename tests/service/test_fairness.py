"""The measurement of fairness itself, on few cameras: it counts what it says. Its figures are in docs/bench.md."""

from __future__ import annotations

from pathlib import Path

import pytest

from monitor.wiring import fairness
from monitor.wiring.fairness import measure_fairness


def test_both_services_watch_the_same_living_and_only_one_has_dead(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fairness, "INTERVAL_S", 2.0)
    monkeypatch.setattr(fairness, "TIMEOUT_S", 1.0)
    measured = measure_fairness(tmp_path, 6.0, scale=0.02, warm_up_s=2.0)
    assert (measured.living, measured.dead) == (16, 4)
    # 16 cameras, three due times each.
    for waits in (measured.alone, measured.beside):
        assert 40 <= waits.checks <= 50
        assert 0.0 <= waits.late_s[50] <= waits.told_s[50] <= waits.told_s[95] <= waits.told_s[99]
        assert waits.told_s[50] >= fairness.LATENCY_S[0]
        assert waits.worst_gap_s >= 1.0
    assert measured.alone.counters.failures == 0
    assert measured.beside.counters.failures > 0
    assert measured.checks_ratio == measured.beside.checks / measured.alone.checks
