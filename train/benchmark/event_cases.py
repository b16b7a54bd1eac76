"""What a replay of recordings is to do, and what it notes."""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from monitor.domain.displacement import Displacement
from monitor.domain.orientation import Orientation
from monitor.domain.state import StatePolicy
from monitor.domain.verdict import VerdictKind
from monitor.vision.injection import Injection
from train.benchmark.pairs import KNOWN_DOUBTFUL
from train.benchmark.series import Spacing

OTHER_CAMERA = "another camera's view"


@dataclass(frozen=True, slots=True)
class Fault:
    """What happens to a view, and how it must be named.

    Attributes:
        name: As the report shows it.
        injection: For a camera's id, what is done to its frames; None for the frames of another camera.
        expected: The right cause.
    """

    name: str
    injection: Callable[[str], Injection] | None
    expected: VerdictKind


def _moved(shift_fov: float) -> Callable[[str], Injection]:
    """A shift of this length, for each camera in a direction of its own."""

    def of(camera: str) -> Injection:
        angle = zlib.crc32(camera.encode()) % 360 * math.pi / 180
        return Injection(displacement=Displacement(shift_fov * math.cos(angle), shift_fov * math.sin(angle)))

    return of


FAULTS = (
    Fault("flip", lambda _: Injection(orientation=Orientation.ROTATED_180), VerdictKind.FLIPPED_180),
    Fault("move 5 %", _moved(0.05), VerdictKind.MOVED),
    Fault("move 2 %", _moved(0.02), VerdictKind.MOVED),
    Fault("covered lens", lambda _: Injection(cover=True), VerdictKind.OBSTRUCTED),
    Fault(OTHER_CAMERA, None, VerdictKind.DIFFERENT_SCENE),
)


@dataclass(frozen=True, slots=True)
class EventRules:
    """How recordings are replayed.

    Attributes:
        first_references: So many of a camera's first fit pictures are enrolled.
        other_lights: Whether the first fit picture of each further condition is enrolled, too.
        spacings: Which times the frames are given; the first is the main one.
        faults: What is put in.
        policy: Of the state machine.
        doubtful: Camera to what is wrong with its label "same view"; figures without these stand beside those of all.
    """

    first_references: int = 1
    other_lights: bool = True
    spacings: tuple[Spacing, ...] = (Spacing.FIXED, Spacing.RECORDED)
    faults: tuple[Fault, ...] = FAULTS
    policy: StatePolicy = field(default_factory=StatePolicy)
    doubtful: Mapping[str, str] = field(default_factory=lambda: dict(KNOWN_DOUBTFUL))


@dataclass(frozen=True, slots=True)
class UntouchedSeries:
    """A recording as it is.

    Attributes:
        camera: Its id.
        spacing: Of its checks.
        references: How many pictures were enrolled.
        checks: How many frames were looked at.
        exposure_days: From the first check to the last, one gap more.
        verdicts: How many checks said what.
        incidents: Number of the check and cause, for every incident that opened.
        cause_changes: How often an open incident changed its cause.
        alert_checks: Checks after which an incident was open: while one is, no other can open.
        doubtful: Whether the camera's label is doubted.
    """

    camera: str
    spacing: Spacing
    references: int
    checks: int
    exposure_days: float
    verdicts: Mapping[VerdictKind, int]
    incidents: tuple[tuple[int, VerdictKind], ...]
    cause_changes: int
    alert_checks: int
    doubtful: bool = False


@dataclass(frozen=True, slots=True)
class FaultCase:
    """One fault put into one recording.

    Attributes:
        camera: Its id.
        spacing: Of its checks.
        fault: Name of the fault.
        expected: The right cause.
        taken_back: Whether the fault ends before the recording does.
        checks: Checks with the fault.
        open_before: Cause of the incident that was open when the fault began, or None.
        found_at: At which of them an incident of the right cause opened freshly (or an open one changed to it), 1
            for the first; None where none did.
        found_after_s: How long after the first check with the fault.
        other_causes: What else was reported while it lasted.
        checks_after: Checks after its end.
        open_at_end: Whether an incident was open when it ended, so that a recovery is due.
        recovered_at: At which of the checks after its end the recovery was told, or None.
        doubtful: Whether the camera's label is doubted.
    """

    camera: str
    spacing: Spacing
    fault: str
    expected: VerdictKind
    taken_back: bool
    checks: int
    open_before: VerdictKind | None
    found_at: int | None
    found_after_s: float | None
    other_causes: tuple[VerdictKind, ...]
    checks_after: int
    open_at_end: bool
    recovered_at: int | None
    doubtful: bool = False


@dataclass(frozen=True, slots=True)
class Events:
    """What a replay found.

    Attributes:
        method: Name of the eye.
        rules: How it was done.
        untouched: One for each camera and spacing.
        cases: One for each camera, spacing, fault and variant.
        left_out: Cameras that were not replayed, or not at some spacing, with the reason.
    """

    method: str
    rules: EventRules
    untouched: tuple[UntouchedSeries, ...]
    cases: tuple[FaultCase, ...]
    left_out: Mapping[str, str]
