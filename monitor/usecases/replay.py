"""What would have been reported: the whole pipeline over recorded frames, on a clock that is held."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from monitor.domain.errors import FrameFault, MonitorError, SourceError
from monitor.domain.frame import Frame
from monitor.domain.state import Transition
from monitor.domain.verdict import Verdict
from monitor.domain.view import ViewKey
from monitor.usecases.observe import Equipment, observe


@dataclass(frozen=True, slots=True)
class Recorded:
    """One recorded frame: when it was taken, where it is for people to find, and how to read it."""

    taken_at: datetime
    name: str
    read: Callable[[], Frame]


@dataclass(frozen=True, slots=True)
class Moment:
    """One check of a replay."""

    at: datetime
    name: str
    verdict: Verdict
    status: str
    transition: Transition | None


class _Shown:
    """The source of a replay: whatever recorded frame is put into it."""

    def __init__(self) -> None:
        self.current: Recorded | None = None

    def grab(self, timeout_s: float) -> Frame:
        if self.current is None:
            raise FrameFault("No recorded frame is due.")
        try:
            return replace(self.current.read(), captured_at=self.current.taken_at)
        except SourceError:
            raise
        except MonitorError as error:
            raise FrameFault(error.problem, error.remedy) from error

    def close(self) -> None:
        self.current = None


def replay(
    key: ViewKey,
    frames: Iterable[Recorded],
    equipment: Equipment,
    hold_clock: Callable[[datetime], None],
) -> Iterator[Moment]:
    """Check one recorded frame after the other, each at its own time.

    The use case is the one that the service runs; only the source, the clock and the store (a temporary one, without
    routes) are others, so that nothing live is touched and nobody is told.

    Args:
        key: The view, enrolled in the equipment's store.
        frames: In order of time.
        equipment: With the held clock.
        hold_clock: Sets that clock.

    Yields:
        One moment a frame.
    """
    shown = _Shown()
    for frame in frames:
        shown.current = frame
        hold_clock(frame.taken_at)
        check = observe(key, frame.taken_at, shown, 60.0, equipment)
        if check.observation is not None:
            seen = check.observation
            yield Moment(frame.taken_at, frame.name, seen.verdict, seen.state.status.value, seen.transition)


def thin_out(frames: Iterable[Recorded], interval_s: float | None) -> Iterator[Recorded]:
    """The frames that a service with this interval would have seen: the first, then each first one a beat later."""
    due: datetime | None = None
    for frame in frames:
        if interval_s is None or due is None or frame.taken_at >= due:
            yield frame
            due = frame.taken_at + timedelta(seconds=(interval_s or 0) * 0.999)
