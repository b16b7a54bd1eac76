"""The grabbers of one process: made on demand, lent one grab at a time, ended after a rest."""

from __future__ import annotations

import itertools
import threading
import time
from dataclasses import dataclass, replace

from monitor.domain.errors import SourceTimeout
from monitor.grabbers.counters import GrabberCounters
from monitor.grabbers.errors import GrabbersUnavailable
from monitor.grabbers.forking import ForkServer
from monitor.grabbers.grabber import Grabber
from monitor.grabbers.output import Output

DEFAULT_MEMORY_BYTES = 1 << 30


@dataclass(frozen=True, slots=True)
class PoolOptions:
    """Bounds of a pool.

    Attributes:
        size: Grabbers at a time at most, besides those that belong to one camera.
        memory_bytes: Address space that each may take beyond what is loaded; one that still holds half of it after a
            grab is replaced.
        rest_s: A grabber without work ends after so long, so that its memory goes back.
        grabs_each: A grabber is replaced after so many grabs: libraries leak.
        grace_s: How much longer than its time limit a grab may take before its grabber is killed.
        farewell_s: How long a grabber that is no longer wanted may take to close what it has open.
    """

    size: int
    memory_bytes: int = DEFAULT_MEMORY_BYTES
    rest_s: float = 60.0
    grabs_each: int = 5_000
    grace_s: float = 1.0
    farewell_s: float = 5.0


@dataclass(frozen=True, slots=True)
class _Leaving:
    """A grabber that was told to end, or killed."""

    grabber: Grabber
    kill_at_s: float


class GrabberPool:
    """Lends grabbers to `monitor.grabbers.source.PooledSource`; safe to use from several threads.

    Nothing is started before the first grab.

    Args:
        options: Bounds.
    """

    def __init__(self, options: PoolOptions) -> None:
        self.options = options
        self._changed = threading.Condition()
        self._idle: list[Grabber] = []
        self._lent: set[Grabber] = set()
        self._dedicated: set[Grabber] = set()
        self._leaving: list[_Leaving] = []
        self._starting = 0
        self._closed = False
        self._counts = GrabberCounters()
        self._source_ids = itertools.count(1)
        self._output = Output(self._tidy)
        self._server = ForkServer(options.memory_bytes, self._output)

    @property
    def is_closed(self) -> bool:
        """Whether grabbers are ended now, whatever they do."""
        return self._closed

    def prepare(self) -> None:
        """Start the server of the grabbers without waiting for it, for those who know that they will grab."""
        self._server.prepare()

    def new_source_id(self) -> int:
        """Tells one source from all others of this pool."""
        return next(self._source_ids)

    def borrow(self, source_id: int, deadline_s: float) -> Grabber:
        """A grabber for one grab: the one that served this source last, if it is free.

        Waiting for a free one counts against the deadline; starting one has a time limit of its own.

        Raises:
            SourceTimeout: None was free in time.
            GrabbersUnavailable: None can be started, or the pool was closed.
        """
        with self._changed:
            waited = False
            while True:
                self._refuse_when_closed()
                grabber = self._take_idle(source_id)
                if grabber is not None:
                    self._lent.add(grabber)
                    return grabber
                if len(self._lent) + self._starting < self.options.size:
                    self._starting += 1
                    break
                if not waited:
                    waited = True
                    self._count(busy_waits=1)
                if not self._changed.wait(max(0.0, deadline_s - time.monotonic())):
                    self._count(busy_timeouts=1)
                    raise SourceTimeout(
                        "All processes that grab frames were busy with other cameras.",
                        "Raise `service.workers` and `service.troubled_workers`, or see which cameras are slow.",
                    )
        return self._start(self._lent)

    def dedicate(self) -> Grabber:
        """A grabber that belongs to one source until it is given back.

        Raises:
            GrabbersUnavailable: None can be started, or the pool was closed.
        """
        with self._changed:
            self._refuse_when_closed()
            self._starting += 1
        return self._start(self._dedicated)

    def give_back(self, grabber: Grabber) -> None:
        """Take back a grabber that is well."""
        with self._changed:
            self._forget(grabber)
            worn = grabber.grabs >= self.options.grabs_each
            if worn:
                self._count(recycled=1)
            if worn or self._closed:
                self._dismiss(grabber)
            else:
                grabber.idle_since_s = time.monotonic()
                self._idle.append(grabber)
            self._changed.notify()

    def discard(self, grabber: Grabber) -> None:
        """Take back a grabber that is of no use any more, and make sure that it ends now."""
        grabber.kill()
        with self._changed:
            self._forget(grabber)
            self._leaving.append(_Leaving(grabber, float("inf")))
            self._changed.notify()

    def part_with(self, grabber: Grabber) -> None:
        """Take back a grabber that is to do nothing more: its source is closed, or it ends by its own wish."""
        with self._changed:
            self._forget(grabber)
            self._dismiss(grabber)
            self._changed.notify()

    def count(self, *, core_s: float = 0.0, **more: int) -> None:
        """Add to counters by their names in `GrabberCounters`."""
        with self._changed:
            self._count(**more)
            self._counts = replace(self._counts, core_s=self._counts.core_s + core_s)

    def counters(self) -> GrabberCounters:
        """What was done so far, and what there is now."""
        with self._changed:
            return replace(
                self._counts,
                alive=len(self._idle) + len(self._lent) + len(self._dedicated),
                dedicated=len(self._dedicated),
                leaving=len(self._leaving),
                server_starts=self._server.starts,
            )

    def pids(self) -> list[int]:
        """Process ids of all grabbers that there are now."""
        with self._changed:
            return [grabber.pid for grabber in (*self._idle, *self._lent, *self._dedicated)]

    def close(self, timeout_s: float = 5.0) -> None:
        """End all grabbers: free ones at once, busy ones when they are done, or are killed when time is up."""
        deadline_s = time.monotonic() + timeout_s
        with self._changed:
            self._closed = True
            for grabber in self._idle:
                self._dismiss(grabber)
            self._idle.clear()
            self._changed.notify_all()
            self._changed.wait_for(lambda: not self._lent and not self._starting, timeout_s)
            for grabber in [*self._lent, *self._dedicated]:
                grabber.kill()
            for grabber in list(self._dedicated):
                self._forget(grabber)
                self._leaving.append(_Leaving(grabber, float("inf")))
            leaving = [one.grabber for one in self._leaving]
        while time.monotonic() < deadline_s and not all(grabber.is_gone for grabber in leaving):
            time.sleep(0.01)
        # Whatever is left dies with the server.
        self._server.close(max(1.0, deadline_s - time.monotonic()))
        self._output.close(1.0)
        self._tidy()

    def _refuse_when_closed(self) -> None:
        if self._closed:
            raise GrabbersUnavailable("The processes that grab frames were told to end.")

    def _start(self, among: set[Grabber]) -> Grabber:
        grabber: Grabber | None = None
        try:
            grabber = self._server.fork()
        finally:
            with self._changed:
                self._starting -= 1
                if grabber is not None:
                    self._count(started=1)
                    among.add(grabber)
                else:
                    self._changed.notify()
        return grabber

    def _take_idle(self, source_id: int) -> Grabber | None:
        """The best of the free grabbers that are alive."""
        for grabber in [grabber for grabber in self._idle if grabber.is_gone]:
            self._idle.remove(grabber)
            self._leaving.append(_Leaving(grabber, float("inf")))
            self._count(crashes=1)
        if not self._idle:
            return None
        # Else the one that worked last, so that the others get their rest.
        known = (grabber for grabber in self._idle if grabber.last_source_id == source_id)
        grabber = next(known, self._idle[-1])
        self._idle.remove(grabber)
        return grabber

    def _forget(self, grabber: Grabber) -> None:
        self._lent.discard(grabber)
        self._dedicated.discard(grabber)

    def _dismiss(self, grabber: Grabber) -> None:
        grabber.dismiss()
        self._leaving.append(_Leaving(grabber, time.monotonic() + self.options.farewell_s))

    def _count(self, **more: int) -> None:
        self._counts = replace(
            self._counts, **{name: getattr(self._counts, name) + count for name, count in more.items()}
        )

    def _tidy(self) -> None:
        """Once a second: end who has rested long enough, and let go of who is gone."""
        now_s = time.monotonic()
        with self._changed:
            for grabber in [one for one in self._idle if now_s - one.idle_since_s > self.options.rest_s]:
                self._idle.remove(grabber)
                self._dismiss(grabber)
            for one in list(self._leaving):
                if one.grabber.is_gone:
                    one.grabber.release()
                    self._leaving.remove(one)
                elif now_s > one.kill_at_s:
                    one.grabber.kill()
