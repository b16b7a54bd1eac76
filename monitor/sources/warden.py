"""The process between a grabber and a command: it runs the command, and leaves nothing of it behind.

It is started as a script of its own, `python -I -S warden.py REPORT_FD`, for each grab, and so imports nothing of ours
and little else: its start is most of what it costs. On its standard input it gets the order; after that the pipe only
tells that the other side still lives. When it closes, because time is up or the grabber was killed, everything that
the command started is ended: also what left its process group, because on Linux the warden adopts every orphan below
it. If the warden itself is killed, the kernel kills the command.

The order is its length in eight digits, and then fields with a zero byte between them: the seconds between SIGTERM and
SIGKILL, the working folder or nothing, the number of arguments, the arguments, and the environment as NAME=VALUE.

The report is a line as soon as there is a process, `pid NUMBER`, and one on how it ended: `exit CODE`, `signal NUMBER`,
or, where it could not be started, `folder ERRNO` or `program ERRNO`. That line is missing where the other side went
away or asked for an end.
"""

from __future__ import annotations

import ctypes
import os
import resource
import select
import signal
import sys
import time

# From <linux/prctl.h>.
_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36

_CONTROL_FD = 0
_LENGTH_DIGITS = 8
# How long to go on killing what only the kernel can end: a process that waits for a dead disk.
_SWEEP_S = 1.0
_PAUSE_S = 0.002


class Order:
    """What to run.

    Args:
        text: As in the module's description, without the length.
    """

    def __init__(self, text: bytes) -> None:
        grace_s, folder, count, *rest = text.split(b"\0")
        self.grace_s = float(grace_s)
        self.folder = folder
        self.command = rest[: int(count)]
        self.environment = dict(entry.split(b"=", 1) for entry in rest[int(count) :])


def main(report_fd: int) -> None:
    """Carry out one order."""
    os.set_inheritable(report_fd, False)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGPIPE):
        signal.signal(number, signal.SIG_IGN)
    length = _read(_LENGTH_DIGITS)
    text = _read(int(length)) if length else b""
    if not text:
        return
    order = Order(text)
    _adopt_orphans()
    wakened_fd = _wake_on_children()
    pid, failure = _start(order, report_fd)
    if failure:
        os.waitpid(pid, 0)
        _report(report_fd, failure)
        return
    # Only the command holds them now, so that the reader sees its ends.
    for standard in (1, 2):
        os.close(standard)
    status = _wait(pid, wakened_fd)
    if status is None:
        _ask_to_end(pid, order.grace_s)
    _sweep(pid)
    if status is not None:
        code = os.waitstatus_to_exitcode(status)
        _report(report_fd, f"exit {code}" if code >= 0 else f"signal {-code}")


def _read(count: int) -> bytes:
    """So many bytes of the order; nothing where the other side went away."""
    data = b""
    while len(data) < count:
        chunk = os.read(_CONTROL_FD, count - len(data))
        if not chunk:
            return b""
        data += chunk
    return data


def _report(report_fd: int, words: str) -> None:
    try:
        os.write(report_fd, f"{words}\n".encode())
    except BrokenPipeError:
        pass  # Nobody reads it: the grabber was killed.


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


def _start(order: Order, report_fd: int) -> tuple[int, str]:
    """The command's process, which is reported before it runs, and what kept it from running."""
    failure_fd, fail_fd = os.pipe()
    go_fd, let_go_fd = os.pipe()
    warden = os.getpid()
    pid = os.fork()
    if pid == 0:
        at = "folder"
        try:
            _prepare(warden)
            os.close(let_go_fd)
            if not os.read(go_fd, 1):
                os._exit(127)
            if order.folder:
                os.chdir(order.folder)
            at = "program"
            os.execvpe(order.command[0], order.command, order.environment)  # noqa: S606 - meant
        except OSError as error:
            os.write(fail_fd, f"{at} {error.errno}".encode())
        finally:
            os._exit(127)
    os.close(fail_fd)
    os.close(go_fd)
    _report(report_fd, f"pid {pid}")
    os.write(let_go_fd, b"!")
    os.close(let_go_fd)
    # Closed by the kernel as soon as the program runs.
    failure = os.read(failure_fd, 64)
    os.close(failure_fd)
    return pid, failure.decode()


def _prepare(warden: int) -> None:
    """Give the command a session of its own, default signals, an empty standard input, and no core dump."""
    os.setsid()
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != warden:
            os._exit(127)
    signal.set_wakeup_fd(-1)
    for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
        try:
            signal.signal(number, signal.SIG_DFL)
        except (OSError, ValueError):
            pass  # Some numbers belong to the C library.
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
    try:
        while (ended := os.waitpid(-1, os.WNOHANG))[0] != 0:
            if ended[0] == pid:
                found = ended[1]
    except ChildProcessError:
        pass
    return found


def _ask_to_end(pid: int, grace_s: float) -> None:
    """SIGTERM to the command's group, and a moment to tidy up."""
    _signal_group(pid, signal.SIGTERM)
    until_s = time.monotonic() + grace_s
    while time.monotonic() < until_s and _reap(pid) is None:
        time.sleep(_PAUSE_S)


def _sweep(pid: int) -> None:
    """SIGKILL to everything below, again and again: orphans come to us only when their parents are gone."""
    until_s = time.monotonic() + _SWEEP_S
    while time.monotonic() < until_s:
        _signal_group(pid, signal.SIGKILL)
        try:
            while os.waitpid(-1, os.WNOHANG)[0] != 0:
                pass
        except ChildProcessError:
            return
        for child in _children():
            try:
                os.kill(child, signal.SIGKILL)
            except (ProcessLookupError, PermissionError):
                pass
        time.sleep(_PAUSE_S)


def _signal_group(pid: int, number: int) -> None:
    try:
        os.killpg(pid, number)
    except (ProcessLookupError, PermissionError):
        pass


def _children() -> list[int]:
    """Processes whose parent this is. `/proc/…/children` would say so, but not every kernel has it."""
    ours = str(os.getpid()).encode()
    found = []
    for name in os.listdir("/proc"):
        if not name.isdecimal():
            continue
        try:
            with open(f"/proc/{name}/stat", "rb") as stat:
                # The name stands in brackets and may hold blanks and brackets itself.
                parent = stat.read().rpartition(b")")[2].split()[1]
        except OSError:
            continue
        if parent == ours:
            found.append(int(name))
    return found


if __name__ == "__main__":
    main(int(sys.argv[1]))
