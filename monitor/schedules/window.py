"""Spans of time, recurring or once, by the wall clock of a zone: when maintenance windows are open."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from monitor.schedules.cron import Cron
from monitor.schedules.errors import BadSchedule


@dataclass(frozen=True, slots=True)
class Recurring:
    """Opens by a cron expression, and closes so much later. The length is real time, whatever clocks do meanwhile.

    Attributes:
        opens: When.
        lasts_s: Seconds.
    """

    opens: Cron
    lasts_s: float

    def __post_init__(self) -> None:
        if not self.lasts_s > 0:
            raise BadSchedule("A window must last longer than 0 s.", "Give `lasts` as a duration such as 2h.")

    def open_until(self, now: datetime) -> datetime | None:
        """The end of the opening that `now` is in; where openings overlap, that of the latest."""
        # A step back from a second later, so that an opening at this very moment counts.
        began = self.opens.last_before(now + timedelta(seconds=1))
        ends = began + timedelta(seconds=self.lasts_s)
        return ends if began <= now < ends else None


@dataclass(frozen=True, slots=True)
class Calendar:
    """Once, from one local time to another.

    A time that the clock skips means the moment of the change; of a time that comes twice, the first counts for the
    beginning and the second for the end: rather an hour of silence too much than an alert in the night of the work.

    Attributes:
        begins: Local time without a zone.
        ends: The same.
        zone: IANA name of the zone of both.
    """

    begins: datetime
    ends: datetime
    zone: str = "UTC"

    def __post_init__(self) -> None:
        if self.begins.tzinfo is not None or self.ends.tzinfo is not None:
            raise BadSchedule(
                "A window's times are local ones, of its `time_zone`.", "Leave out Z, +02:00 and the like."
            )
        if self._moment(self.ends, fold=1) <= self._moment(self.begins, fold=0):
            raise BadSchedule("A window must end after it begins.", "Exchange `from` and `to`.")

    def open_until(self, now: datetime) -> datetime | None:
        """The end, while it is open."""
        ends = self._moment(self.ends, fold=1)
        return ends if self._moment(self.begins, fold=0) <= now < ends else None

    def _moment(self, local: datetime, fold: int) -> datetime:
        zone = ZoneInfo(self.zone)
        moment = local.replace(tzinfo=zone, fold=fold).astimezone(UTC)
        if moment.astimezone(zone).replace(tzinfo=None) == local:
            return moment
        # Skipped: both readings of it lie an hour apart, around the change; the change is the earliest later moment
        # that the clock does show.
        earlier = local.replace(tzinfo=zone, fold=1).astimezone(UTC)
        later = local.replace(tzinfo=zone, fold=0).astimezone(UTC)
        return _change_between(min(earlier, later), max(earlier, later), zone)


def _change_between(early: datetime, late: datetime, zone: ZoneInfo) -> datetime:
    """The moment at which a zone's offset changes, to the second."""
    before = early.astimezone(zone).utcoffset()
    while late - early > timedelta(seconds=1):
        middle = early + (late - early) / 2
        if middle.astimezone(zone).utcoffset() == before:
            early = middle
        else:
            late = middle
    return late.replace(microsecond=0)
