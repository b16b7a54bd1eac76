"""The daemon's handle of one grabber: gives it jobs, sees whether it lives, kills it."""

from __future__ import annotations

import os
import select
import signal
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress

from monitor.grabbers.frames import Bounds
from monitor.grabbers.messages import Job, Outcome, receive_outcome, send_job
from monitor.sources.memory import Memory

# After death the server tells at once how it came; it may be busy forking, or gone.
_FATE_WAIT_S = 2.0


class Grabber:
    """One process. Used by one thread at a time; only `kill` and `is_gone` may come from others.

    Args:
        pid: Its number, for people.
        connection: To it.
        pidfd: Stands for it, also when its number has been given to another process.
        fate_fd: Through which its parent tells how it ended.
    """

    def __init__(self, pid: int, connection: socket.socket, pidfd: int, fate_fd: int) -> None:
        self.pid = pid
        self.grabs = 0
        self.last_source_id: int | None = None
        self.idle_since_s = time.monotonic()
        self._connection = connection
        self._pidfd = pidfd
        self._fate_fd = fate_fd
        # Guards the descriptors: another's may have its number once it is closed.
        self._lock = threading.Lock()
        self._is_gone = False
        self._is_released = False

    def grab(self, job: Job, bounds: Bounds, deadline_s: float, keep: Callable[[Memory], None]) -> Outcome:
        """Let it do one job.

        Args:
            job: What to do.
            bounds: What a frame may have.
            deadline_s: The `time.monotonic()` at which to give up.
            keep: Called with each memory that it sends.

        Raises:
            Malformed: It answers nonsense.
            TimeoutError: It did not answer in time.
            EOFError: It died.
        """
        self.grabs += 1
        self.last_source_id = job.source_id
        self._connection.settimeout(max(0.01, deadline_s - time.monotonic()))
        try:
            send_job(self._connection, job)
        except ConnectionError as error:
            raise EOFError from error
        return receive_outcome(self._connection, bounds, deadline_s, keep)

    @property
    def is_gone(self) -> bool:
        """Whether the process has ended."""
        with self._lock:
            if not self._is_gone:
                self._is_gone = _is_readable(self._pidfd, 0.0)
            return self._is_gone

    def kill(self) -> None:
        """End it now, wherever it hangs; a driver that hangs in the kernel may hold it longer."""
        with self._lock:
            if not self._is_gone:
                with suppress(ProcessLookupError):
                    signal.pidfd_send_signal(self._pidfd, signal.SIGKILL)

    def dismiss(self) -> None:
        """Give it no more jobs: it closes what it has open, and ends."""
        self._connection.close()

    def fate(self) -> int | None:
        """Its exit code once it has died, negative for a signal; None if nobody is left who knows."""
        if not _is_readable(self._fate_fd, _FATE_WAIT_S):
            return None
        told = os.read(self._fate_fd, 16)
        return int(told) if told else None

    def release(self) -> None:
        """Close what stands for it here, once it is gone; may be called twice."""
        with self._lock:
            if self._is_released:
                return
            self._is_gone = self._is_released = True
            self._connection.close()
            os.close(self._pidfd)
            os.close(self._fate_fd)


def _is_readable(fd: int, wait_s: float) -> bool:
    poll = select.poll()
    poll.register(fd, select.POLLIN)
    return bool(poll.poll(wait_s * 1000))
