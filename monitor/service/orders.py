"""What signals ask of the daemon."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from queue import SimpleQueue
from types import FrameType
from typing import Any

# What a shell reports for a process ended by that signal.
SIGNAL_EXIT_BASE = 128


class Order(StrEnum):
    """Something the daemon's main loop is asked to do."""

    STOP = "stop"
    RELOAD = "reload"


# A simple queue is the one structure here that a signal handler may safely use: setting an event inside a
# handler can deadlock with the main thread that is waiting for the same event.
Orders = SimpleQueue[Order]


@contextmanager
def signals_as_orders(orders: Orders) -> Iterator[None]:
    """Turn SIGTERM and SIGINT into STOP, SIGHUP into RELOAD.

    The second SIGTERM or SIGINT ends the process at once. Only for the main thread. The previous handlers are
    restored at the end.
    """
    stopping = False

    def stop(number: int, _frame: FrameType | None) -> None:
        nonlocal stopping
        if stopping:
            end_process(SIGNAL_EXIT_BASE + number)
        stopping = True
        orders.put(Order.STOP)

    def reload(_number: int, _frame: FrameType | None) -> None:
        orders.put(Order.RELOAD)

    handlers: dict[signal.Signals, Callable[[int, FrameType | None], None]] = {
        signal.SIGTERM: stop,
        signal.SIGINT: stop,
        signal.SIGHUP: reload,
    }
    previous: dict[signal.Signals, Any] = {number: signal.getsignal(number) for number in handlers}
    for number, handler in handlers.items():
        signal.signal(number, handler)
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


def end_process(code: int) -> None:
    """End now, without waiting for threads that may never end; the database knows what is unfinished."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError, RuntimeError):
            # Closed, broken, or being written at this very moment by the code that the signal interrupted.
            continue
    os._exit(code)
