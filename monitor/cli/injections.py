"""Faults put into a replayed recording, and whether they were found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from monitor.domain.displacement import Displacement
from monitor.domain.frame import Frame
from monitor.domain.orientation import Orientation
from monitor.domain.state import Change, Status
from monitor.domain.verdict import VerdictKind
from monitor.usecases.replay import Moment
from monitor.vision.injection import NOTHING, Injection, InvalidInjection, inject

END = "none"


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault from a moment on, until the next one.

    Attributes:
        text: As it was written.
        injection: What is done to the frames; `NOTHING` ends the fault before.
        at: Frames of this time and later have it.
    """

    text: str
    injection: Injection
    at: datetime

    @property
    def expected(self) -> VerdictKind | None:
        """The cause that should be reported; None where all is well again."""
        if self.injection.orientation is not Orientation.UPRIGHT:
            return self.injection.orientation.verdict
        if self.injection.cover:
            return VerdictKind.OBSTRUCTED
        if self.injection.defocus:
            return VerdictKind.BLURRED
        return VerdictKind.MOVED if self.injection.displacement != Displacement() else None


def parse_faults(texts: Sequence[str], times: Sequence[datetime]) -> list[Fault]:
    """Read `flip@0.5`, `move:0.05,0@2026-06-01T12:00`, `none@0.8`, in order of time.

    Args:
        texts: As written; a number behind the @ is a share of the recording's frames, anything else a time (UTC
            where it does not say).
        times: Of the recording's frames, in order.

    Raises:
        InvalidInjection: One of them cannot be understood, or lies outside of the recording.
    """
    return sorted((_parse(text, times) for text in texts), key=lambda fault: fault.at)


def _parse(text: str, times: Sequence[datetime]) -> Fault:
    what, _, where = text.rpartition("@")
    injection = NOTHING if what == END else Injection.parse(what or text)
    remedy = "Write it like flip@0.5 (a share of the recording) or flip@2026-06-01T12:00 (a time, UTC)."
    try:
        at = _time_at(float(where), times)
    except ValueError:
        try:
            at = datetime.fromisoformat(where)
        except ValueError:
            raise InvalidInjection(f"{text!r} does not say from when on.", remedy) from None
        at = at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
    if not times[0] <= at <= times[-1]:
        raise InvalidInjection(
            f"{text!r} lies outside of the recording, which runs from {times[0]:%Y-%m-%d %H:%M:%S} to "
            f"{times[-1]:%Y-%m-%d %H:%M:%S} UTC.",
            remedy,
        )
    return Fault(text, injection, at)


def _time_at(share: float, times: Sequence[datetime]) -> datetime:
    if not 0 <= share < 1:
        # Let the time outside of the recording be named by the caller.
        return times[-1] + timedelta(days=1)
    return times[int(share * len(times))]


def active_fault(faults: Sequence[Fault], at: datetime) -> Fault | None:
    """The fault at a moment, or None before the first."""
    return next((fault for fault in reversed(faults) if fault.at <= at), None)


def seen_through_window(frame: Frame, injection: Injection = NOTHING) -> Frame:
    """A frame through the window of `inject`, with its fault; all frames of a replay must go through it or none."""
    pixels = inject(frame.pixels, injection)
    height, width = pixels.shape[:2]
    return replace(frame, pixels=pixels, native_width=width, native_height=height, encoded=None)


@dataclass(slots=True)
class FaultRecord:
    """What became of one injected fault.

    Attributes:
        fault: The fault.
        checks: Checks made while it lasted.
        began_at: The first of them, or None.
        found_after_checks: At which of them it was reported under its right name, 1 for the first; or None.
        found_after: How long after the first, or None.
        reported_as: Other causes that were reported meanwhile.
        began_in_alert: Whether an incident was open at the first of its checks.
    """

    fault: Fault
    checks: int = 0
    began_at: datetime | None = None
    found_after_checks: int | None = None
    found_after: timedelta | None = None
    reported_as: list[VerdictKind] = field(default_factory=list)
    began_in_alert: bool = False

    @property
    def is_missed(self) -> bool:
        """Whether something was to be found and was not: a fault, or the end of one that had been found."""
        return self.found_after_checks is None and (self.fault.expected is not None or self.began_in_alert)

    def note(self, moment: Moment) -> bool:
        """Take a check into account; whether it is the one that found the fault."""
        self.checks += 1
        transition = moment.transition
        if self.began_at is None:
            self.began_at = moment.at
            self.began_in_alert = moment.status == Status.ALERT
        if transition is None or self.found_after_checks is not None:
            return False
        if self.fault.expected is None:
            found = transition.change is Change.RECOVERED
        elif transition.change in (Change.OPENED, Change.CAUSE_CHANGED):
            found = transition.cause is self.fault.expected
            if not found and transition.cause is not None:
                self.reported_as.append(transition.cause)
        else:
            found = False
        if found:
            self.found_after_checks, self.found_after = self.checks, moment.at - self.began_at
        return found


@dataclass(slots=True)
class ScoreBoard:
    """Keeps account of a replay.

    Attributes:
        records: One a fault, in order of time.
        checks: All checks.
        verdicts: How many checks said what.
        incidents: Every check that opened an incident or changed its cause, and whether an injected fault explains
            it.
    """

    records: list[FaultRecord]
    checks: int = 0
    verdicts: dict[VerdictKind, int] = field(default_factory=dict)
    incidents: list[tuple[Moment, bool]] = field(default_factory=list)

    @classmethod
    def of(cls, faults: Sequence[Fault]) -> ScoreBoard:
        """An empty one."""
        return cls([FaultRecord(fault) for fault in faults])

    @property
    def unexplained(self) -> list[Moment]:
        """Incidents that no injected fault explains: the false ones, unless the recording itself shows a fault."""
        return [moment for moment, explained in self.incidents if not explained]

    @property
    def missed(self) -> list[FaultRecord]:
        """Faults that were not found."""
        return [record for record in self.records if record.is_missed]

    def note(self, moment: Moment) -> FaultRecord | None:
        """Take a check into account; the fault that it found, if it found one."""
        self.checks += 1
        self.verdicts[moment.verdict.kind] = self.verdicts.get(moment.verdict.kind, 0) + 1
        fault = active_fault([record.fault for record in self.records], moment.at)
        record = next((one for one in self.records if one.fault is fault), None)
        found = record is not None and record.note(moment)
        transition = moment.transition
        if transition is not None and transition.change in (Change.OPENED, Change.CAUSE_CHANGED):
            explained = record is not None and transition.cause is record.fault.expected
            self.incidents.append((moment, explained))
        return record if found else None
