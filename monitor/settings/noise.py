"""What is told to whom, when, and together with what else, as written in the file."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema, model_validator
from pydantic_core import PydanticCustomError

from monitor.domain.grouping import NAMED_TRAITS, PLAIN_TRAITS, Grouping, is_trait
from monitor.domain.maintenance import MaintenanceWindow, Span
from monitor.domain.matcher import Matcher
from monitor.domain.reminders import ReminderPolicy
from monitor.domain.severity import Severity
from monitor.domain.verdict import VerdictKind
from monitor.schedules.cron import Cron
from monitor.schedules.errors import BadSchedule
from monitor.schedules.window import Calendar, Recurring
from monitor.settings.base import SettingsModel
from monitor.settings.values import KIND_KEY, Count, Duration, Name, PositiveDuration, ZoneName

UTC_ZONE = "UTC"


def _trait(text: str) -> str:
    if not is_trait(text):
        raise PydanticCustomError(
            "monitor_trait",
            "expected {plain}, or {named}",
            {"plain": ", ".join(PLAIN_TRAITS), "named": " or ".join(f"{kind}:NAME" for kind in NAMED_TRAITS)},
        )
    return text


def _local_time(value: object) -> datetime:
    try:
        found = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    except ValueError:
        found = None
    if found is None or found.tzinfo is not None:
        raise PydanticCustomError(
            "monitor_local_time",
            "expected a local time such as 2026-06-01T08:00, without a zone: `time_zone` says which",
        )
    return found


def _cron(text: str) -> str:
    try:
        Cron(text)
    except BadSchedule as error:
        raise PydanticCustomError("monitor_cron", "{problem}", {"problem": str(error)}) from None
    return text


Trait = Annotated[str, AfterValidator(_trait)]
LocalTime = Annotated[
    datetime, BeforeValidator(_local_time), WithJsonSchema({"type": "string", KIND_KEY: "local time"})
]
CronExpression = Annotated[str, AfterValidator(_cron)]


class Rule(SettingsModel):
    """Which incidents are meant: those to which every list given here applies."""

    sites: tuple[str, ...] = Field(default=(), examples=[["north"]])
    """Only cameras of these sites; names may hold `*` and `?`, here and below."""
    cameras: tuple[str, ...] = Field(default=(), examples=[["gate-north"]])
    """Only these cameras."""
    views: tuple[str, ...] = Field(default=(), examples=[["ptz/yard"]])
    """Only these views, as `camera/view`; the camera alone for its main view."""
    tags: tuple[str, ...] = Field(default=(), examples=[["critical"]])
    """Only views with at least one of these tags."""
    causes: tuple[VerdictKind, ...] = Field(default=(), examples=[["flipped_180", "moved"]])
    """Only incidents with one of these causes."""
    severities: tuple[Severity, ...] = Field(default=(), examples=[["critical"]])
    """Only incidents that are so urgent."""

    @property
    def matcher(self) -> Matcher:
        """The rule itself."""
        return Matcher(self.cameras, self.views, self.sites, self.tags, self.causes, self.severities)


class Route(Rule):
    """Which incidents a notifier hears of: those to which every list given here applies."""


class Group(SettingsModel):
    """Which alerts to a notifier go out as one message."""

    by: tuple[Trait, ...] = Field(min_length=1, examples=[["site", "cause"]])
    """What must be alike: `site`, `camera`, `cause`, `severity`, `host`, `tag:NAME` (whether a view has that tag),
    `label:NAME` (what that label says)."""
    wait_s: Duration = Field(default=30.0, le=3600.0, examples=["30s"])
    """How long the first of a group waits for others."""

    @property
    def grouping(self) -> Grouping:
        """The rule itself."""
        return Grouping(self.by, self.wait_s)


class Remind(SettingsModel):
    """Reminders of incidents that are open and that nobody has acknowledged."""

    every_s: PositiveDuration = Field(ge=60.0, examples=["4h"])
    """Time since the notifier was last told of the incident."""
    at_most: Count = Field(default=3, le=1000, examples=[3])
    """How often an incident is reminded of."""

    @property
    def policy(self) -> ReminderPolicy:
        """The rule itself."""
        return ReminderPolicy(self.every_s, self.at_most)


class Maintenance(Rule):
    """A time in which somebody works on the cameras: by `cron` and `lasts`, or once, by `from` and `to`."""

    name: Name = Field(examples=["cleaning"])
    """Unique name, shown wherever something is held because of it."""
    cron: CronExpression | None = Field(default=None, examples=["30 2 * * SUN"])
    """When it begins, again and again: minute, hour, day of month, month, day of week."""
    lasts_s: PositiveDuration | None = Field(default=None, examples=["2h"])
    """How long it lasts then, in real time."""
    begins: LocalTime | None = Field(default=None, alias="from", examples=["2026-06-01T08:00"])
    """When it begins, once; local time."""
    ends: LocalTime | None = Field(default=None, alias="to", examples=["2026-06-01T16:00"])
    """When it ends; local time."""
    time_zone: ZoneName | None = Field(default=None, examples=["Europe/Berlin"])
    """The zone of these times; `defaults.time_zone` where it is not given."""

    @model_validator(mode="after")
    def _of_one_kind(self) -> Maintenance:
        """Refuse what is neither of both kinds, or both, or never open."""
        recurring = (self.cron is not None, self.lasts_s is not None)
        once = (self.begins is not None, self.ends is not None)
        if not (all(recurring) and not any(once)) and not (all(once) and not any(recurring)):
            raise PydanticCustomError("monitor_window", "expected either cron and lasts, or from and to")
        try:
            self._span(self.time_zone or UTC_ZONE)
        except BadSchedule as error:
            raise PydanticCustomError("monitor_window", "{problem}", {"problem": str(error)}) from None
        return self

    def window(self, default_zone: str | None) -> MaintenanceWindow:
        """The window itself.

        Args:
            default_zone: Where it has no zone of its own; UTC where there is none.
        """
        return MaintenanceWindow(
            self.name, self._span(self.time_zone or default_zone or UTC_ZONE), self.matcher
        )

    def _span(self, zone: str) -> Span:
        if self.cron is not None and self.lasts_s is not None:
            return Recurring(Cron(self.cron, zone), self.lasts_s)
        assert self.begins is not None
        assert self.ends is not None
        return Calendar(self.begins, self.ends, zone)
