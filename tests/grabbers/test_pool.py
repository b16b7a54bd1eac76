from __future__ import annotations

import os
import signal
import sys
import threading
import time
from pathlib import Path

import pytest

from monitor.domain.errors import SourceError, SourceTimeout
from monitor.grabbers.errors import GrabbersUnavailable
from tests.grabbers.conftest import children_of, is_running, odd, until
from tests.grabbers.kinds import facts_of


def in_background(work) -> threading.Thread:
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread


def test_nothing_is_started_before_the_first_grab(open_pool):
    before = children_of(os.getpid())
    pool = open_pool()
    odd(pool)
    assert children_of(os.getpid()) == before
    assert pool.counters().server_starts == 0


def test_grabbers_are_made_on_demand_and_used_again(open_pool):
    pool = open_pool(size=3)
    source = odd(pool)
    assert len({facts_of(source.grab(10.0))["pid"] for _ in range(5)}) == 1
    assert pool.counters().alive == 1
    slow = [in_background(lambda: odd(pool, "slow", value=0.5).grab(10.0)) for _ in range(3)]
    for thread in slow:
        thread.join(10.0)
    assert pool.counters().alive == 3


def test_a_source_goes_to_the_grabber_that_knows_it(open_pool):
    pool = open_pool(size=2)
    one, other = odd(pool, "slow", value=0.3), odd(pool, "slow", value=0.3)
    pids: dict[str, int] = {}
    threads = [
        in_background(lambda n=n, s=s: pids.__setitem__(n, facts_of(s.grab(10.0))["pid"]))
        for n, s in (("one", one), ("other", other))
    ]
    for thread in threads:
        thread.join(10.0)
    assert pids["one"] != pids["other"]
    for name, source in [("one", one), ("one", one), ("other", other), ("one", one)]:
        assert facts_of(source.grab(10.0))["pid"] == pids[name]


def test_who_finds_all_grabbers_busy_waits_and_is_told_when_time_is_up(open_pool):
    pool = open_pool(size=1)
    odd(pool).grab(10.0)
    busy = in_background(lambda: odd(pool, "slow", value=1.0).grab(10.0))
    until(lambda: not pool._idle)
    with pytest.raises(SourceTimeout, match="were busy with other cameras"):
        odd(pool).grab(0.2)
    assert odd(pool).grab(10.0).digest
    busy.join(10.0)
    counters = pool.counters()
    assert (counters.busy_waits, counters.busy_timeouts, counters.started) == (2, 1, 1)


def test_a_grabber_without_work_ends_after_its_rest(open_pool):
    pool = open_pool(rest_s=0.2)
    pid = facts_of(odd(pool).grab(10.0))["pid"]
    until(lambda: not is_running(pid))
    until(lambda: (pool.counters().alive, pool.counters().leaving) == (0, 0))
    assert odd(pool).grab(10.0).digest


def test_a_grabber_is_replaced_after_its_share_of_grabs(open_pool):
    pool = open_pool(grabs_each=2)
    source = odd(pool)
    pids = [facts_of(source.grab(10.0))["pid"] for _ in range(4)]
    assert pids[0] == pids[1] != pids[2] == pids[3]
    assert pool.counters().recycled == 2


@pytest.mark.parametrize("dedicated", [False, True])
def test_a_grabber_that_holds_half_of_the_memory_it_may_have_is_replaced(open_pool, dedicated):
    pool = open_pool(memory_bytes=256 << 20)
    source = odd(pool, "hoard", value=50.0, dedicated=dedicated)
    pids = [facts_of(source.grab(10.0))["pid"] for _ in range(6)]
    # 50 and 100 MB are not half of 256 MB; 150 MB are more.
    assert [pids.index(pid) for pid in pids] == [0, 0, 0, 3, 3, 3]
    assert pool.counters().recycled == 2
    assert pool.counters().crashes == 0
    until(lambda: not any(is_running(pid) for pid in pids))


def test_a_free_grabber_that_was_killed_is_not_lent(open_pool):
    pool = open_pool()
    pid = facts_of(odd(pool).grab(10.0))["pid"]
    os.kill(pid, signal.SIGKILL)
    until(lambda: not is_running(pid))
    assert facts_of(odd(pool).grab(10.0))["pid"] != pid
    assert pool.counters().crashes == 1


def test_a_server_that_was_killed_is_replaced_and_no_camera_is_blamed(open_pool):
    pool = open_pool()
    odd(pool).grab(10.0)
    done: list[int] = []
    running = in_background(lambda: done.append(facts_of(odd(pool, "slow", value=1.0).grab(10.0))["pid"]))
    until(lambda: not pool._idle)
    time.sleep(0.2)
    os.kill(pool._server.pid, signal.SIGKILL)
    running.join(20.0)
    assert done
    assert pool.counters().server_starts == 2


@pytest.mark.parametrize("dedicated", [False, True])
def test_a_grab_whose_time_was_over_when_its_server_was_killed_has_failed_and_nothing_broke(
    open_pool, dedicated
):
    pool = open_pool(grace_s=20.0)
    source = odd(pool, "hang", dedicated=dedicated)
    raised: list[BaseException] = []

    def grab() -> None:
        try:
            source.grab(0.5)
        except Exception as error:
            raised.append(error)

    running = in_background(grab)
    until(lambda: pool.pids())
    time.sleep(1.2)
    os.kill(pool._server.pid, signal.SIGKILL)
    running.join(20.0)
    (error,) = raised
    assert isinstance(error, SourceTimeout)
    assert "after 0.5 s, when its process was killed with its server" in str(error)
    assert odd(pool).grab(10.0).digest


def test_a_server_that_is_stopped_is_replaced(open_pool, monkeypatch):
    monkeypatch.setattr("monitor.grabbers.forking.FORK_LIMIT_S", 0.5)
    pool = open_pool()
    pid = facts_of(odd(pool).grab(10.0))["pid"]
    os.kill(pool._server.pid, signal.SIGSTOP)
    os.kill(pid, signal.SIGKILL)
    until(lambda: not is_running(pid))
    assert odd(pool).grab(10.0).digest
    assert pool.counters().server_starts == 2


def test_a_server_that_cannot_start_is_said_and_tried_again_only_after_a_rest(open_pool, monkeypatch):
    pool = open_pool()
    with monkeypatch.context() as broken:
        broken.setattr(sys, "executable", "/bin/false")
        with pytest.raises(GrabbersUnavailable, match="ended with code 1") as caught:
            odd(pool).grab(10.0)
        assert not isinstance(caught.value, SourceError)
        starts = pool.counters().server_starts
        for _ in range(20):
            with pytest.raises(GrabbersUnavailable, match="ended with code 1"):
                odd(pool).grab(10.0)
        assert pool.counters().server_starts == starts == 2
    until(lambda: works(pool), timeout_s=20.0)


def works(pool) -> bool:
    try:
        return bool(odd(pool).grab(10.0))
    except GrabbersUnavailable:
        return False


def test_closing_is_bounded_while_grabs_hang_and_leaves_nobody(open_pool):
    pool = open_pool()
    odd(pool).grab(10.0)
    ended: list[BaseException] = []

    def hang() -> None:
        try:
            odd(pool, "hang").grab(60.0)
        except Exception as error:
            ended.append(error)

    threads = [in_background(hang) for _ in range(3)]
    dedicated = odd(pool, dedicated=True)
    dedicated.grab(10.0)
    until(lambda: len(pool._lent) == 3)
    server = pool._server.pid
    processes = [server, *children_of(server)]
    assert len(processes) == 5
    began_s = time.monotonic()
    pool.close(0.5)
    assert time.monotonic() - began_s < 4.0
    for thread in threads:
        thread.join(5.0)
    # No camera is blamed for it: nothing that could be recorded as a verdict.
    assert [type(error) for error in ended] == [GrabbersUnavailable] * 3
    until(lambda: not any(map(is_running, processes)))
    with pytest.raises(GrabbersUnavailable, match="told to end"):
        odd(pool).grab(1.0)


def test_a_grab_on_its_way_is_still_finished_when_the_pool_closes(open_pool):
    pool = open_pool()
    odd(pool).grab(10.0)
    got: list[object] = []
    thread = in_background(lambda: got.append(odd(pool, "slow", value=0.5).grab(10.0)))
    until(lambda: not pool._idle)
    pool.close(10.0)
    thread.join(10.0)
    assert got


def test_hundreds_of_grabs_and_many_crashes_leave_nothing_behind(open_pool):
    pool = open_pool(size=2, grabs_each=50)
    odd(pool).grab(10.0)
    server = pool._server.pid

    def descriptors() -> tuple[int, int]:
        return count("/proc/self/fd"), count(f"/proc/{server}/fd")

    threads, before, children = threading.active_count(), descriptors(), len(children_of(server))
    well, bad = odd(pool), odd(pool, "segfault")
    for number in range(200):
        if number % 10 == 9:
            with pytest.raises(SourceError):
                bad.grab(10.0)
        else:
            well.grab(10.0)
    counters = pool.counters()
    assert (counters.crashes, counters.grabs) == (20, 201)
    until(lambda: pool.counters().leaving == 0)
    assert pool.counters().alive <= 1
    well.grab(10.0)
    assert len(children_of(server)) == children == 1
    # Others of this process open and close some meanwhile; twenty crashes would leave twenty and more.
    assert all(now < then + 10 for now, then in zip(descriptors(), before, strict=True))
    assert threading.active_count() < threads + 10


def count(folder: str) -> int:
    return len(list(Path(folder).iterdir()))
