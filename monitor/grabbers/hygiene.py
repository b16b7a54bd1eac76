"""What a process of the grabbers does to itself before it touches anything of a camera's."""

from __future__ import annotations

import ctypes
import os
import resource
import signal
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_PR_SET_DUMPABLE = 4
_PR_SET_NAME = 15

# The terminal sends Ctrl-C to everybody; the daemon then still wants the frames that are on their way. SIGHUP is the
# daemon's order to read its configuration, SIGTERM its order to stop: it tells us by closing the pipe.
_NOT_FOR_US = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def ignore_orders() -> None:
    """Leave signals that are meant for the daemon to it."""
    for number in _NOT_FOR_US:
        signal.signal(number, signal.SIG_IGN)


def forbid_core_dumps() -> None:
    """A core dump would hold passwords."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def hide_memory() -> None:
    """Keep other processes of this account from reading this one's memory, a hostile sibling among them.

    Also holds back core dumps that go to a program, which the limit above does not bound.
    """
    _prctl(_PR_SET_DUMPABLE, 0)


def die_with(parent: int) -> None:
    """Be killed when the parent ends, wherever this process hangs by then.

    Args:
        parent: Process id; it may have ended before we could ask for this.
    """
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(0)


def bound_memory(more_bytes: int) -> None:
    """Let this process have so much address space beyond what it has now; more is refused to it."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    limit = pages * resource.getpagesize() + more_bytes
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    if hard != resource.RLIM_INFINITY:
        limit = min(limit, hard)
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def take_name(name: str) -> None:
    """What `ps` and `top` show."""
    _prctl(_PR_SET_NAME, ctypes.c_char_p(name.encode()))


def _prctl(option: int, value: object) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    argument = value if isinstance(value, ctypes.c_char_p) else ctypes.c_ulong(int(value))  # type: ignore[call-overload]
    if libc.prctl(option, argument, 0, 0, 0) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
