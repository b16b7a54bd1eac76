"""The process between a grabber and a command: it runs the command, and leaves nothing of it behind.

It is started as a script of its own, `python -I -S warden.py REPORT_FD`, and imports nothing of ours. On its standard
input it gets one line of JSON, the order; after that the pipe only tells that the other side still lives. When it
closes, because time is up or the grabber was killed, everything that the command started is ended: also what left its
process group, because on Linux the warden adopts every orphan below it. If the warden itself is killed, the kernel
kills the command.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import resource
import select
import signal
import sys
import time
from pathlib import Path
from typing import Any

# From <linux/prctl.h>.
_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36

_CONTROL_FD = 0
# How long to go on killing what only the kernel can end: a process that waits for a dead disk.
_SWEEP_S = 1.0
_PAUSE_S = 0.002


def main(report_fd: int) -> None:
    """Carry out one order, and report in lines of JSON.

    First comes `{"pid": NUMBER}`, as soon as there is a process; then how the command ended: `{"exit": CODE}`,
    `{"signal": NUMBER}`, or `{"errno": NUMBER, "at": "folder" or "program"}` where it could not be started. That line
    is missing where the other side went away or asked for an end.
    """
    os.set_inheritable(report_fd, False)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGPIPE):
        signal.signal(number, signal.SIG_IGN)
    order = _read_order()
    if order is None:
        return
    _adopt_orphans()
    wakened_fd = _wake_on_children()
    pid, failure = _start(order)
    _report(report_fd, {"pid": pid})
    if failure is not None:
        os.waitpid(pid, 0)
        _report(report_fd, failure)
        return
    # Only the command holds them now, so that the reader sees its ends.
    for standard in (1, 2):
        os.close(standard)
    status = _wait(pid, wakened_fd)
    if status is None:
        _ask_to_end(pid, order["grace_s"])
    _sweep(pid)
    if status is not None:
        code = os.waitstatus_to_exitcode(status)
        _report(report_fd, {"exit": code} if code >= 0 else {"signal": -code})


def _report(report_fd: int, words: dict[str, Any]) -> None:
    # Nobody reads it where the grabber was killed.
    with contextlib.suppress(BrokenPipeError):
        os.write(report_fd, json.dumps(words).encode() + b"\n")


def _read_order() -> dict[str, Any] | None:
    line = b""
    while not line.endswith(b"\n"):
        chunk = os.read(_CONTROL_FD, 65536)
        if not chunk:
            return None
        line += chunk
    order: dict[str, Any] = json.loads(line)
    return order


def _adopt_orphans() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def _wake_on_children() -> int:
    """A descriptor that can be read from whenever a child has ended."""
    read_fd, write_fd = os.pipe()
    os.set_blocking(write_fd, False)
    signal.set_wakeup_fd(write_fd, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    return read_fd


def _start(order: dict[str, Any]) -> tuple[int, dict[str, Any] | None]:
    """The command's process, and what kept it from starting."""
    read_fd, write_fd = os.pipe()
    warden = os.getpid()
    pid = os.fork()
    if pid == 0:
        at = "folder"
        try:
            _prepare(warden)
            if order["working_dir"] is not None:
                os.chdir(order["working_dir"])
            at = "program"
            os.execvpe(order["command"][0], order["command"], order["environment"])  # noqa: S606 - meant
        except OSError as error:
            os.write(write_fd, json.dumps({"errno": error.errno, "at": at}).encode())
        finally:
            os._exit(127)
    os.close(write_fd)
    # Closed by the kernel as soon as the program runs.
    with os.fdopen(read_fd, "rb") as pipe:
        said = pipe.read()
    return pid, json.loads(said) if said else None


def _prepare(warden: int) -> None:
    """Give the command a session of its own, default signals, an empty standard input, and no core dump."""
    os.setsid()
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != warden:
            os._exit(127)
    signal.set_wakeup_fd(-1)
    for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
        # Some numbers belong to the C library.
        with contextlib.suppress(OSError, ValueError):
            signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    # It would hold the secrets of the environment.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.dup2(os.open(os.devnull, os.O_RDONLY), _CONTROL_FD)


def _wait(pid: int, wakened_fd: int) -> int | None:
    """The command's wait status, or None when it is to end before its time."""
    poll = select.poll()
    poll.register(_CONTROL_FD, select.POLLIN)
    poll.register(wakened_fd, select.POLLIN)
    while True:
        status = _reap(pid)
        if status is not None:
            return status
        for fd, _ in poll.poll():
            if not os.read(fd, 4096) and fd == _CONTROL_FD:
                return None


def _reap(pid: int) -> int | None:
    """Take leave of every child that has ended; the wait status of `pid` if it is among them."""
    found = None
    with contextlib.suppress(ChildProcessError):
        while (ended := os.waitpid(-1, os.WNOHANG))[0] != 0:
            if ended[0] == pid:
                found = ended[1]
    return found


def _ask_to_end(pid: int, grace_s: float) -> None:
    """SIGTERM to the command's group, and a moment to tidy up."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGTERM)
    until_s = time.monotonic() + grace_s
    while time.monotonic() < until_s and _reap(pid) is None:
        time.sleep(_PAUSE_S)


def _sweep(pid: int) -> None:
    """SIGKILL to everything below, again and again: orphans come to us only when their parents are gone."""
    until_s = time.monotonic() + _SWEEP_S
    while time.monotonic() < until_s:
        _reap(pid)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, signal.SIGKILL)
        try:
            if os.waitpid(-1, os.WNOHANG)[0] != 0:
                continue
        except ChildProcessError:
            return
        for child in _children():
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(child, signal.SIGKILL)
        time.sleep(_PAUSE_S)


def _children() -> list[int]:
    """Processes whose parent this is. `/proc/…/children` would say so, but not every kernel has it."""
    ours = str(os.getpid()).encode()
    found = []
    for place in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            # The name stands in brackets and may hold blanks and brackets itself.
            fields = place.read_bytes().rpartition(b")")[2].split()
            if fields[1] == ours:
                found.append(int(place.parent.name))
    return found


if __name__ == "__main__":
    main(int(sys.argv[1]))
