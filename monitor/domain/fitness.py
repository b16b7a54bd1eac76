"""Is a picture fit to be a reference? A poor reference makes a view that cries wolf, or one that sleeps."""

from __future__ import annotations

import math
from dataclasses import astuple, dataclass
from enum import StrEnum

from monitor.domain.frame import FrameQuality
from monitor.domain.verdict import VerdictKind

TOO_UNIFORM = 0.04
RATHER_UNIFORM = 0.15
TOO_SOFT = 0.08
RATHER_SOFT = 0.15
TORN_ROWS = 0.2
TOO_DARK = 0.06
TOO_BRIGHT = 0.5


class Severity(StrEnum):
    """Whether a finding forbids the enrolment or only limits what can be detected."""

    REFUSED = "refused"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is the matter with a picture or a view, for a person."""

    severity: Severity
    text: str


def inspect(quality: FrameQuality) -> tuple[Finding, ...]:
    """What speaks against a picture as a reference, by its own measures."""
    if not all(math.isfinite(measure) for measure in astuple(quality)):
        return (Finding(Severity.REFUSED, "The picture could not be measured: its figures are not numbers."),)
    findings: list[Finding] = []

    def refuse(text: str) -> None:
        findings.append(Finding(Severity.REFUSED, text))

    def warn(text: str) -> None:
        findings.append(Finding(Severity.WARNING, text))

    if quality.flat_rows >= TORN_ROWS:
        refuse("The picture is torn: a part of it is one flat block.")
    if quality.brightness < TOO_DARK:
        refuse("The picture is too dark; enroll by day, and a night reference with lamps or infrared on.")
    elif quality.bright_fraction > TOO_BRIGHT:
        refuse("The picture is overexposed; enroll when the light is better.")
    elif quality.texture < TOO_UNIFORM:
        refuse(
            "The view is too uniform: nothing in it can be recognised, so no move of the camera can be detected."
        )
    elif quality.texture < RATHER_UNIFORM:
        warn(f"Only {quality.texture * 100:.0f} % of the view has structure; small moves may go unnoticed.")
    if quality.sharpness < TOO_SOFT:
        refuse("The picture is out of focus.")
    elif quality.sharpness < RATHER_SOFT:
        warn("The picture is rather soft; a loss of focus will be noticed late.")
    return tuple(findings)


@dataclass(frozen=True, slots=True)
class SelfTest:
    """What was found when a reference was turned and shifted on purpose.

    Attributes:
        told: Which turned kinds are recognised as such.
        missed: Which are not, and as what they were judged instead.
        smallest_shift: The smallest shift (fraction of the view) named `moved`, or None if none was.
    """

    told: tuple[VerdictKind, ...]
    missed: tuple[tuple[VerdictKind, VerdictKind], ...]
    smallest_shift: float | None

    def findings(self) -> tuple[Finding, ...]:
        """What therefore cannot be detected, plainly."""
        found = [
            Finding(
                Severity.WARNING,
                f"The view is too symmetric: {kind.value} cannot be told here (it would be reported as {seen.value}).",
            )
            for kind, seen in self.missed
        ]
        if self.smallest_shift is None:
            found.append(Finding(Severity.WARNING, "No move of the camera can be detected on this view."))
        elif self.smallest_shift > 0.03:
            text = (
                f"Moves of less than {self.smallest_shift * 100:.0f} % of the view cannot be detected here."
            )
            found.append(Finding(Severity.WARNING, text))
        return tuple(found)
