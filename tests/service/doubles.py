"""A clock that runs, one that is held, and a due list in memory."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from monitor.domain.incident import Observation
from monitor.domain.state import ViewState
from monitor.domain.verdict import Verdict, VerdictKind
from monitor.domain.view import ViewKey
from monitor.store.errors import DaemonAlreadyRunning, DaemonLockLost, StoreUnavailable

T0 = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


class RunningClock:
    """The machine's clocks."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic_s(self) -> float:
        return time.monotonic()


class HeldClock:
    """Stands still until moved."""

    def __init__(self, at: datetime = T0) -> None:
        self.at = at
        self.elapsed_s = 1000.0

    def now(self) -> datetime:
        return self.at

    def monotonic_s(self) -> float:
        return self.elapsed_s

    def advance(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)
        self.elapsed_s += seconds


@dataclass(frozen=True)
class Due:
    """One row of the due list."""

    key: ViewKey
    due_at: datetime


@dataclass
class FakeDueList:
    """Due times in memory, and a camera for each view: a function that takes its time and gives a verdict."""

    clock: RunningClock | HeldClock
    interval_s: float
    cameras: dict[ViewKey, Callable[[], VerdictKind]] = field(default_factory=dict)
    due_at: dict[ViewKey, datetime] = field(default_factory=dict)
    begun: list[tuple[ViewKey, datetime, datetime]] = field(default_factory=list)
    running: set[ViewKey] = field(default_factory=set)
    overlaps: list[ViewKey] = field(default_factory=list)
    limits: list[int] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add(
        self, name: str, camera: Callable[[], VerdictKind] = lambda: VerdictKind.OK, due_in_s: float = 0.0
    ):
        key = ViewKey(name)
        self.cameras[key] = camera
        self.due_at[key] = self.clock.now() + timedelta(seconds=due_in_s)
        return key

    def due(self, now: datetime, limit: int) -> list[Due]:
        with self.lock:
            self.limits.append(limit)
            rows = sorted((at, key) for key, at in self.due_at.items() if at <= now)
        return [Due(key, at) for at, key in rows[:limit]]

    def observe(self, key: ViewKey, slot: datetime) -> Observation:
        now = self.clock.now()
        with self.lock:
            if key in self.running:
                self.overlaps.append(key)
            self.running.add(key)
            self.begun.append((key, slot, now))
        try:
            kind = self.cameras[key]()
        finally:
            with self.lock:
                self.running.discard(key)
        next_due_at = self.clock.now() + timedelta(seconds=self.interval_s)
        with self.lock:
            self.due_at[key] = next_due_at
        return Observation(key, slot, now, None, Verdict(kind, 1.0), None, ViewState(), None, next_due_at)

    def checks_of(self, key: ViewKey) -> int:
        with self.lock:
            return sum(begun == key for begun, _, _ in self.begun)


def until(condition: Callable[[], object], timeout_s: float = 10.0) -> None:
    """Wait for something to come true; fail when it does not."""
    deadline_s = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline_s, "it did not come true in time"
        time.sleep(0.005)


class FakeLock:
    """A lock that can be lost, and be taken by somebody else."""

    def __init__(self) -> None:
        self.lost = False
        self.taken_by_other = False
        self.database_away = False
        self.taken = 0
        self.released = 0

    @contextmanager
    def hold(self) -> Iterator[FakeLock]:
        if self.taken_by_other:
            raise DaemonAlreadyRunning("Another daemon works on it.")
        if self.database_away:
            raise StoreUnavailable("The database cannot be reached.")
        self.lost = False
        self.taken += 1
        yield self
        self.released += 1

    def verify(self) -> None:
        if self.lost:
            raise DaemonLockLost("The connection broke.")
