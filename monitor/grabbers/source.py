"""A camera whose frames are grabbed by a process that can be killed."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable
from typing import Any

import structlog

from monitor.domain.errors import FrameFault, SourceTimeout
from monitor.domain.frame import Frame
from monitor.domain.ports import Clock, FrameSource
from monitor.grabbers.frames import Bounds, Malformed
from monitor.grabbers.grabber import Grabber
from monitor.grabbers.messages import Job, Outcome
from monitor.grabbers.pool import GrabberPool
from monitor.sources.memory import Memory
from monitor.sources.pictures import MAX_BYTES, MAX_PIXELS

_log = structlog.get_logger(__name__)


class PooledSource:
    """A source of any kind, opened in a grabber and not here. One grab at a time.

    Args:
        pool: Lends the grabbers.
        open_source: Makes the real source; a class or function that can be imported by its name.
        options: What it is made of; `max_pixels` and `max_bytes`, where there are such, bound what comes back.
        dedicated: Whether it keeps something open between grabs, and so has a grabber to itself.
    """

    def __init__(
        self,
        pool: GrabberPool,
        open_source: Callable[[Any, Clock], FrameSource],
        options: Any,
        *,
        dedicated: bool = False,
    ) -> None:
        self._pool = pool
        self._open = open_source
        self._options = options
        self._is_dedicated = dedicated
        self._id = pool.new_source_id()
        self._bounds = Bounds(
            getattr(options, "max_pixels", MAX_PIXELS), getattr(options, "max_bytes", MAX_BYTES)
        )
        self._memory: Memory = {}
        self._lock = threading.Lock()
        self._is_closed = False
        self._own: Grabber | None = None
        self._undead: Grabber | None = None

    def grab(self, timeout_s: float) -> Frame:
        """The newest frame, as the real source gives it.

        Raises:
            SourceTimeout: The source hung, or no grabber was free in time.
            FrameFault: The grabber died of what it read, or answered nonsense.
            SourceError: As the source says.
            GrabbersUnavailable: No grabber can be started, or the pool was closed; no fault of the camera.
            SourceBroke: The source raised what no source may raise.
        """
        deadline_s = time.monotonic() + timeout_s
        self._refuse_while_undead()
        while True:
            grabber = self._take(deadline_s)
            began_s = time.monotonic()
            # At least something: whoever waited long for a grabber, or for its start, still tries.
            limit_s = max(deadline_s - began_s, min(timeout_s, 1.0))
            outcome = self._ask(grabber, limit_s, began_s + limit_s + self._pool.options.grace_s)
            if outcome is not None:
                break
            # Lost with its server, a grab begins anew. One whose time was over has failed all the same; when we end,
            # it is no camera's fault.
            if time.monotonic() > deadline_s and not self._pool.is_closed:
                raise SourceTimeout(
                    f"The grab had not ended after {timeout_s:.1f} s, when its process was killed with its server.",
                    "See whether the camera is slow; if nobody killed the server, look for the out-of-memory killer.",
                )
        self._pool.count(grabs=1, core_s=outcome.core_s)
        if outcome.error is not None:
            raise outcome.error
        assert outcome.frame is not None
        return outcome.frame

    def close(self) -> None:
        """End a grabber of its own; a grab in progress ends by itself."""
        with self._lock:
            self._is_closed = True
            own, self._own = self._own, None
        if own is not None:
            self._pool.part_with(own)

    def _take(self, deadline_s: float) -> Grabber:
        if not self._is_dedicated:
            return self._pool.borrow(self._id, deadline_s)
        with self._lock:
            own, self._own = self._own, None
        if own is not None and own.is_gone:
            self._pool.discard(own)
            own = None
        return own or self._pool.dedicate()

    def _put_back(self, grabber: Grabber) -> None:
        if not self._is_dedicated:
            self._pool.give_back(grabber)
            return
        with self._lock:
            keep = not self._is_closed and grabber.grabs < self._pool.options.grabs_each
            if keep:
                self._own = grabber
        if not keep:
            self._pool.part_with(grabber)

    def _ask(self, grabber: Grabber, limit_s: float, kill_at_s: float) -> Outcome | None:
        """How the grab ended; None if its grabber was lost for no fault of the camera."""
        job = Job(self._id, self._open, self._options, self._memory, limit_s)
        try:
            outcome = grabber.grab(job, self._bounds, kill_at_s, self._remember)
        except TimeoutError:
            self._undead = grabber
            self._end(grabber, kills=1)
            raise SourceTimeout(
                f"The grab hung beyond its limit of {limit_s:.1f} s, and its process was killed.",
                "Look at the camera's driver, share or stream; restart the camera if it happens again.",
            ) from None
        except EOFError:
            fate = grabber.fate()
            self._end(grabber, crashes=1)
            if fate is None or self._pool.is_closed:
                return None
            raise FrameFault(
                f"The process that grabbed the frame died ({_describe(fate)}).",
                "Look at what the camera sends. --log-level debug shows what the process wrote last.",
            ) from None
        except Malformed as error:
            self._end(grabber, garbled=1)
            raise FrameFault(
                f"The process that grabbed the frame answered nonsense: {error}.",
                "Look at what the camera sends: a library may have been taken over by it. It was killed.",
            ) from None
        except BaseException:
            # Interrupted, or the job cannot be sent: nobody knows what the grabber is doing now.
            self._pool.discard(grabber)
            raise
        if outcome.is_last:
            self._pool.count(recycled=1)
            self._pool.part_with(grabber)
        else:
            self._put_back(grabber)
        return outcome

    def _end(self, grabber: Grabber, **counts: int) -> None:
        _log.debug("grabber.ended", pid=grabber.pid, **counts)
        self._pool.discard(grabber)
        self._pool.count(grabs=1, **counts)

    def _remember(self, memory: Memory) -> None:
        self._memory = memory

    def _refuse_while_undead(self) -> None:
        """A process that a driver holds in the kernel cannot be killed: one a camera is enough of them."""
        if self._undead is None:
            return
        if not self._undead.is_gone:
            raise SourceTimeout(
                f"The last grab still hangs in the system's kernel (process {self._undead.pid}), "
                "where it cannot be killed.",
                "Restore the share or unplug the device that it waits for; else restart the machine.",
            )
        self._undead = None


def _describe(fate: int) -> str:
    if fate >= 0:
        return f"exit code {fate}"
    try:
        name = signal.Signals(-fate).name
    except ValueError:
        name = f"signal {-fate}"
    return f"{name}: out of memory, or killed by hand" if -fate == signal.SIGKILL else name
