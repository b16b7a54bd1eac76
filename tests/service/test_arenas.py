"""Threads of the daemon share the allocator's arenas; shown in a process of its own, which has had no threads yet."""

from __future__ import annotations

import subprocess
import sys

import pytest

from monitor.service.arenas import share_arenas

# Each of 24 threads, all there at once, takes and gives back memory in small pieces; then the arenas are counted.
PROGRAM = """
import ctypes, os, sys, threading
from monitor.service.arenas import share_arenas
libc = ctypes.CDLL(None)
libc.malloc.restype, libc.free.argtypes = ctypes.c_void_p, [ctypes.c_void_p]
if sys.argv[1] == "shared":
    assert share_arenas({})
there = threading.Barrier(24)
def take():
    there.wait()
    taken = [libc.malloc(50_000) for _ in range(40)]
    there.wait()
    for each in taken:
        libc.free(each)
    there.wait()
threads = [threading.Thread(target=take) for _ in range(24)]
for thread in threads: thread.start()
for thread in threads: thread.join()
libc.malloc_info(0, ctypes.c_void_p.in_dll(libc, "stdout"))
libc.fflush(None)
"""


def arenas(how: str) -> int:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, how], check=True, capture_output=True, text=True, timeout=60
    )
    return done.stdout.count("<heap nr=")


def test_many_threads_share_two_arenas_and_would_have_more_of_them() -> None:
    assert arenas("shared") <= 2 < arenas("each")


@pytest.mark.parametrize("name", ["MALLOC_ARENA_MAX", "GLIBC_TUNABLES"])
def test_whoever_has_set_the_allocator_is_left_alone(name: str) -> None:
    assert not share_arenas({name: "1"})
