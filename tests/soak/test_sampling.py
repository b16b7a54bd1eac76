"""What is read from /proc of a real family: a grabber more is not a descriptor more of the daemon's own."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import closing

import pytest

from monitor.grabbers.grabber import Grabber
from monitor.grabbers.pool import GrabberPool, PoolOptions
from tests.grabbers.conftest import until
from tests.soak import sampling

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="grabbers hide their memory from all but root")


@pytest.fixture
def pool() -> Iterator[GrabberPool]:
    with closing(GrabberPool(PoolOptions(4))) as pool:
        yield pool


def dedicate(pool: GrabberPool, count: int) -> list[Grabber]:
    """So many grabbers, all of them past their birth, and what served for that closed by the server."""
    made = [pool.dedicate() for _ in range(count)]
    until(lambda: {sampling.own_mb(each.pid) > 1 for each in made} == {True})
    until(is_at_rest)
    return made


def is_at_rest() -> bool:
    """Whether the server holds the same descriptors as a moment ago."""
    before, _ = sampling.take(os.getpid(), 0.0)
    time.sleep(0.2)
    after, _ = sampling.take(os.getpid(), 0.0)
    return before.server_own_fds == after.server_own_fds


def test_descriptors_of_the_daemon_and_the_server_are_told_apart_from_those_for_grabbers(
    pool: GrabberPool,
) -> None:
    dedicate(pool, 1)
    one, _ = sampling.take(os.getpid(), 0.0)
    dedicate(pool, 3)
    four, members = sampling.take(os.getpid(), 10.0)
    assert (one.grabbers, four.grabbers) == (1, 4)
    assert four.daemon_fds - one.daemon_fds == 3 * sampling.FDS_A_GRABBER
    assert four.daemon_own_fds == one.daemon_own_fds
    assert four.server_own_fds == one.server_own_fds > 0
    # The database of other tests may be a child of this process as well.
    assert [each.role for each in members].count(sampling.GRABBER) == 4
    assert 1 < four.grabber_mb <= four.grabber_most_mb < 60
    assert dict(map(sampling.identity, pool.pids())) == {
        each.pid: each.born for each in members if each.role == sampling.GRABBER
    }


def test_a_descriptor_that_stands_for_no_grabber_is_the_daemons_own(pool: GrabberPool) -> None:
    dedicate(pool, 2)
    before, _ = sampling.take(os.getpid(), 0.0)
    lost = os.open(os.devnull, os.O_RDONLY)
    try:
        after, _ = sampling.take(os.getpid(), 10.0)
    finally:
        os.close(lost)
    assert after.daemon_own_fds == before.daemon_own_fds + 1
