"""Reports, as written in the file."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from monitor.schedules.cron import Cron
from monitor.schedules.errors import BadSchedule
from monitor.settings.base import SettingsModel
from monitor.settings.values import Name, PositiveDuration, ZoneName


def _cron(text: str) -> str:
    try:
        Cron(text)
    except BadSchedule as error:
        raise PydanticCustomError("monitor_cron", "{problem}", {"problem": str(error)}) from None
    return text


CronExpression = Annotated[str, AfterValidator(_cron)]


class Reporting(SettingsModel):
    """What reports hold."""

    recheck_after_s: PositiveDuration = Field(default=180 * 86_400.0, examples=["180d"])
    """From this age on, references are due for a person's look."""


class ScheduledReport(SettingsModel):
    """A report that the service makes by itself."""

    name: Name = Field(examples=["weekly"])
    """Unique name; the report's file is called after it."""
    cron: CronExpression = Field(examples=["0 6 * * MON"])
    """When: minute, hour, day of month, month, day of week."""
    time_zone: ZoneName = Field(default="UTC", examples=["Europe/Berlin"])
    """The zone whose wall clock `cron` means; what a report is about are UTC days all the same."""
    period: Literal["day", "week", "month"] = Field(default="week", examples=["week"])
    """How much time before that day the report is about."""
    sites: tuple[str, ...] = Field(default=(), examples=[["north"]])
    """Only cameras of these sites; of all sites where none is named."""
    to: tuple[Name, ...] = Field(default=(), examples=[["control-room"]])
    """Notifiers that are told of it; the file is kept in `data_dir` either way."""
    format: Literal["html", "pdf", "csv"] = Field(default="html", examples=["html"])
    """Of the file."""
