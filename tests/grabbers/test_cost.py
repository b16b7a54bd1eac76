from __future__ import annotations

from monitor.wiring import grabber_cost
from tests.sources.drawing import draw, encode


def test_direct_grabs_and_those_of_grabbers_are_measured_in_one_run(tmp_path, monkeypatch):
    monkeypatch.setattr(grabber_cost, "GRABS", 5)
    monkeypatch.setattr(grabber_cost, "GRABBERS", 2)
    (cost,) = grabber_cost.measure_grabbers(tmp_path, [((64, 48), encode(draw()))])
    assert min(cost.direct_core_ms, cost.asking_core_ms, cost.grabber_core_ms) > 0
    assert cost.extra_core_ms == cost.asking_core_ms + cost.grabber_core_ms - cost.direct_core_ms
    assert cost.grabber_pss_mb is None or 1 < cost.grabber_pss_mb < 100
