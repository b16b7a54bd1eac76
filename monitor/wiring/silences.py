"""Silences as the addressing asks for them: often, in the midst of other transactions."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from datetime import datetime

from monitor.domain.silence import Silence

FRESH_S = 1.0


class FreshSilences:
    """The silences that are active, read from the database at most once a second.

    Alerts are addressed within the transaction that records them. If each of many threads took a second connection for
    this while it holds its first, they could wait for each other; so one at a time reads, and the others go on with
    what was read before.

    Args:
        read: Reads those that are active at a moment.
        now: The time of the first reading.

    Raises:
        StoreError: The database cannot be read.
    """

    def __init__(self, read: Callable[[datetime], Sequence[Silence]], now: datetime) -> None:
        self._read = read
        self._reading = threading.Lock()
        self._known = (now, tuple(read(now)))

    def active(self, now: datetime) -> Sequence[Silence]:
        """Those that are active at a moment; one that was added less than a second ago may be missing.

        Raises:
            StoreError: The database cannot be read.
        """
        read_at, silences = self._known
        is_fresh = abs((now - read_at).total_seconds()) <= FRESH_S
        if is_fresh or not self._reading.acquire(blocking=False):
            return silences
        try:
            self._known = (now, tuple(self._read(now)))
            return self._known[1]
        finally:
            self._reading.release()
