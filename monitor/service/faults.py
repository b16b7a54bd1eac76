"""Remembering which faults are already known, so that each is reported once and its end once."""

from __future__ import annotations

import threading
from collections.abc import Hashable
from types import TracebackType
from typing import Generic, TypeVar

Who = TypeVar("Who", bound=Hashable)


def signature(error: BaseException) -> str:
    """Names a kind of fault: the error's type and the line that raised it.

    A full disk fails every view with a message that differs from view to view; type and line are the same.
    """
    innermost: TracebackType | None = error.__traceback__
    while innermost is not None and innermost.tb_next is not None:
        innermost = innermost.tb_next
    where = "?"
    if innermost is not None:
        where = f"{innermost.tb_frame.f_code.co_filename}:{innermost.tb_lineno}"
    return f"{type(error).__module__}.{type(error).__qualname__} at {where}"


class Faults(Generic[Who]):
    """Who is failing, and of what; safe to call from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._of: dict[Who, str] = {}
        self._with: dict[str, set[Who]] = {}

    def report(self, who: Who, error: BaseException) -> bool:
        """Note that `who` failed; True when nobody was failing of this yet: then it is worth a line."""
        fault = signature(error)
        with self._lock:
            self._forget(who, unless=fault)
            self._of[who] = fault
            sufferers = self._with.setdefault(fault, set())
            is_news = not sufferers
            sufferers.add(who)
            return is_news

    def clear(self, who: Who) -> frozenset[Who]:
        """Note that `who` is well; everybody else who had failed of the same, nobody when `who` was well."""
        with self._lock:
            fault = self._of.get(who)
            self._forget(who)
            return frozenset(self._with.get(fault, ())) if fault else frozenset()

    def failing(self, who: Who) -> bool:
        """Whether the last thing heard of `who` was a failure."""
        with self._lock:
            return who in self._of

    def _forget(self, who: Who, unless: str | None = None) -> None:
        fault = self._of.get(who)
        if fault is None or fault == unless:
            return
        del self._of[who]
        self._with[fault].discard(who)
        if not self._with[fault]:
            del self._with[fault]
