"""One limit of wall-clock time over many steps."""

from __future__ import annotations

import time

from monitor.net.errors import TimedOut


class Deadline:
    """Runs out once, however many steps share it.

    Args:
        limit_s: From now.
        origin: Who is waited for; stands in the error.
    """

    def __init__(self, limit_s: float, origin: str) -> None:
        self.limit_s = limit_s
        self._origin = origin
        self._ends_s = time.monotonic() + limit_s

    @property
    def over(self) -> bool:
        """Whether nothing is left."""
        return time.monotonic() >= self._ends_s

    def remaining_s(self, progress: str) -> float:
        """What is left, for one step.

        Args:
            progress: How far things had come, should nothing be left.

        Raises:
            TimedOut: Nothing is left.
        """
        remaining_s = self._ends_s - time.monotonic()
        if remaining_s <= 0:
            raise self.missed(progress)
        return remaining_s

    def missed(self, progress: str) -> TimedOut:
        """The error that says so."""
        return TimedOut(
            f"{self._origin} was not done within {self.limit_s:.3g} s: {progress}.",
            "Lengthen `timeout`; look how many clients it serves at a time.",
        )
