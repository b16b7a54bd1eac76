"""Processor time of this process together with everything that it started and that still runs."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from pathlib import Path

_OF_ALL_THREADS = 2


def family_core_s() -> float:
    """Seconds, all threads, those that have ended included; processes that have ended are not.

    So a difference of two readings is right as long as no child ended in between.
    """
    return time.process_time() + children_core_s()


def children_core_s() -> float:
    """The same without this process."""
    spent_s = 0.0
    for pid in descendants(os.getpid()):
        with suppress(OSError):  # It ended meanwhile.
            spent_s += time.clock_gettime(_clock_of(pid))
    return spent_s


def descendants(pid: int) -> list[int]:
    """Children of a process, their children, and so on."""
    found: list[int] = []
    waiting = [pid]
    while waiting:
        with suppress(OSError):
            for task in Path(f"/proc/{waiting.pop()}/task").iterdir():
                children = [int(child) for child in (task / "children").read_text().split()]
                found += children
                waiting += children
    return found


def _clock_of(pid: int) -> int:
    """Linux's clock of another process's time, as clock_getcpuclockid(3) makes it; Python has no name for it."""
    return (~pid << 3) | _OF_ALL_THREADS
