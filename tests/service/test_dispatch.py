from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from random import Random

import pytest
from structlog.testing import capture_logs

from monitor.domain.errors import MonitorError
from monitor.domain.incident import Observation
from monitor.domain.verdict import VerdictKind
from monitor.domain.view import ViewKey
from monitor.service.counters import Tally
from monitor.service.dispatch import Dispatcher, Gate, OpenGate
from monitor.service.host import Entry
from monitor.service.lanes import Lanes
from monitor.service.options import ServiceOptions
from tests.service.doubles import FakeDueList, HeldClock, until


class DiskIsFull(MonitorError):
    """Stands for any fault of ours."""


class Bench:
    """A dispatcher over a due list in memory, with a held clock and real threads."""

    def __init__(self, options: ServiceOptions, known_troubled: tuple = (), gate: Gate | None = None) -> None:
        self.clock = HeldClock()
        self.site = FakeDueList(self.clock, interval_s=60.0)
        self.tally = Tally()
        self.lanes = Lanes(
            options.workers, options.troubled_workers, options.queue_limit, options.slow_after_s, self.clock
        )
        self.dispatcher = Dispatcher(
            self.site.due,
            self.site.observe,
            self.lanes,
            self.clock,
            options,
            self.tally,
            Random(1),
            known_troubled,
            gate,
        )

    def settle(self) -> None:
        """One turn of the dispatcher, and everything that it handed out done."""
        self.dispatcher.tick()
        until(lambda: self.lanes.load().running + self.lanes.load().queued == 0)
        self.clock.elapsed_s += 1e-6

    def counters(self):
        return self.tally.snapshot(in_flight=0, queued=0, troubled=0, held=0)


@pytest.fixture
def make_bench() -> Iterator:
    benches: list[Bench] = []

    def make(known_troubled: tuple = (), gate: Gate | None = None, **options) -> Bench:
        bench = Bench(
            ServiceOptions(**{"workers": 2, "troubled_workers": 2, **options}), known_troubled, gate
        )
        bench.lanes.start()
        benches.append(bench)
        return bench

    yield make
    for bench in benches:
        bench.lanes.close(5.0)


def test_a_due_view_is_checked_once_for_its_due_time(make_bench):
    bench = make_bench()
    gate = bench.site.add("gate")
    due_at = bench.site.due_at[gate]
    bench.settle()
    bench.settle()
    assert [(key, slot) for key, slot, _ in bench.site.begun] == [(gate, due_at)]
    bench.clock.advance(60.0)
    bench.settle()
    assert bench.site.checks_of(gate) == 2


def test_a_view_still_being_checked_is_not_handed_out_again(make_bench):
    bench = make_bench()
    gate = threading.Event()
    slow = bench.site.add("slow", lambda: gate.wait() and VerdictKind.OK)
    for _ in range(5):
        bench.dispatcher.tick()
    until(lambda: bench.site.checks_of(slow) == 1)
    bench.clock.advance(300.0)
    bench.dispatcher.tick()
    gate.set()
    until(lambda: not bench.lanes.holds(slow))
    assert bench.site.checks_of(slow) == 1
    assert bench.site.overlaps == []


def test_a_check_that_ended_while_the_due_list_was_read_is_not_repeated(make_bench):
    bench = make_bench()
    gate = bench.site.add("gate")
    stale = bench.site.due(bench.clock.now(), 10)
    bench.settle()
    # The list as it was read before that check wrote its next due time; the clock has not moved since.
    bench.clock.elapsed_s -= 1e-6
    bench.dispatcher._due = lambda _now, _limit: stale
    bench.settle()
    assert bench.site.checks_of(gate) == 1


def test_a_full_lane_leaves_views_due_and_counts_each_due_time_once(make_bench):
    bench = make_bench(workers=1, queue_limit=1)
    gate = threading.Event()
    for number in range(5):
        bench.site.add(f"cam-{number}", lambda: gate.wait() and VerdictKind.OK)
    bench.dispatcher.tick()
    until(lambda: bench.lanes.load().running == 1)
    for _ in range(4):
        bench.dispatcher.tick()
    refused = bench.counters().skipped_busy
    assert 3 <= refused <= 4
    gate.set()
    until(lambda: bench.dispatcher.tick() == 0 and len(bench.site.begun) == 5)
    assert bench.counters().skipped_busy == refused


def test_views_that_wait_do_not_hide_those_behind_them_in_the_due_list(make_bench):
    bench = make_bench(troubled_workers=1, queue_limit=1, batch=3)
    gate = threading.Event()
    dead = [
        bench.site.add(f"dead-{n}", lambda: gate.wait() and VerdictKind.OFFLINE, due_in_s=-50)
        for n in range(20)
    ]
    bench.dispatcher._known_troubled = frozenset(dead)
    bench.dispatcher._started_at -= timedelta(days=1)
    living = bench.site.add("living")
    for _ in range(10):
        bench.dispatcher.tick()
    until(lambda: bench.site.checks_of(living) == 1)
    gate.set()


def test_a_failed_grab_moves_the_view_to_the_troubled_lane_and_a_good_one_back(make_bench):
    bench = make_bench()
    verdicts = [VerdictKind.OFFLINE, VerdictKind.OK]
    bench.site.add("gate", lambda: verdicts.pop(0))
    bench.settle()
    assert bench.dispatcher.troubled() == 1
    assert bench.counters().failures == 1
    bench.clock.advance(60.0)
    bench.settle()
    assert bench.dispatcher.troubled() == 0


def test_a_dark_picture_is_no_trouble(make_bench):
    bench = make_bench()
    bench.site.add("night", lambda: VerdictKind.DARK)
    bench.settle()
    assert bench.dispatcher.troubled() == 0


def test_a_slow_check_makes_its_view_troubled(make_bench):
    bench = make_bench(slow_after_s=2.0)

    def answer_late() -> VerdictKind:
        bench.clock.advance(3.0)
        return VerdictKind.OK

    bench.site.add("slow", answer_late)
    bench.settle()
    assert bench.dispatcher.troubled() == 1


def test_a_breakdown_is_logged_once_and_rests_longer_each_time(make_bench):
    bench = make_bench(hold_s=60.0, longest_hold_s=200.0)

    def break_down() -> VerdictKind:
        raise RuntimeError("a bug of ours")

    bad = bench.site.add("bad", break_down)
    starts_s = []
    with capture_logs() as lines:
        for _ in range(800):
            before = bench.site.checks_of(bad)
            bench.settle()
            if bench.site.checks_of(bad) > before:
                starts_s.append(round(bench.clock.elapsed_s))
            bench.clock.advance(1.0)
    rests = [later - earlier for earlier, later in pairwise(starts_s)]
    assert rests[:4] == pytest.approx([60, 120, 200, 200], abs=2)
    assert [line["event"] for line in lines] == ["check.broke_down"]
    assert bench.counters().breakdowns == len(starts_s)


def test_one_fault_that_hits_every_view_is_said_once_and_its_end_frees_them_all(make_bench):
    bench = make_bench(hold_s=300.0)
    full = True

    def write() -> VerdictKind:
        if full:
            raise DiskIsFull("No space left to write the picture.", "Free some space.")
        return VerdictKind.OK

    keys = [bench.site.add(f"cam-{n}", write) for n in range(6)]
    with capture_logs() as lines:
        bench.settle()
        full = False
        late = bench.site.add("late", write)
        bench.site.cameras[late] = lambda: VerdictKind.OK
        bench.clock.advance(10.0)
        bench.settle()
        assert all(bench.site.checks_of(key) == 1 for key in keys)
        bench.clock.advance(300.0)
        # The first to succeed frees whoever still rests.
        bench.dispatcher._pace[keys[5]].not_before_s += 1000.0
        bench.settle()
        bench.settle()
    assert all(bench.site.checks_of(key) == 2 for key in keys)
    assert [line["event"] for line in lines] == ["check.broke_down", "check.works_again"]


def test_what_was_due_before_the_start_is_spread_out(make_bench):
    bench = make_bench(start_rate_per_s=2.0, workers=8, start_spread_s=30.0)
    keys = [bench.site.add(f"cam-{n:02}", due_in_s=-3600.0) for n in range(40)]
    bench.settle()
    at_once = len(bench.site.begun)
    assert at_once < 10
    seen = []
    for _ in range(25):
        bench.clock.advance(1.0)
        bench.settle()
        seen.append(len(bench.site.begun))
    assert max(b - a for a, b in pairwise(seen)) <= 10
    assert all(bench.site.checks_of(key) == 1 for key in keys)


def test_a_view_that_falls_due_after_the_start_is_not_held_back(make_bench):
    bench = make_bench(start_rate_per_s=0.001)
    gate = bench.site.add("gate", due_in_s=5.0)
    bench.clock.advance(5.0)
    bench.settle()
    assert bench.site.checks_of(gate) == 1


def test_lateness_is_counted_from_the_due_time_but_not_through_a_downtime(make_bench):
    bench = make_bench(start_spread_s=0.5)
    bench.site.add("long-due", due_in_s=-86_400.0)
    bench.clock.advance(1.0)
    bench.settle()
    bench.clock.advance(1.0)
    bench.settle()
    assert bench.site.begun
    assert bench.counters().lateness_p95_s < 3.0
    bench.site.add("late")
    bench.clock.advance(7.0)
    bench.settle()
    assert bench.counters().lateness_p95_s == pytest.approx(7.0)


def test_a_check_with_nothing_to_do_is_no_check_and_not_repeated_at_once(make_bench):
    bench = make_bench(idle_s=5.0)
    bench.site.add("gone")
    looks = []
    bench.dispatcher._observe = lambda key, _slot: looks.append(key)
    for _ in range(11):
        bench.settle()
        bench.clock.advance(1.0)
    assert bench.counters().checks == 0
    assert 2 <= len(looks) <= 3


class ScriptedGate(OpenGate):
    """Answers as it was told, view by view, and notes what it is told itself."""

    def __init__(self, site: FakeDueList | None = None) -> None:
        self.entries: dict[ViewKey, Entry] = {}
        self.inside: list[ViewKey] = []
        self.noted: list[ViewKey] = []
        self.sat_out: list[ViewKey] = []
        self.site = site
        self.broken = False

    def admit(self, key: ViewKey, *, is_troubled: bool) -> Entry:
        entry = self.entries.get(key, Entry.GO)
        if entry is Entry.GO:
            self.inside.append(key)
        return entry

    def release(self, key: ViewKey) -> None:
        self.inside.remove(key)

    def sit_out(self, key: ViewKey, slot: datetime) -> None:
        if self.broken:
            raise DiskIsFull("No space left.", "Free some.")
        self.sat_out.append(key)
        assert self.site is not None
        self.site.due_at[key] = slot + timedelta(seconds=60)

    def note(self, key: ViewKey, observation: Observation | None) -> None:
        self.noted.append(key)


def test_a_view_whose_host_is_busy_stays_due_takes_no_place_and_hides_nobody(make_bench):
    gate = ScriptedGate()
    bench = make_bench(gate=gate, batch=3)
    waiting = [bench.site.add(f"nvr-{number}", due_in_s=-1.0) for number in range(20)]
    bench.dispatcher._started_at -= timedelta(days=1)
    gate.entries = dict.fromkeys(waiting, Entry.WAIT)
    living = bench.site.add("living")
    for _ in range(10):
        bench.settle()
    assert [key for key, _, _ in bench.site.begun] == [living]
    assert bench.counters().skipped_host == 20
    assert bench.counters().skipped_busy == 0
    gate.entries.clear()
    for _ in range(3):
        bench.settle()
    assert {key for key, _, _ in bench.site.begun} == {living, *waiting}
    assert gate.inside == []


def test_whoever_was_let_in_is_released_whatever_came_of_it(make_bench):
    gate = ScriptedGate()
    bench = make_bench(gate=gate, workers=1, queue_limit=1)
    hold = threading.Event()

    def break_down() -> VerdictKind:
        hold.wait()
        raise RuntimeError("a bug of ours")

    bench.site.add("broken", break_down)
    bench.dispatcher.tick()
    until(lambda: bench.lanes.load().running == 1)
    for number in range(3):
        bench.site.add(f"cam-{number}")
    bench.dispatcher.tick()
    # One runs, one waits in the queue; the others found it full.
    assert len(gate.inside) == 2
    hold.set()
    until(lambda: bench.dispatcher.tick() == 0 and not gate.inside)
    assert len(gate.noted) == 3


def test_a_view_that_sits_out_is_recorded_so_without_a_place_and_some_at_a_time(make_bench):
    gate = ScriptedGate()
    bench = make_bench(gate=gate, sit_outs=4)
    gate.site = bench.site
    views = [bench.site.add(f"nvr-{number}") for number in range(10)]
    gate.entries = dict.fromkeys(views, Entry.SIT_OUT)
    for expected in (4, 8, 10, 10):
        bench.settle()
        assert len(gate.sat_out) == expected
    assert bench.site.begun == []
    counters = bench.counters()
    assert (counters.sat_out, counters.checks, counters.failures) == (10, 0, 0)


def test_a_sit_out_that_cannot_be_recorded_rests_and_stops_nobody(make_bench):
    gate = ScriptedGate()
    gate.broken = True
    bench = make_bench(gate=gate)
    gate.entries = {bench.site.add("nvr", due_in_s=-1.0): Entry.SIT_OUT}
    bench.dispatcher._started_at -= timedelta(days=1)
    living = bench.site.add("living")
    with capture_logs() as lines:
        bench.settle()
        bench.settle()
    assert bench.site.checks_of(living) == 1
    assert [line["event"] for line in lines] == ["check.broke_down"]
