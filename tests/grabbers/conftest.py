from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from monitor.grabbers.pool import GrabberPool, PoolOptions
from monitor.grabbers.source import PooledSource
from tests.grabbers.kinds import Odd, OddSource

MEMORY_BYTES = 256 << 20


@pytest.fixture
def open_pool() -> Iterator[Callable[..., GrabberPool]]:
    pools: list[GrabberPool] = []

    def open_pool(size: int = 4, **options) -> GrabberPool:
        pools.append(
            GrabberPool(PoolOptions(size, **{"memory_bytes": MEMORY_BYTES, "grace_s": 0.3, **options}))
        )
        return pools[-1]

    yield open_pool
    for pool in pools:
        pool.close()


@pytest.fixture(scope="module")
def pool() -> Iterator[GrabberPool]:
    """One for all tests of a module that leave it as they found it."""
    pool = GrabberPool(PoolOptions(4, memory_bytes=MEMORY_BYTES, grace_s=0.3))
    yield pool
    pool.close()


def odd(pool: GrabberPool, does: str = "well", *, dedicated: bool = False, **options) -> PooledSource:
    return PooledSource(pool, OddSource, Odd(does, **options), dedicated=dedicated)


def until(condition: Callable[[], object], timeout_s: float = 10.0) -> None:
    deadline_s = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline_s, "did not come true"
        time.sleep(0.02)


def is_running(pid: int) -> bool:
    """Whether there is such a process, and it is more than a zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def children_of(pid: int) -> list[int]:
    """Processes that `pid` started, and what those started."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parent = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
            except (FileNotFoundError, ProcessLookupError):
                continue
            if parent == pid:
                found += [int(entry.name), *children_of(int(entry.name))]
    return found
