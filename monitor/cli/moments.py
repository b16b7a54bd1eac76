"""Times and durations on the command line."""

from __future__ import annotations

from datetime import UTC, datetime

import click


class DurationType(click.ParamType[float]):
    """Seconds, written as in the configuration: `30s`, `2h`, `1h30m`."""

    name = "duration"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Seconds above zero."""
        from pydantic_core import PydanticCustomError

        from monitor.settings.values import parse_duration

        try:
            seconds = parse_duration(value)
        except PydanticCustomError as error:
            self.fail(str(error), param, ctx)
        if seconds <= 0:
            self.fail("expected more than 0", param, ctx)
        return seconds


class MomentType(click.ParamType[datetime]):
    """A moment such as `2026-06-01T08:00`, UTC unless it says otherwise."""

    name = "time"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """Aware UTC."""
        if isinstance(value, datetime):
            return value
        try:
            moment = datetime.fromisoformat(str(value))
        except ValueError:
            self.fail("expected a time such as 2026-06-01T08:00 (UTC) or 2026-06-01T08:00+02:00", param, ctx)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


DURATION = DurationType()
MOMENT = MomentType()
