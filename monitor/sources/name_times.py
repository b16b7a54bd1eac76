"""Reading the time of capture out of a file's name."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

from monitor.sources.errors import InvalidOption

# 2026-06-01T14_00_00, 20260601T140000Z, 2026-06-01 14.00.00.250, 201707211410, …/2026/06/01/14-00-00
_CALENDAR = re.compile(
    r"(?<!\d)(?P<year>(?:19|20)\d\d)[-_./]?(?P<month>\d\d)[-_./]?(?P<day>\d\d)"
    r"(?:[-_./ Tt]{1,3})?"
    r"(?P<hour>\d\d)[-_.:h]?(?P<minute>\d\d)"
    r"(?:[-_.:m]?(?P<second>\d\d)(?:s|[.,]?(?P<fraction>\d{3}(?:\d{3})?)(?!\d))?)?"
    r"(?P<zone>Z|[+-](?:0\d|1[0-4]):(?:00|15|30|45)|\+(?:0\d|1[0-4])(?:00|15|30|45))?"
    r"(?!\d)"
)
_DATE = re.compile(r"(?<!\d)(?P<year>(?:19|20)\d\d)[-_./]?(?P<month>\d\d)[-_./]?(?P<day>\d\d)(?!\d)")
# Seconds since 1970, from 2001 to 2128, or as many milliseconds or microseconds.
_EPOCH = re.compile(r"(?<!\d)(?P<seconds>[1-4]\d{9})(?P<fraction>\d{3}|\d{6})?(?!\d)")


@dataclass(frozen=True, slots=True)
class NameFormat:
    """How names tell the time.

    Attributes:
        time_format: A `strptime` format for the whole name without suffix; with `/` in it, for as many of the
            last parts of the path. None: the common forms are recognised anywhere in the name.
        zone: For names that do not say.
    """

    time_format: str | None
    zone: tzinfo

    @classmethod
    def of(cls, time_format: str | None, time_zone: str) -> NameFormat:
        """With the zone by its IANA name.

        Raises:
            InvalidOption: There is no such zone, or the format can tell no time.
        """
        try:
            # Systems without a database of zones still know UTC.
            zone = UTC if time_zone == "UTC" else ZoneInfo(time_zone)
        except (KeyError, OSError, ValueError) as error:
            raise InvalidOption(
                f"There is no time zone {time_zone!r}.", "Use an IANA name such as Europe/Vienna, or UTC."
            ) from error
        if time_format is not None and not _reads_back(time_format):
            raise InvalidOption(
                f"The time format {time_format!r} reads no time.", "Write it like %Y%m%d_%H%M%S."
            )
        return cls(time_format, zone)


def time_from_name(path: str, form: NameFormat, *, day_is_enough: bool = False) -> datetime | None:
    """The time that a file's name tells, aware UTC, or None.

    Args:
        path: Relative to the folder watched, with `/`: dates may stand in the names of sub-folders, too.
        form: How to read it.
        day_is_enough: Take midnight where only a date is found.
    """
    folder, slash, name = path.rpartition("/")
    stem = name.rpartition(".")[0] or name
    whole_path = folder + slash + stem
    if form.time_format is not None:
        return _by_format(whole_path, form.time_format, form.zone)
    return next(
        itertools.chain(
            _calendar_times(stem, form.zone),
            _epoch_times(stem),
            # Folder and name together need seconds: 2026-06-01/0014 is the fourteenth picture, not 00:14.
            _calendar_times(whole_path, form.zone, with_seconds=True),
            _dates(whole_path, form.zone) if day_is_enough else (),
        ),
        None,
    )


def _reads_back(time_format: str) -> bool:
    example = datetime(2026, 2, 3, tzinfo=UTC)
    try:
        return datetime.strptime(example.strftime(time_format), time_format).day == example.day  # noqa: DTZ007
    except (ValueError, re.error):  # the latter where a code stands twice
        return False


def _by_format(path: str, time_format: str, zone: tzinfo) -> datetime | None:
    depth = time_format.count("/") + 1
    text = "/".join(path.split("/")[-depth:])
    try:
        moment = datetime.strptime(text, time_format)  # noqa: DTZ007 - the zone follows.
    except ValueError:
        return None
    return _in_utc(moment if moment.tzinfo else moment.replace(tzinfo=zone))


def _calendar_times(text: str, zone: tzinfo, *, with_seconds: bool = False) -> Iterator[datetime]:
    for match in _CALENDAR.finditer(text):
        if with_seconds and match["second"] is None:
            continue
        year, month, day, hour, minute, second = (
            int(match[part] or 0) for part in ("year", "month", "day", "hour", "minute", "second")
        )
        microsecond = int((match["fraction"] or "").ljust(6, "0"))
        try:
            moment = datetime(
                year, month, day, hour, minute, second, microsecond, tzinfo=_zone(match["zone"], zone)
            )
        except ValueError:
            continue
        yield _in_utc(moment)


def _zone(text: str | None, default: tzinfo) -> tzinfo:
    if text is None:
        return default
    if text == "Z":
        return UTC
    digits = text[1:].replace(":", "")
    offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return timezone(offset if text[0] == "+" else -offset)


def _epoch_times(text: str) -> Iterator[datetime]:
    for match in _EPOCH.finditer(text):
        fraction = float(f"0.{match['fraction'] or 0}")
        yield datetime.fromtimestamp(int(match["seconds"]), UTC) + timedelta(seconds=fraction)


def _dates(text: str, zone: tzinfo) -> Iterator[datetime]:
    for match in _DATE.finditer(text):
        try:
            moment = datetime(int(match["year"]), int(match["month"]), int(match["day"]), tzinfo=zone)
        except ValueError:
            continue
        yield _in_utc(moment)


def _in_utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC)
