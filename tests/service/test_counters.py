from __future__ import annotations

import pytest

from monitor.domain.errors import MonitorError
from monitor.service.counters import ServiceCounters, Tally
from monitor.service.options import BadServiceOptions, ServiceOptions


def test_counts_add_up_and_percentiles_are_of_the_latest_checks():
    tally = Tally()
    tally.add(checks=1, failures=True)
    tally.add(checks=2)
    for seconds in [*range(100), -5.0]:
        tally.late(seconds)
    counters = tally.snapshot(in_flight=1, queued=2, troubled=3, held=4)
    assert (counters.checks, counters.failures) == (3, 1)
    assert (counters.in_flight, counters.queued, counters.troubled, counters.held) == (1, 2, 3, 4)
    assert counters.lateness_p50_s == pytest.approx(49, abs=1.5)
    assert counters.lateness_p95_s == pytest.approx(94, abs=1.5)


def test_before_the_first_check_everything_is_zero():
    assert Tally().snapshot(in_flight=0, queued=0, troubled=0, held=0) == ServiceCounters()


def test_the_description_is_one_line():
    assert "\n" not in ServiceCounters(checks=5).describe()


def test_options_out_of_range_are_all_named():
    with pytest.raises(BadServiceOptions, match=r"workers=0, tick_s=-1") as caught:
        ServiceOptions(workers=0, tick_s=-1)
    assert isinstance(caught.value, MonitorError)
    assert ServiceOptions(drain_timeout_s=0.0).drain_timeout_s == 0.0
