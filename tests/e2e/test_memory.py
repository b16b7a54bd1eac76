"""What the daemon does about its memory, seen from outside."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from monitor.domain.view import ViewKey
from monitor.service.arenas import ARENAS
from tests.e2e.program import Daemon, look_into

# glibc reserves the memory of an arena (but for that of the first) in blocks of 64 MB at multiples of 64 MB.
BLOCK_BYTES = 64 << 20


def arenas_of(pid: int) -> int:
    """Blocks that are in use, one or more an arena, and the first arena."""
    begins = set()
    for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
        span, rights, *_, inode = line.split()[:5]
        begin = int(span.split("-")[0], 16)
        if inode == "0" and rights.startswith("rw") and begin % BLOCK_BYTES == 0:
            begins.add(begin)
    return 1 + len(begins)


@pytest.mark.parametrize(("told", "are_shared"), [("", True), ("12", False)])
def test_threads_of_the_daemon_share_arenas_unless_the_environment_says_otherwise(
    enrolled: Path,
    start: Callable[..., Daemon],
    monkeypatch: pytest.MonkeyPatch,
    told: str,
    are_shared: bool,
) -> None:
    monkeypatch.delenv("GLIBC_TUNABLES", raising=False)
    monkeypatch.delenv("MALLOC_ARENA_MAX", raising=False)
    if told:
        monkeypatch.setenv("MALLOC_ARENA_MAX", told)
    daemon = start(enrolled / "monitor.yaml").started()
    daemon.until(lambda: arenas_of(daemon.process.pid) > 1, "threads at work")
    with look_into(enrolled / "monitor.yaml") as store:
        daemon.until(lambda: len(store.history.observations(ViewKey("gate"), limit=9)) > 1, "checks")
    # An arena may have a second block; with 12 of them, there are more than 40 threads to take them.
    assert (arenas_of(daemon.process.pid) <= 2 * ARENAS) is are_shared
    assert daemon.stop() == 0
