"""Two bounded lanes for checks, so that cameras that answer never wait behind cameras that do not.

Views whose last check failed or was slow run in the troubled lane. A check that turns out to be slow while it
runs in the steady lane is moved over: its place becomes free for others at once, not only when its time limit
ends. That matters in the first minute after a switch or a recorder died, when cameras by the hundred turn out to
be dead while the troubled lane is full of those known to be; so a moved check may go beyond that lane's limit.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

import structlog

from monitor.domain.ports import Clock
from monitor.domain.view import ViewKey

_log = structlog.get_logger(__name__)


class Lane(StrEnum):
    """Where a check runs."""

    STEADY = "steady"
    TROUBLED = "troubled"


@dataclass(slots=True)
class _Ticket:
    key: ViewKey
    lane: Lane
    work: Callable[[], None]
    started_s: float = 0.0


@dataclass(frozen=True, slots=True)
class LaneLoad:
    """How full the lanes are: checks running and waiting, both lanes together."""

    running: int
    queued: int


class Lanes:
    """Runs checks on daemon threads: at most one for a view, at most so many in each lane.

    Threads are daemons because a check stuck in a driver must not keep the process from ending.

    Args:
        steady: Checks at a time in the steady lane.
        troubled: Checks at a time in the troubled lane.
        queue_limit: Checks waiting in each lane.
        slow_after_s: Age from which a running check is slow.
        clock: For ages.
        spare: How many moved checks the troubled lane takes beyond its limit.
    """

    def __init__(
        self,
        steady: int,
        troubled: int,
        queue_limit: int,
        slow_after_s: float,
        clock: Clock,
        spare: int = 0,
    ) -> None:
        self._spare = spare
        self._limits = {Lane.STEADY: steady, Lane.TROUBLED: troubled}
        self._queue_limit = queue_limit
        self._slow_after_s = slow_after_s
        self._clock = clock
        self._changed = threading.Condition()
        self._queues: dict[Lane, deque[_Ticket]] = {Lane.STEADY: deque(), Lane.TROUBLED: deque()}
        self._counts = {Lane.STEADY: 0, Lane.TROUBLED: 0}
        self._running: dict[ViewKey, _Ticket] = {}
        self._known: set[ViewKey] = set()
        self._closed = False

    def start(self) -> None:
        """Start the threads."""
        for number in range(sum(self._limits.values()) + self._spare):
            threading.Thread(target=self._work, name=f"check-{number}", daemon=True).start()

    def offer(self, key: ViewKey, lane: Lane, work: Callable[[], None]) -> bool:
        """Queue a check; False when the lane is full, the view already in one, or the lanes are closed."""
        with self._changed:
            queue = self._queues[lane]
            if self._closed or key in self._known or len(queue) >= self._queue_limit:
                return False
            queue.append(_Ticket(key, lane, work))
            self._known.add(key)
            self._changed.notify()
            return True

    def holds(self, key: ViewKey) -> bool:
        """Whether a check of this view is waiting or running."""
        with self._changed:
            return key in self._known

    def load(self) -> LaneLoad:
        """How full the lanes are."""
        with self._changed:
            return LaneLoad(len(self._running), sum(len(queue) for queue in self._queues.values()))

    def demote_slow(self) -> int:
        """Move steady checks that have become slow over to the troubled lane, as far as it takes them."""
        with self._changed:
            oldest_allowed_s = self._clock.monotonic_s() - self._slow_after_s
            moved = 0
            for ticket in self._running.values():
                if self._counts[Lane.TROUBLED] >= self._limits[Lane.TROUBLED] + self._spare:
                    break
                if ticket.lane is Lane.STEADY and ticket.started_s < oldest_allowed_s:
                    ticket.lane = Lane.TROUBLED
                    self._counts[Lane.STEADY] -= 1
                    self._counts[Lane.TROUBLED] += 1
                    moved += 1
            if moved:
                self._changed.notify_all()
            return moved

    def close(self, timeout_s: float) -> tuple[ViewKey, ...]:
        """Forget what waits, give what runs `timeout_s` seconds to finish; the views that did not make it."""
        with self._changed:
            self._closed = True
            for queue in self._queues.values():
                self._known.difference_update(ticket.key for ticket in queue)
                queue.clear()
            self._changed.notify_all()
            self._changed.wait_for(lambda: not self._running, timeout_s)
            return tuple(sorted(self._running))

    def _work(self) -> None:
        while (ticket := self._next()) is not None:
            try:
                ticket.work()
            except Exception:  # noqa: BLE001 - a thread that dies takes a worker's place with it
                _log.exception("check.escaped", view=str(ticket.key))
            finally:
                with self._changed:
                    self._counts[ticket.lane] -= 1
                    del self._running[ticket.key]
                    self._known.discard(ticket.key)
                    self._changed.notify_all()

    def _next(self) -> _Ticket | None:
        """Wait for the next check; None once the lanes are closed."""
        with self._changed:
            while not self._closed:
                for lane, queue in self._queues.items():
                    if queue and self._counts[lane] < self._limits[lane]:
                        ticket = queue.popleft()
                        ticket.started_s = self._clock.monotonic_s()
                        self._counts[lane] += 1
                        self._running[ticket.key] = ticket
                        return ticket
                self._changed.wait()
            return None
