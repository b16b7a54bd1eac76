"""A clock whose time passes faster (or slower) than the real one."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from monitor.simulator.errors import SimulatorError


class SimulatedClock:
    """Aware UTC time that starts at `start` and runs `speed` times as fast as the monotonic clock.

    `speed` 0 stands still. `monotonic` is injected so that tests decide how time passes.
    Raises SimulatorError when `start` has no time zone or `speed` is negative or not finite.
    """

    def __init__(
        self, start: datetime, speed: float = 1.0, *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        if start.tzinfo is None:
            raise SimulatorError(f"The start {start.isoformat()} has no time zone: give it one, e.g. +00:00.")
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._anchor = start.astimezone(UTC)
        self._anchor_real_s = monotonic()
        self._speed = _checked_speed(speed)

    @property
    def speed(self) -> float:
        """Simulated seconds per real second."""
        return self._speed

    def now(self) -> datetime:
        """The simulated time, aware UTC."""
        with self._lock:
            return self._now()

    def set_speed(self, speed: float) -> None:
        """Change the rate from now on; the simulated time does not jump."""
        checked = _checked_speed(speed)
        with self._lock:
            self._anchor, self._anchor_real_s = self._now(), self._monotonic()
            self._speed = checked

    def real_age_s(self, at: datetime) -> float:
        """How many real seconds ago the simulated moment `at` was, at the present speed; never negative."""
        if self._speed == 0:
            return 0.0
        return max(0.0, (self.now() - at).total_seconds() / self._speed)

    def _now(self) -> datetime:
        elapsed_s = (self._monotonic() - self._anchor_real_s) * self._speed
        return self._anchor + timedelta(seconds=elapsed_s)


def _checked_speed(speed: float) -> float:
    if not math.isfinite(speed) or speed < 0:
        raise SimulatorError(
            f"The speed {speed} makes no sense: give simulated seconds per real second, 0 or more."
        )
    return float(speed)
