"""Saying a lasting problem once, and not every minute."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from typing import Any, Protocol


class Log(Protocol):
    """As much of a logger as is needed here; structlog's loggers have it."""

    def warning(self, event: str, **fields: Any) -> Any:
        """Something is wrong."""
        ...

    def info(self, event: str, **fields: Any) -> Any:
        """Something is worth knowing."""
        ...


@dataclass(slots=True)
class _Lasting:
    began_s: float
    said_s: float
    unsaid: int = 0


class Complaints:
    """Remembers what has been said: a problem is logged when it begins, seldom while it lasts, and when it is
    over.

    Safe to use from several threads. Problems are told apart by subject (a camera, a notifier) and by problem
    (a short fixed text, such as an error's class); texts that vary belong into the fields.

    Args:
        log: Where to say it.
        repeat_after_s: How often a lasting problem is said again, with the number of times it was met
            meanwhile.
        monotonic_s: Seconds that never jump.
    """

    def __init__(
        self, log: Log, repeat_after_s: float = 6 * 3600.0, monotonic_s: Callable[[], float] = time.monotonic
    ) -> None:
        self._log = log
        self._repeat_after_s = repeat_after_s
        self._monotonic_s = monotonic_s
        self._lasting: dict[str, dict[str, _Lasting]] = {}
        self._lock = Lock()

    def complain(self, subject: str, problem: str, **fields: Any) -> bool:
        """Report a problem as often as it is met; returns whether it was said this time."""
        now_s = self._monotonic_s()
        with self._lock:
            known = self._lasting.setdefault(subject, {})
            lasting = known.get(problem)
            if lasting is None:
                known[problem] = _Lasting(began_s=now_s, said_s=now_s)
            elif now_s - lasting.said_s < self._repeat_after_s:
                lasting.unsaid += 1
                return False
            else:
                fields |= {"times": lasting.unsaid + 1, "lasting_s": round(now_s - lasting.began_s)}
                lasting.said_s, lasting.unsaid = now_s, 0
        self._log.warning(problem, subject=subject, **fields)
        return True

    def settle(self, subject: str, problem: str | None = None) -> bool:
        """Report that one problem of a subject, or all of them, are over; returns whether there was any."""
        now_s = self._monotonic_s()
        with self._lock:
            known = self._lasting.get(subject, {})
            over = {name: known.pop(name) for name in list(known) if problem in (None, name)}
            if not known:
                self._lasting.pop(subject, None)
        for name, lasting in over.items():
            self._log.info(f"over: {name}", subject=subject, lasted_s=round(now_s - lasting.began_s))
        return bool(over)

    def forget(self, subject: str) -> None:
        """Drop a subject that is no longer watched, silently."""
        with self._lock:
            self._lasting.pop(subject, None)

    def lasting(self) -> dict[str, tuple[str, ...]]:
        """The problems that have begun and are not over, by subject."""
        with self._lock:
            return {subject: tuple(known) for subject, known in self._lasting.items()}
