"""Times by a cron expression in a time zone.

CronSim, by the author of Healthchecks, keeps Debian cron's rules where clocks change: what falls into the hour that is
skipped happens at its end, and what falls into the hour that comes twice happens once, unless it is due every hour.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from monitor.schedules.errors import BadSchedule


@dataclass(frozen=True, slots=True)
class Cron:
    """A recurring time.

    Attributes:
        expression: Five fields: minute, hour, day of month, month, day of week; `L` and `#` as CronSim has them.
        zone: IANA name of the zone whose wall clock counts.

    Raises:
        BadSchedule: The expression is none, or names no time at all.
    """

    expression: str
    zone: str = "UTC"

    def __post_init__(self) -> None:
        try:
            next(CronSim(self.expression, datetime(2000, 1, 1, tzinfo=UTC)))
        except (CronSimError, StopIteration):
            raise BadSchedule(
                f"{self.expression!r} is no cron expression that ever comes true.",
                "Write five fields: minute, hour, day of month, month, day of week, such as `30 2 * * SUN`.",
            ) from None

    def next_after(self, moment: datetime) -> datetime:
        """The first time after an aware moment, in UTC."""
        return self._step(moment, reverse=False)

    def last_before(self, moment: datetime) -> datetime:
        """The last time before an aware moment, in UTC."""
        return self._step(moment, reverse=True)

    def _step(self, moment: datetime, *, reverse: bool) -> datetime:
        local = moment.astimezone(ZoneInfo(self.zone))
        try:
            found: datetime = next(CronSim(self.expression, local, reverse=reverse))
        except StopIteration:
            raise BadSchedule(f"{self.expression!r} does not come true near {local:%Y}.") from None
        return found.astimezone(UTC)
