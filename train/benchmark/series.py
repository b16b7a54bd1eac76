"""The recordings of fixed cameras as series of checks: what was enrolled, what is looked at, and when."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from monitor.domain.errors import MonitorError
from monitor.domain.fitness import Severity, inspect
from monitor.domain.frame import Frame
from monitor.vision.injection import NOTHING, Injection, inject
from monitor.vision.quality import measure
from train.benchmark.lights import UNKNOWN, light_of
from train.data.manifest import Picture, read_picture

SPACING_S = 60.0
"""Seconds between checks, the service's default interval."""
LEAST_GAP_S = 1.0
"""Frames that share a time (those of one clip) are taken to be so far apart: a view is checked once at any one time."""
FORMATS = {14: "%Y%m%d%H%M%S", 12: "%Y%m%d%H%M"}
EPOCH_DIGITS = 10


class UnfitSeries(MonitorError):
    """A recording cannot be replayed."""


class Spacing(StrEnum):
    """How far apart the frames of a recording are taken to be."""

    FIXED = "one check a minute"
    RECORDED = "as recorded"


@dataclass(frozen=True, slots=True)
class Series:
    """One camera's recording, divided.

    Attributes:
        camera: Its id.
        references: Pictures enrolled; none of them is checked.
        checked: The others, in order of time.
    """

    camera: str
    references: tuple[Picture, ...]
    checked: tuple[Picture, ...]


def divide(camera: str, pictures: Sequence[Picture], first: int = 1, other_lights: bool = True) -> Series:
    """Choose a camera's references as an operator would, and leave the rest to be checked.

    Args:
        camera: Its id.
        pictures: In order of time.
        first: So many of the first pictures that are fit to be references are enrolled; unfit ones before the last
            of them are left out of the checks, too.
        other_lights: Enroll, for each further light that the manifest names (see `lights.LIGHTS`), also its first
            fit picture, as if that had been done on an earlier day; it is left out of the checks.

    Raises:
        UnfitSeries: Fewer than `first` pictures are fit.
    """
    chosen: list[Picture] = []
    rest = list(pictures)
    while rest and len(chosen) < first:
        picture = rest.pop(0)
        if _is_fit(picture):
            chosen.append(picture)
    if len(chosen) < first:
        raise UnfitSeries(
            f"Of {len(pictures)} pictures of {camera} only {len(chosen)} are fit to be references, not {first}.",
            "Enroll fewer, or leave this camera out.",
        )
    if other_lights:
        known = {UNKNOWN, *map(_light, chosen)}
        for picture in tuple(rest):
            if _light(picture) not in known and _is_fit(picture):
                known.add(_light(picture))
                chosen.append(picture)
                rest.remove(picture)
    return Series(camera, tuple(chosen), tuple(rest))


def _light(picture: Picture) -> str:
    return light_of(picture, picture)


def _is_fit(picture: Picture) -> bool:
    findings = inspect(measure(inject(read_picture(picture.path))))
    return all(finding.severity is not Severity.REFUSED for finding in findings)


def check_times(pictures: Sequence[Picture], spacing: Spacing) -> list[datetime] | None:
    """When each picture is looked at, strictly rising; None where the recording does not tell its times."""
    if spacing is Spacing.FIXED:
        start = datetime(2026, 1, 1, tzinfo=UTC)
        return [start + timedelta(seconds=SPACING_S * number) for number in range(len(pictures))]
    times: list[datetime] = []
    for picture in pictures:
        at = taken_at(picture.timestamp)
        if at is None:
            return None
        times.append(max(at, times[-1] + timedelta(seconds=LEAST_GAP_S)) if times else at)
    return times


def taken_at(timestamp: str) -> datetime | None:
    """The time that a manifest's timestamp tells, taken as UTC: seconds since 1970, or date and time in digits."""
    digits = re.sub(r"\D", "", timestamp)
    try:
        if len(digits) == EPOCH_DIGITS and digits == timestamp.strip():
            return datetime.fromtimestamp(int(digits), UTC)
        form = FORMATS.get(len(digits))
        return datetime.strptime(digits, form).replace(tzinfo=UTC) if form else None
    except ValueError:
        return None


def shown(picture: Picture, injection: Injection = NOTHING) -> Frame:
    """A picture through the window of `monitor.vision.injection`, with a fault or none.

    The digest is that of the picture without the fault: covering a lens does not stop the sensor's noise.

    Raises:
        DataError: The picture cannot be read.
    """
    whole = read_picture(picture.path)
    pixels = inject(whole, injection)
    height, width = pixels.shape[:2]
    digest = hashlib.sha256(whole.tobytes()).hexdigest()
    # The time of the check is given where it is made: one frame serves several spacings.
    return Frame(pixels, datetime(2026, 1, 1, tzinfo=UTC), digest, width, height)
