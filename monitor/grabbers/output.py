"""What grabbers write to stdout and stderr: one thread reads it all, and puts it into the log line by line.

Lines are bounded in length and rate. One that is too long is left out, not cut: half of a secret would no longer be
recognised, and hidden, as one.
"""

from __future__ import annotations

import os
import select
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

import structlog

_log = structlog.get_logger(__name__)

MAX_LINE_BYTES = 2_000
# So many lines at a time, and so many a second after that.
BURST_LINES = 50
LINES_PER_S = 5.0
_READ_BYTES = 1 << 16
_TURN_S = 1.0


@dataclass(slots=True)
class _Stream:
    """One process's pipe."""

    pid: int
    tail: bytes = b""
    overlong: bool = False
    allowance: float = BURST_LINES
    allowed_s: float = field(default_factory=time.monotonic)
    withheld: int = 0


class Output:
    """Reads the pipes, and calls back once a second.

    Args:
        every_second: What else is to be done from time to time, on the same thread.
    """

    def __init__(self, every_second: Callable[[], None]) -> None:
        self._every_second = every_second
        self._lock = threading.Lock()
        self._epoll: select.epoll | None = None
        self._wake_fd = -1
        self._streams: dict[int, _Stream] = {}
        self._thread: threading.Thread | None = None
        self._ending = False

    def add(self, read_fd: int, pid: int) -> None:
        """Read this pipe until it ends, and close it then."""
        with self._lock:
            if self._ending:
                os.close(read_fd)
                return
            os.set_blocking(read_fd, False)
            if self._epoll is None:
                self._epoll = select.epoll()
                self._wake_fd = os.eventfd(0, os.EFD_CLOEXEC)
                self._epoll.register(self._wake_fd, select.EPOLLIN)
                self._thread = threading.Thread(
                    target=self._run, args=(self._epoll,), name="grabbers", daemon=True
                )
                self._thread.start()
            self._streams[read_fd] = _Stream(pid)
            self._epoll.register(read_fd, select.EPOLLIN)

    def close(self, timeout_s: float) -> None:
        """End the thread; what has been written until now still gets into the log. May be called twice."""
        with self._lock:
            thread, self._thread, self._ending = self._thread, None, True
        if thread is not None:
            os.eventfd_write(self._wake_fd, 1)
            thread.join(timeout_s)

    def _run(self, epoll: select.epoll) -> None:
        next_turn_s = time.monotonic() + _TURN_S
        while not self._ending:
            for fd, _ in epoll.poll(max(0.0, next_turn_s - time.monotonic())):
                if fd != self._wake_fd:
                    self._read(epoll, fd)
            if time.monotonic() >= next_turn_s:
                next_turn_s = time.monotonic() + _TURN_S
                self._take_turn()
        for fd in list(self._streams):
            self._read(epoll, fd)
        for fd in [*self._streams, self._wake_fd]:
            os.close(fd)
        epoll.close()

    def _take_turn(self) -> None:
        try:
            self._every_second()
        except Exception:  # noqa: BLE001 - a turn that fails must not stop the reading, which would stop the grabbers
            _log.exception("grabbers.turn_failed")

    def _read(self, epoll: select.epoll, fd: int) -> None:
        stream = self._streams[fd]
        try:
            data = os.read(fd, _READ_BYTES)
        except BlockingIOError:
            return
        if data:
            self._take(stream, data)
            return
        # What stands behind the last line end stays unsaid: it may end in half of a secret.
        with suppress(OSError):
            epoll.unregister(fd)
        del self._streams[fd]
        os.close(fd)

    def _take(self, stream: _Stream, data: bytes) -> None:
        *lines, tail = (stream.tail + data).split(b"\n")
        for line in lines:
            if stream.overlong or len(line) > MAX_LINE_BYTES:
                stream.withheld += 1
                stream.overlong = False
            elif line.strip():
                self._say(stream, line.decode("utf-8", "backslashreplace").strip())
        stream.overlong = stream.overlong or len(tail) > MAX_LINE_BYTES
        stream.tail = b"" if stream.overlong else tail

    def _say(self, stream: _Stream, text: str) -> None:
        now_s = time.monotonic()
        earned = (now_s - stream.allowed_s) * LINES_PER_S
        stream.allowance, stream.allowed_s = min(BURST_LINES, stream.allowance + earned), now_s
        if stream.allowance < 1.0:
            stream.withheld += 1
            return
        stream.allowance -= 1.0
        if stream.withheld:
            _log.debug("grabber.withheld", pid=stream.pid, lines=stream.withheld)
            stream.withheld = 0
        _log.debug("grabber.said", pid=stream.pid, text=text)
