"""Processor time of this process together with what it started and that works for it."""

from __future__ import annotations

import os
import time
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

_OF_ALL_THREADS = 2
# Fields of /proc/PID/stat behind the name: user and system time of children that have ended and were waited for.
_ENDED_CHILDREN = slice(13, 15)
_TICK_S = 1.0 / os.sysconf("SC_CLK_TCK")


def family_core_s(bystanders: Collection[int] = ()) -> float:
    """Seconds, all threads, those that have ended included, and processes that have ended and were waited for.

    Args:
        bystanders: Processes that this one started, but that do not work for it: they and theirs do not count.
    """
    return time.process_time() + _ended_s(os.getpid()) + children_core_s(bystanders)


def children_core_s(bystanders: Collection[int] = ()) -> float:
    """The same without this process, and without children of its own that have ended."""
    spent_s = 0.0
    for pid in descendants(os.getpid(), bystanders):
        with suppress(OSError):  # It ended meanwhile.
            spent_s += time.clock_gettime(_clock_of(pid)) + _ended_s(pid)
    return spent_s


def descendants(pid: int, bystanders: Collection[int] = ()) -> list[int]:
    """Children of a process, their children, and so on, without some of them and what these started."""
    found: list[int] = []
    waiting = [pid]
    while waiting:
        with suppress(OSError):
            for task in Path(f"/proc/{waiting.pop()}/task").iterdir():
                children = [int(child) for child in (task / "children").read_text().split()]
                children = [child for child in children if child not in bystanders]
                found += children
                waiting += children
    return found


def _ended_s(pid: int) -> float:
    """Of a process's children that have ended, in steps of the kernel's tick."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(int(ticks) for ticks in fields[_ENDED_CHILDREN]) * _TICK_S


def _clock_of(pid: int) -> int:
    """Linux's clock of another process's time, as clock_getcpuclockid(3) makes it; Python has no name for it."""
    return (~pid << 3) | _OF_ALL_THREADS
