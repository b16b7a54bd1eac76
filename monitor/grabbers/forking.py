"""The daemon's side of the server that forks grabbers: starts it, asks it, replaces it when it is gone."""

from __future__ import annotations

import array
import os
import socket
import subprocess
import sys
import threading
import time
from contextlib import suppress

import structlog

from monitor.grabbers.environment import grabber_environment
from monitor.grabbers.errors import GrabbersUnavailable
from monitor.grabbers.grabber import Grabber
from monitor.grabbers.output import Output
from monitor.grabbers.wire import FORK, READY

_log = structlog.get_logger(__name__)

_PROGRAM = "monitor.grabbers.server"
# Loading the libraries takes a second, on a machine that starts everything at once many.
START_LIMIT_S = 60.0
FORK_LIMIT_S = 15.0
FIRST_REST_S = 1.0
LONGEST_REST_S = 60.0


class _ServerGone(Exception):
    """The server did not answer."""


class ForkServer:
    """Makes grabbers.

    Args:
        memory_bytes: How much memory each may take beyond what is loaded.
        output: Reads what they write.
    """

    def __init__(self, memory_bytes: int, output: Output) -> None:
        self._memory_bytes = memory_bytes
        self._output = output
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._is_ready = False
        self._failures = 0
        self._not_before_s = float("-inf")
        self._reason = ""
        self.starts = 0

    @property
    def pid(self) -> int | None:
        """The server's process id; None while there is none."""
        process = self._process
        return None if process is None else process.pid

    def prepare(self) -> None:
        """Start the server without waiting for it, so that it loads while we do other things."""
        with self._lock, suppress(OSError):
            if self._process is None:
                self._start()

    def fork(self) -> Grabber:
        """A new grabber.

        A server that was killed is replaced at once. One that cannot be started is tried again after a rest.

        Raises:
            GrabbersUnavailable: There is none to be had now.
        """
        with self._lock:
            if time.monotonic() < self._not_before_s:
                raise self._unavailable()
            for _ in range(2):
                try:
                    grabber = self._fork()
                except (_ServerGone, OSError) as error:
                    self._reason = str(error)
                    _log.warning("grabbers.server_gone", reason=self._reason)
                    self._abandon()
                else:
                    self._failures = 0
                    return grabber
            rest_s = min(LONGEST_REST_S, FIRST_REST_S * 2.0**self._failures)
            self._failures += 1
            self._not_before_s = time.monotonic() + rest_s
            raise self._unavailable()

    def close(self, timeout_s: float) -> None:
        """End the server, and with it all grabbers."""
        with self._lock:
            if self._control is not None:
                self._control.close()
                self._control = None
            if self._process is not None:
                with suppress(subprocess.TimeoutExpired):
                    self._process.wait(timeout_s)
            self._abandon()
            # Whoever asks later is told so, and starts nothing.
            self._reason, self._not_before_s = "They were closed.", float("inf")

    def _unavailable(self) -> GrabbersUnavailable:
        return GrabbersUnavailable(
            f"No process can be started to grab frames: {self._reason}",
            "Look for limits on processes and memory (TasksMax, ulimit), and at the log with --log-level debug.",
        )

    def _fork(self) -> Grabber:
        if self._process is not None and self._process.poll() is not None:
            _log.warning("grabbers.server_gone", reason=f"Their server ended{self._exit_text()}.")
            self._abandon()
        if self._process is None:
            self._start()
        control = self._control
        assert control is not None
        if not self._is_ready:
            self._await_ready(control)
        return self._ask(control)

    def _start(self) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        read_fd, write_fd = os.pipe()
        try:
            self._process = subprocess.Popen(
                # -P: nothing is imported from the folder that we happen to be in.
                [sys.executable, "-P", "-m", _PROGRAM, str(theirs.fileno()), str(self._memory_bytes)],
                stdin=subprocess.DEVNULL,
                stdout=write_fd,
                stderr=write_fd,
                pass_fds=[theirs.fileno()],
                env=grabber_environment(os.environ),
                start_new_session=True,
            )
        except OSError:
            ours.close()
            os.close(read_fd)
            raise
        finally:
            theirs.close()
            os.close(write_fd)
        self._output.add(read_fd, self._process.pid)
        self._control, self._is_ready = ours, False
        self.starts += 1

    def _await_ready(self, control: socket.socket) -> None:
        control.settimeout(START_LIMIT_S)
        if self._receive(control) != READY:
            raise _ServerGone("Their server said something else than that it is ready.")
        self._is_ready = True

    def _ask(self, control: socket.socket) -> Grabber:
        ours, theirs = socket.socketpair()
        read_fd, write_fd = os.pipe()
        fds = array.array("i")
        try:
            control.settimeout(FORK_LIMIT_S)
            with suppress(ConnectionError):
                socket.send_fds(control, [FORK], [theirs.fileno(), write_fd])
            answer = self._receive(control, fds)
        except BaseException:
            ours.close()
            os.close(read_fd)
            raise
        finally:
            theirs.close()
            os.close(write_fd)
        pid, _, refusal = answer.decode().partition(" ")
        if len(fds) != 2:
            ours.close()
            os.close(read_fd)
            raise _ServerGone(f"Forking failed ({refusal}).")
        self._output.add(read_fd, int(pid))
        return Grabber(int(pid), ours, fds[0], fds[1])

    def _receive(self, control: socket.socket, fds: array.array[int] | None = None) -> bytes:
        try:
            answer, received, _, _ = control.recvmsg(256, socket.CMSG_SPACE(8), socket.MSG_CMSG_CLOEXEC)
        except TimeoutError:
            raise _ServerGone("Their server does not answer.") from None
        except ConnectionError:
            answer, received = b"", []
        for _, _, data in received:
            if fds is not None:
                fds.frombytes(data)
        if not answer:
            raise _ServerGone(f"Their server ended{self._exit_text()}.")
        return answer

    def _exit_text(self) -> str:
        if self._process is None:
            return ""
        with suppress(subprocess.TimeoutExpired):
            code = self._process.wait(1.0)
            return f" by signal {-code}" if code < 0 else f" with code {code}"
        return ""

    def _abandon(self) -> None:
        """Have no server, whatever there was."""
        if self._control is not None:
            self._control.close()
            self._control = None
        if self._process is not None:
            self._process.kill()
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(1.0)
            self._process = None
        self._is_ready = False
