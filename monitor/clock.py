"""Time: the system's, and one that is held for replays."""

from __future__ import annotations

import time
from datetime import UTC, datetime


class SystemClock:
    """The `Clock` of the running service."""

    def now(self) -> datetime:
        """Aware UTC wall-clock time."""
        return datetime.now(UTC)

    def monotonic_s(self) -> float:
        """Seconds that never jump."""
        return time.perf_counter()


class HeldClock:
    """A `Clock` that stands until it is set: replayed frames happen when they were taken.

    Durations still come from the machine, so that timings of a replay are true.
    """

    def __init__(self, now: datetime) -> None:
        self._now = now

    def now(self) -> datetime:
        """The time last set."""
        return self._now

    def set(self, now: datetime) -> None:
        """Move to another time, aware UTC."""
        self._now = now

    def monotonic_s(self) -> float:
        """Seconds that never jump."""
        return time.perf_counter()
