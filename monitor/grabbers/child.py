"""What a grabber does: one job after another, until the daemon closes the socket."""

from __future__ import annotations

import resource
import socket
import time
import traceback
from collections import OrderedDict
from pathlib import Path

from monitor.clock import SystemClock
from monitor.domain.errors import FrameFault, MonitorError
from monitor.domain.frame import Frame
from monitor.domain.ports import FrameSource
from monitor.grabbers.messages import Job, receive_job, send_error, send_frame, send_memory
from monitor.sources.memory import Foretelling, Remembering

# Sources are kept open for their next grab: so many, so long. An HTTP connection outlives a minute with most servers;
# an open video takes memory.
KEPT_SOURCES = 4
KEPT_S = 150.0
# Who holds this share of the memory that a grabber may have, once a grab is over, lets another one begin afresh:
# libraries leak, and memory that is cut into pieces does not go back.
WORN_SHARE = 0.5


def serve(connection: socket.socket, memory_bytes: int) -> None:
    """Do jobs until there are no more, or until this process holds too much.

    Args:
        connection: To the daemon.
        memory_bytes: How much it may take beyond what it has now.

    Raises:
        OSError: The daemon is gone in the middle of an answer.
    """
    sources, meter, wear = KeptSources(), Meter(), Wear(int(memory_bytes * WORN_SHARE))
    while (job := receive_job(connection)) is not None:
        if not _do(job, sources, connection, meter, wear):
            return
    sources.close()


class Meter:
    """Processor time of this process, told bit by bit: an answer's own sending is told with the next one."""

    def __init__(self) -> None:
        self._told_s = time.process_time()

    def spent_s(self) -> float:
        """Since it was last asked."""
        before_s, self._told_s = self._told_s, time.process_time()
        return self._told_s - before_s


class Wear:
    """How much memory this process holds beyond what it was born with.

    Args:
        limit_bytes: With more it is worn.
    """

    def __init__(self, limit_bytes: int) -> None:
        self._limit_bytes = _held_bytes() + limit_bytes

    @property
    def is_worn(self) -> bool:
        """Whether it holds too much now."""
        return _held_bytes() > self._limit_bytes


def _held_bytes() -> int:
    """Pages in memory that are no file's."""
    _, resident, shared, *_ = Path("/proc/self/statm").read_text().split()
    return (int(resident) - int(shared)) * resource.getpagesize()


class KeptSources:
    """The sources that were used last, still open."""

    def __init__(self) -> None:
        self._clock = SystemClock()
        self._kept: OrderedDict[int, tuple[FrameSource, float]] = OrderedDict()

    def take(self, job: Job) -> FrameSource:
        """The job's source, opened if it is not yet."""
        now_s = time.monotonic()
        known, _ = self._kept.pop(job.source_id, (None, 0.0))
        source = known or job.open(job.options, self._clock)
        self._kept[job.source_id] = (source, now_s)
        while len(self._kept) > KEPT_SOURCES or self._oldest_s() < now_s - KEPT_S:
            self._kept.popitem(last=False)[1][0].close()
        return source

    def drop(self, source_id: int) -> None:
        """Close a source whose state is in doubt."""
        source, _ = self._kept.pop(source_id, (None, 0.0))
        if source is not None:
            source.close()

    def close(self) -> None:
        """Close all of them."""
        while self._kept:
            self._kept.popitem()[1][0].close()

    def _oldest_s(self) -> float:
        return next(iter(self._kept.values()))[1]


def _do(job: Job, sources: KeptSources, connection: socket.socket, meter: Meter, wear: Wear) -> bool:
    """Do one job and answer; whether this process is fit for another."""
    source: FrameSource | None = None
    answer: Frame | Exception
    trace = ""
    fit = True
    try:
        source = sources.take(job)
        _prepare(source, job, connection)
        answer = source.grab(job.timeout_s)
    except MonitorError as error:
        answer = error
    except MemoryError:
        # Whoever was refused memory may have left things half done.
        fit = False
        answer = FrameFault(
            "Grabbing took more memory than a grabber may have.",
            "Lower the camera's resolution, or raise `service.grabber_memory`.",
        )
    except Exception as error:  # noqa: BLE001 - the daemon says what broke, and the grabber lives on
        answer, trace = error, traceback.format_exc()
        sources.drop(job.source_id)
    memory = source.remember() if isinstance(source, Remembering) else None
    fit = fit and not wear.is_worn
    core_s = meter.spent_s()
    if isinstance(answer, Exception):
        send_error(connection, answer, memory, core_s, trace=trace, is_last=not fit)
    else:
        send_frame(connection, answer, memory, core_s, is_last=not fit)
    return fit


def _prepare(source: FrameSource, job: Job, connection: socket.socket) -> None:
    if isinstance(source, Remembering):
        source.recall(job.memory)
    if isinstance(source, Foretelling):
        source.foretell(lambda memory: send_memory(connection, memory))
