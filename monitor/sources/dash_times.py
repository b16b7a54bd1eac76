"""Times in MPEG-DASH manifests: durations, moments, and runs of segments of one length."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

_DURATION = re.compile(
    r"P(?:(\d{1,9})Y)?(?:(\d{1,9})M)?(?:(\d{1,9})D)?"
    r"(?:T(?:(\d{1,9})H)?(?:(\d{1,9})M)?(?:(\d{1,12}(?:\.\d{1,12})?)S)?)?"
)
# Calendar units never stand in real manifests; the schema gives them no length, so the usual means are taken.
_UNITS_S = (365.25 * 86_400, 30.44 * 86_400, 86_400.0, 3_600.0, 60.0, 1.0)


@dataclass(frozen=True, slots=True)
class Run:
    """Segments of one length, one after another.

    Attributes:
        first_number: Of the first of them.
        first_time: When it begins, in ticks of the timescale.
        duration: Of each, in ticks; positive.
        count: How many.
    """

    first_number: int
    first_time: int
    duration: int
    count: int


def parse_duration(text: str | None) -> float | None:
    """Seconds of an ISO 8601 duration such as `PT1H2M3.5S`; None where there is none.

    Raises:
        ValueError: It is none.
    """
    if text is None:
        return None
    found = _DURATION.fullmatch(text.strip())
    if found is None or not any(found.groups()):
        raise ValueError("no duration")
    return sum(unit_s * float(part or 0) for unit_s, part in zip(_UNITS_S, found.groups(), strict=True))


def parse_moment(text: str) -> datetime:
    """An ISO 8601 moment; UTC where it names no zone.

    Raises:
        ValueError: It is none.
    """
    moment = datetime.fromisoformat(text.strip())
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def runs_of_timeline(
    entries: Iterable[Mapping[str, str]], first_number: int, end_time: int | None
) -> list[Run]:
    """The runs that a `SegmentTimeline` lists.

    Args:
        entries: The attributes `t`, `d`, `r` of its entries; `r` of -1 means as often as fits.
        first_number: Of the first segment.
        end_time: In ticks, for an open end; None where it is not known: one segment then.

    Raises:
        ValueError: A length is not positive, or something is no number.
    """
    listed = list(entries)
    runs: list[Run] = []
    time, number = 0, first_number
    for position, entry in enumerate(listed):
        time, duration, repeats = int(entry.get("t", time)), int(entry["d"]), int(entry.get("r", 0))
        if duration <= 0 or time < 0:
            raise ValueError("a segment without a length")
        if repeats < 0:
            after = listed[position + 1].get("t") if position + 1 < len(listed) else None
            until = int(after) if after is not None else end_time
            repeats = 0 if until is None else max(0, -(-(until - time) // duration) - 1)
        runs.append(Run(number, time, duration, repeats + 1))
        number, time = number + repeats + 1, time + (repeats + 1) * duration
    return runs


def runs_of_equal(duration: int, first_number: int, end_time: int | None, *, whole: bool) -> list[Run]:
    """The one run of segments of equal length.

    Args:
        duration: Of each, in ticks.
        first_number: Of the first.
        end_time: When the last one ends, in ticks; None where it is not known.
        whole: Whether only those count that are over by then.

    Raises:
        ValueError: The length is not positive, or nobody knows how many there are.
    """
    if duration <= 0 or end_time is None:
        raise ValueError("segments without a length or an end")
    count = end_time // duration if whole else -(-end_time // duration)
    return [Run(first_number, 0, duration, count)] if count > 0 else []
