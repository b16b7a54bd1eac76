"""Maintenance windows: times in which somebody works on the cameras, and nobody is to be told."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from monitor.domain.matcher import Matcher


class Span(Protocol):
    """When a window is open; `monitor.schedules.window` has them by cron and by calendar."""

    def open_until(self, now: datetime) -> datetime | None:
        """The end of the time that `now` is in, aware UTC; None outside of any."""
        ...


@dataclass(frozen=True, slots=True)
class MaintenanceWindow:
    """A span of time, and whom it concerns.

    Attributes:
        name: For people.
        span: When.
        matcher: Which incidents are not told meanwhile.
    """

    name: str
    span: Span
    matcher: Matcher = field(default_factory=Matcher)
