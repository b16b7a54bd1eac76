"""Alerts as lines of the service's own log."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import structlog

from monitor.domain.alert import Outcome, Receipt
from monitor.domain.message import Message
from monitor.domain.ports import Clock
from monitor.notifiers.pictures import NO_PICTURES, PictureSupply

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class LogOptions:
    """How alerts are logged.

    Attributes:
        level: Level of the lines.
    """

    level: Literal["info", "warning", "error"] = "warning"


class LogNotifier:
    """Writes one line `alert` for each alert."""

    def __init__(self, options: LogOptions) -> None:
        self._options = options

    @classmethod
    def open(cls, options: LogOptions, clock: Clock, pictures: PictureSupply = NO_PICTURES) -> LogNotifier:
        """One notifier; the log has a clock of its own, and shows no pictures."""
        del clock, pictures
        return cls(options)

    def send(self, message: Message, attempt: int) -> Receipt:
        """Write a line for each alert; always accepted."""
        write = getattr(_log, self._options.level)
        for alert in message.alerts:
            write(
                "alert",
                headline=alert.headline,
                kind=str(alert.kind),
                severity=str(alert.severity),
                view=str(alert.key),
                scope=alert.scope.value,
                subject=alert.subject or str(alert.key),
                site=alert.site,
                incident=alert.incident_id,
                occurred_at=alert.occurred_at.isoformat(),
                message=message.id,
                attempt=attempt,
            )
        return Receipt(Outcome.ACCEPTED, "written to the log")
