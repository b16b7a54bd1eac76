"""The process that forks grabbers: it has the libraries loaded, no threads, and nothing else to do.

Python's own `forkserver` is not used: it hands its environment on with every secret in it, lets its children import
the program's `__main__`, and listens on a socket that any process of the account may connect to.

It is told to fork by a byte and two descriptors (the job's socket, and a pipe for what the grabber writes), and answers
with the grabber's process id, a descriptor that stands for it, and a pipe through which it will tell how it ended. When
the daemon's end of the socket closes, however that came, all grabbers are killed.
"""

from __future__ import annotations

import array
import faulthandler
import gc
import os
import selectors
import signal
import socket
import sys
import traceback
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import NoReturn

from PIL import Image

from monitor.grabbers import child, hygiene
from monitor.grabbers.wire import READY
from monitor.sources import kinds

FAULT_CODE = 70


@dataclass(frozen=True, slots=True)
class _Forked:
    """A grabber, as its parent process knows it."""

    pid: int
    pidfd: int
    fate_fd: int


class Server:
    """Forks grabbers and tells how they ended.

    Args:
        control: To the daemon.
        memory_bytes: How much a grabber may take beyond what is loaded.
    """

    def __init__(self, control: socket.socket, memory_bytes: int) -> None:
        self._control = control
        self._memory_bytes = memory_bytes
        self._selector = selectors.DefaultSelector()
        self._selector.register(control, selectors.EVENT_READ, None)
        self._children: dict[int, _Forked] = {}

    def run(self) -> None:
        """Work until the daemon is gone."""
        self._control.send(READY)
        while True:
            for key, _ in self._selector.select():
                if key.data is not None:
                    self._bury(key.data)
                elif not self._obey():
                    return

    def kill_all(self) -> None:
        """Kill every grabber, and what these have started."""
        for forked in self._children.values():
            _kill_group(forked.pid)

    def _obey(self) -> bool:
        """Take one order; False when there will be none any more."""
        try:
            order, received, _, _ = self._control.recvmsg(64, socket.CMSG_SPACE(8), socket.MSG_CMSG_CLOEXEC)
        except ConnectionError:
            return False
        if not order:
            return False
        fds = array.array("i")
        for _, _, data in received:
            fds.frombytes(data)
        job_fd, output_fd = fds
        try:
            self._fork(job_fd, output_fd)
        except OSError as error:
            self._control.send(f"0 {error.strerror}".encode())
        finally:
            os.close(job_fd)
            os.close(output_fd)
        return True

    def _fork(self, job_fd: int, output_fd: int) -> None:
        fate_read, fate_write = os.pipe()
        server = os.getpid()
        pid = os.fork()
        if pid == 0:
            self._become_grabber(server, job_fd, output_fd, (fate_read, fate_write))
        pidfd = os.pidfd_open(pid)
        forked = _Forked(pid, pidfd, fate_write)
        self._children[pid] = forked
        self._selector.register(pidfd, selectors.EVENT_READ, forked)
        try:
            socket.send_fds(self._control, [str(pid).encode()], [pidfd, fate_read])
        finally:
            os.close(fate_read)

    def _become_grabber(self, server: int, job_fd: int, output_fd: int, others: Sequence[int]) -> NoReturn:
        code = FAULT_CODE
        try:
            hygiene.die_with(server)
            # A group of its own, so that what it starts can be killed with it.
            os.setpgid(0, 0)
            os.dup2(output_fd, 1)
            os.dup2(output_fd, 2)
            self._selector.close()
            self._control.close()
            for fd in (output_fd, *others):
                os.close(fd)
            for forked in self._children.values():
                os.close(forked.pidfd)
                os.close(forked.fate_fd)
            hygiene.take_name("monitor-grabber")
            hygiene.hide_memory()
            hygiene.bound_memory(self._memory_bytes)
            child.serve(socket.socket(fileno=job_fd), self._memory_bytes)
            code = 0
        except (BrokenPipeError, ConnectionResetError):
            code = 0  # The daemon is gone, or wants nothing of us any more.
        except BaseException:  # noqa: BLE001 - nothing may get back into the server's loop
            with suppress(OSError):
                traceback.print_exc()
        finally:
            # No handlers of the server's, no waiting for a library's threads.
            os._exit(code)

    def _bury(self, forked: _Forked) -> None:
        """Tell how a grabber ended, and kill what it may have left behind."""
        self._selector.unregister(forked.pidfd)
        # Not yet waited for, its number still is its own.
        _kill_group(forked.pid)
        _, status = os.waitpid(forked.pid, 0)
        with suppress(BrokenPipeError):
            os.write(forked.fate_fd, str(os.waitstatus_to_exitcode(status)).encode())
        os.close(forked.fate_fd)
        os.close(forked.pidfd)
        del self._children[forked.pid]


def _kill_group(pid: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def main(arguments: Sequence[str]) -> NoReturn:
    """Serve on the descriptor and with the limit that the command line names, until the daemon is gone."""
    control_fd, memory_bytes = map(int, arguments)
    hygiene.ignore_orders()
    hygiene.forbid_core_dumps()
    hygiene.take_name("monitor-grabs")
    # A library that crashes: where it was called from goes into the log.
    faulthandler.enable()
    # Loaded once here instead of by every grabber at its first picture.
    assert kinds.SOURCE_KINDS
    Image.init()
    # What is there now stays for ever: collections in the children need not touch, and so copy, it.
    gc.collect()
    gc.freeze()
    server = Server(socket.socket(fileno=control_fd), memory_bytes)
    try:
        server.run()
    finally:
        server.kill_all()
        os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1:])
