"""What the daemon has done so far, as numbers for status lines, metrics and tests."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

# Lateness is reported over this many of the latest checks.
LATENESS_WINDOW = 1000


class GrabberLoad(Protocol):
    """As much as is said here of the processes that grab frames; `monitor.grabbers.counters` has all of it."""

    @property
    def alive(self) -> int:
        """Processes there are now."""
        ...

    @property
    def kills(self) -> int:
        """Killed because they hung."""
        ...

    @property
    def crashes(self) -> int:
        """Died on their own."""
        ...


@dataclass(frozen=True, slots=True)
class ServiceCounters:
    """A snapshot of the daemon's work since it started.

    Attributes:
        checks: Checks that came to a verdict, `offline` included.
        failures: Of these, checks without a usable frame (`offline`, `stream_fault`).
        breakdowns: Checks that came to no verdict because something of ours failed.
        skipped_busy: Due times at which a view found its lane full and had to wait in the database.
        skipped_host: Due times at which a view had to wait because its host was busy enough.
        sat_out: Due times at which a view was not looked at because its host was down.
        demoted: Checks that were moved to the troubled lane while they ran, because they were slow.
        in_flight: Checks running now.
        queued: Checks waiting in the two lanes now.
        troubled: Views whose last check failed or was slow.
        held: Views resting after a breakdown or waiting for their turn after the start.
        lateness_p50_s: Median of the seconds from due to begun, over the latest checks; 0 before the first.
        lateness_p95_s: The same, 95th percentile.
        sent: Deliveries accepted.
        rescheduled: Attempts that failed and will be repeated.
        dead: Deliveries given up.
        grabbers: Processes that grab frames now.
        grabbers_killed: Of these, killed so far because they hung.
        grabbers_crashed: Of these, died so far on their own.
    """

    checks: int = 0
    failures: int = 0
    breakdowns: int = 0
    skipped_busy: int = 0
    skipped_host: int = 0
    sat_out: int = 0
    demoted: int = 0
    in_flight: int = 0
    queued: int = 0
    troubled: int = 0
    held: int = 0
    lateness_p50_s: float = 0.0
    lateness_p95_s: float = 0.0
    sent: int = 0
    rescheduled: int = 0
    dead: int = 0
    grabbers: int = 0
    grabbers_killed: int = 0
    grabbers_crashed: int = 0

    def describe(self) -> str:
        """One line for a service manager's status."""
        return (
            f"{self.checks} checks ({self.failures} without a frame, {self.breakdowns} broken down), "
            f"{self.in_flight} running, {self.queued} queued, "
            f"{self.troubled} troubled, {self.skipped_busy} skipped, {self.sat_out} sat out, "
            f"late p50 {self.lateness_p50_s:.1f} s p95 {self.lateness_p95_s:.1f} s, "
            f"alerts {self.sent} sent {self.dead} dead, "
            f"{self.grabbers} grabbers ({self.grabbers_killed} killed, {self.grabbers_crashed} crashed)"
        )


class Tally:
    """Counts from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: dict[str, int] = {}
        self._lateness_s: deque[float] = deque(maxlen=LATENESS_WINDOW)

    def add(self, **counts: int) -> None:
        """Add to counters by their names in `ServiceCounters`."""
        with self._lock:
            for name, count in counts.items():
                self._counts[name] = self._counts.get(name, 0) + count

    def late(self, seconds: float) -> None:
        """Note how long after its due time a check began."""
        with self._lock:
            self._lateness_s.append(max(0.0, seconds))

    def snapshot(
        self, *, in_flight: int, queued: int, troubled: int, held: int, grabbers: GrabberLoad | None = None
    ) -> ServiceCounters:
        """The counters so far, together with what only holds now, and what the grabbers count themselves."""
        with self._lock:
            lateness_s = sorted(self._lateness_s)
            counts = dict(self._counts)
        return ServiceCounters(
            in_flight=in_flight,
            queued=queued,
            troubled=troubled,
            held=held,
            lateness_p50_s=_percentile(lateness_s, 0.50),
            lateness_p95_s=_percentile(lateness_s, 0.95),
            grabbers=grabbers.alive if grabbers else 0,
            grabbers_killed=grabbers.kills if grabbers else 0,
            grabbers_crashed=grabbers.crashes if grabbers else 0,
            **counts,
        )


def _percentile(ordered: Sequence[float], share: float) -> float:
    if not ordered:
        return 0.0
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
