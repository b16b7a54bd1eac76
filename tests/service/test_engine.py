from __future__ import annotations

import random
import socket
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from monitor.domain.verdict import VerdictKind
from monitor.domain.view import ViewKey
from monitor.service.engine import EXIT_ABANDONED, EXIT_DRAINED, EXIT_GAVE_WAY, Service
from monitor.service.options import ServiceOptions
from monitor.service.reload import ReloadResult
from monitor.service.supervisor import Supervisor
from monitor.store.errors import DaemonAlreadyRunning
from monitor.usecases.deliver import DeliveryReport
from tests.service.doubles import FakeDueList, FakeLock, RunningClock, until


class EmptyOutbox:
    """Has nothing to send, says it was asked, and can be told that something hangs."""

    def __init__(self) -> None:
        self.turns = 0
        self.hanging = 0

    def deliver_due(self) -> DeliveryReport:
        self.turns += 1
        return DeliveryReport(sent=1)

    def close(self, timeout_s: float) -> int:
        return self.hanging


FAST = {"tick_s": 0.02, "deliver_every_s": 0.05, "watch_every_s": 0.05, "heartbeat_every_s": 0.1}


class Running:
    """A service on a thread, over a due list in memory."""

    def __init__(self, interval_s: float, watched: tuple[Path, ...] = (), **options: float) -> None:
        self.clock = RunningClock()
        self.site = FakeDueList(self.clock, interval_s)
        self.outbox = EmptyOutbox()
        self.lock = FakeLock()
        self.reloads = 0
        self.pruned = threading.Event()
        self.tended = threading.Event()
        self.options = ServiceOptions(**{**FAST, **options})  # type: ignore[arg-type]
        self.watched = watched
        self.supervisor = Supervisor()
        self.exit_code: int | None = None
        self.due: Callable = self.site.due
        self.known_troubled: tuple[ViewKey, ...] = ()

    def build(self) -> Service:
        return Service(
            due=lambda now, limit: self.due(now, limit),
            observe=self.site.observe,
            outbox=self.outbox,
            tend=self.tended.set,
            prune=self.pruned.set,
            reload=self._reload,
            hold_lock=self.lock.hold,
            clock=self.clock,
            options=self.options,
            watched=self.watched,
            supervisor=self.supervisor,
            random=random.Random(7),
            known_troubled=self.known_troubled,
        )

    def start(self) -> Service:
        self.service = self.build()
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()
        return self.service

    def stop(self, timeout_s: float = 10.0) -> int | None:
        self.service.stop()
        self.thread.join(timeout_s)
        assert not self.thread.is_alive()
        return self.exit_code

    def _run(self) -> None:
        self.exit_code = self.service.run(handle_signals=False)

    def _reload(self) -> ReloadResult:
        self.reloads += 1
        return ReloadResult(True, "nothing changed")


@pytest.fixture
def make() -> Iterator[Callable[..., Running]]:
    made: list[Running] = []

    def make(interval_s: float = 0.2, **options) -> Running:
        made.append(Running(interval_s, **options))
        return made[-1]

    yield make
    for running in made:
        if hasattr(running, "thread") and running.thread.is_alive():
            running.stop()


def test_alerts_are_tended_by_whoever_holds_the_lock_and_by_nobody_else(make: Callable[..., Running]) -> None:
    running = make(tend_every_s=0.05, heartbeat_every_s=0.05)
    running.start()
    assert running.tended.wait(5.0)
    running.lock.database_away = running.lock.lost = True
    until(lambda: not running.service._keeper.is_held)
    time.sleep(0.1)
    running.tended.clear()
    assert not running.tended.wait(0.3)
    running.stop()


def lateness_of_s(site: FakeDueList, names: str) -> list[float]:
    return [(now - slot).total_seconds() for key, slot, now in site.begun if key.camera.startswith(names)]


def test_views_are_checked_alerts_delivered_and_the_end_is_clean(make):
    running = make()
    keys = [running.site.add(f"cam-{n}") for n in range(5)]
    service = running.start()
    until(lambda: all(running.site.checks_of(key) >= 3 for key in keys) and running.outbox.turns >= 3)
    assert running.stop() == EXIT_DRAINED
    counters = service.counters()
    assert counters.checks == len(running.site.begun)
    assert counters.sent == running.outbox.turns
    assert running.site.overlaps == []


@pytest.mark.parametrize(("troubled_workers", "known"), [(24, False), (3, True)])
def test_twenty_dead_cameras_among_a_hundred_do_not_delay_the_living(
    make, troubled_workers: int, known: bool
):
    """Met for the first time they are moved aside while they hang; known ones have a lane of their own."""
    time_limit_s = 2.0
    release = threading.Event()

    def hang() -> VerdictKind:
        release.wait(time_limit_s)
        return VerdictKind.OFFLINE

    running = make(
        interval_s=1.0, workers=4, troubled_workers=troubled_workers, slow_after_s=0.1, start_spread_s=0.01
    )
    dead = [running.site.add(f"dead-{n:02}", hang) for n in range(20)]
    living = [running.site.add(f"living-{n:02}") for n in range(80)]
    running.known_troubled = tuple(dead) if known else ()
    running.start()
    until(lambda: all(running.site.checks_of(key) >= 4 for key in living), timeout_s=30.0)
    late_s = sorted(lateness_of_s(running.site, "living"))
    release.set()
    assert sum(running.site.checks_of(key) for key in dead) >= min(20, troubled_workers)
    # One lane of 28 or 7 workers would have had them wait for the 20 time limits again and again.
    assert late_s[int(0.95 * len(late_s))] < time_limit_s / 2


def test_a_view_whose_check_always_breaks_down_harms_nobody_else(make):
    running = make()

    def break_down() -> VerdictKind:
        raise ZeroDivisionError

    bad = running.site.add("bad", break_down)
    good = running.site.add("good")
    with capture_logs() as lines:
        service = running.start()
        until(lambda: running.site.checks_of(good) >= 8)
    assert running.site.checks_of(bad) == 1
    assert service.counters().breakdowns == 1
    assert service.counters().held == 1
    assert [line["event"] for line in lines].count("check.broke_down") == 1


def test_a_database_that_goes_away_and_comes_back_is_survived(make):
    running = make()
    gate = running.site.add("gate")

    def away(now: datetime, limit: int) -> list:
        raise ConnectionError("the database is away")

    running.due = away
    with capture_logs() as lines:
        running.start()
        until(lambda: any(line["event"] == "job.failed" for line in lines))
        running.due = running.site.due
        until(lambda: running.site.checks_of(gate) >= 2)
    assert [line["event"] for line in lines if line.get("job")] == ["job.failed", "job.works_again"]


def test_stopping_finishes_what_runs_and_starts_nothing_more(make):
    running = make(workers=1, drain_timeout_s=10.0)
    begun, gate = threading.Event(), threading.Event()
    slow = running.site.add("slow", lambda: begun.set() or (gate.wait() and VerdictKind.OK))
    running.start()
    assert begun.wait(5.0)
    waiting = running.site.add("waiting")
    until(lambda: running.service.counters().queued == 1)
    running.service.stop()
    until(lambda: running.service.counters().queued == 0)
    gate.set()
    assert running.stop() == EXIT_DRAINED
    assert running.service.counters().checks == running.site.checks_of(slow) == 1
    assert running.site.checks_of(waiting) == 0


def test_stopping_gives_up_on_what_hangs_and_names_it(make):
    running = make(drain_timeout_s=0.2)
    gate = threading.Event()
    running.site.add("hangs", lambda: gate.wait() and VerdictKind.OK)
    running.start()
    until(lambda: running.service.counters().in_flight == 1)
    began_s = time.monotonic()
    with capture_logs() as lines:
        assert running.stop() == EXIT_ABANDONED
    assert time.monotonic() - began_s < 5.0
    gate.set()
    abandoned = next(line for line in lines if line["event"] == "service.abandoned")
    assert abandoned["views"] == ["hangs"]


def test_stopping_says_when_deliveries_were_left(make):
    running = make(drain_timeout_s=0.2)
    running.outbox.hanging = 2
    running.start()
    assert running.stop() == EXIT_ABANDONED


def test_a_second_daemon_does_not_even_start(make):
    running = make()
    running.lock.taken_by_other = True
    gate = running.site.add("gate")
    with pytest.raises(DaemonAlreadyRunning):
        running.build().run(handle_signals=False)
    assert running.site.checks_of(gate) == 0


def test_the_lock_is_taken_again_after_the_database_was_restarted_and_work_rests_meanwhile(make):
    running = make(interval_s=0.05)
    gate = running.site.add("gate")
    with capture_logs() as lines:
        running.start()
        until(lambda: running.site.checks_of(gate) >= 2)
        running.lock.database_away = running.lock.lost = True
        until(lambda: any(line["event"] == "lock.lost" for line in lines))
        until(lambda: running.service.counters().in_flight == 0)
        before = running.site.checks_of(gate)
        assert not threading.Event().wait(0.3)
        assert running.site.checks_of(gate) <= before + 1
        running.lock.database_away = False
        until(lambda: running.site.checks_of(gate) >= before + 3)
    assert running.lock.taken == 2
    assert running.stop() == EXIT_DRAINED
    assert running.lock.released == 2


def test_a_daemon_whose_database_was_taken_over_gives_way(make):
    running = make()
    running.start()
    until(lambda: running.lock.taken == 1)
    running.lock.taken_by_other = running.lock.lost = True
    running.thread.join(10.0)
    assert running.exit_code == EXIT_GAVE_WAY


def test_a_changed_file_and_a_request_both_reload(make, tmp_path: Path):
    file = tmp_path / "monitor.yaml"
    file.write_text("one")
    running = make(watched=(file,))
    running.start()
    file.write_text("two")
    until(lambda: running.reloads == 1)
    running.service.ask_reload()
    until(lambda: running.reloads == 2)
    assert running.service.config_problem == ""


def test_a_wall_clock_that_was_set_back_does_not_stop_the_work(make):
    class SteppedClock(RunningClock):
        step_s = 0.0

        def monotonic_s(self) -> float:
            return super().monotonic_s() + self.step_s

    running = make()
    running.clock = SteppedClock()
    gate = running.site.add("gate")
    with capture_logs() as lines:
        running.start()
        until(lambda: running.site.checks_of(gate) >= 1)
        # What the scheduler is left with after such a step: times that lie an hour ahead.
        for job in running.service._jobs._scheduler.get_jobs():
            job.modify(next_run_time=datetime.now(UTC) + timedelta(hours=1))
        running.clock.step_s = 3600.0
        until(lambda: any(line["event"] == "clock.was_set" for line in lines))
    before = running.site.checks_of(gate)
    until(lambda: running.site.checks_of(gate) >= before + 2)


def test_signs_of_life_reach_the_service_manager_until_the_dispatcher_hangs(make, tmp_path: Path):
    running = make(stalled_after_s=0.3, drain_timeout_s=0.1)
    messages: list[str] = []
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(str(tmp_path / "notify"))
        listener.setblocking(False)
        running.supervisor = Supervisor(str(tmp_path / "notify"), heartbeat_within_s=0.05)

        def heard(word: str) -> int:
            try:
                while True:
                    messages.append(listener.recv(4096).decode())
            except BlockingIOError:
                return sum(word in message for message in messages)

        running.start()
        until(lambda: heard("READY=1") == 1 and heard("WATCHDOG=1") >= 3)
        gate = threading.Event()
        running.due = lambda _now, _limit: gate.wait() and []
        with capture_logs() as lines:
            until(lambda: any(line["event"] == "service.stalled" for line in lines))
        heard("")
        seen = heard("WATCHDOG=1")
        assert not threading.Event().wait(0.3)
        assert heard("WATCHDOG=1") == seen
        running.stop()
        gate.set()
        assert heard("STOPPING=1") == 1
