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

EARLY = 0.1
"""A recorded frame so much of an interval before a check is due is the one that the check would have seen."""


@dataclass(frozen=True, slots=True)
class RecordedFrame:
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
        self.current: RecordedFrame | None = None

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
    frames: Iterable[RecordedFrame],
    equipment: Equipment,
    hold_clock: Callable[[datetime], None],
    *,
    when_due: bool = False,
) -> Iterator[Moment]:
    """Check one recorded frame after the other, each at its own time.

    The use case is the one that the service runs; only the source, the clock and the store (a temporary one, without
    routes) are others, so that nothing live is touched and nobody is told.

    Args:
        key: The view, enrolled in the equipment's store.
        frames: In order of time.
        equipment: With the held clock.
        hold_clock: Sets that clock.
        when_due: Look only at the frames that a service would have seen: those at which the view is due, by its
            interval or, while something is in doubt, sooner. Else at every frame.

    Yields:
        One moment a frame looked at.
    """
    shown = _Shown()
    due_at: datetime | None = None
    slack = timedelta(seconds=equipment.store.views.get(key).spec.interval_s * EARLY)
    for frame in frames:
        if when_due and due_at is not None and frame.taken_at < due_at - slack:
            continue
        shown.current = frame
        hold_clock(frame.taken_at)
        check = observe(key, frame.taken_at, shown, 60.0, equipment)
        if check.observation is not None:
            seen = check.observation
            due_at = seen.next_due_at
            yield Moment(frame.taken_at, frame.name, seen.verdict, seen.state.status.value, seen.transition)


def set_apart(frames: Iterable[RecordedFrame], least_s: float = 1.0) -> Iterator[RecordedFrame]:
    """Frames with times that truly follow each other: one that shares the time of the frame before is taken as that
    much later, for a view is looked at only once at any one time.
    """
    before: datetime | None = None
    for frame in frames:
        if before is not None and frame.taken_at <= before:
            frame = replace(frame, taken_at=before + timedelta(seconds=least_s))
        before = frame.taken_at
        yield frame
