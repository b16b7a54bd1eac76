"""Reminders of incidents that are open and that nobody has taken note of."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from monitor.domain.alert import Alert, AlertKind


@dataclass(frozen=True, slots=True)
class ReminderPolicy:
    """How insistent a notifier is.

    Attributes:
        every_s: Seconds since the notifier was last told of the incident; above 0.
        at_most: How often an incident is reminded of.
    """

    every_s: float
    at_most: int

    def is_due(self, last_told_at: datetime, reminded: int, now: datetime) -> bool:
        """Whether to remind now.

        Args:
            last_told_at: When the notifier last accepted anything about the incident, reminders included: what was
                held for hours is not followed by a reminder at once.
            reminded: How often it has been reminded of it.
            now: The time.
        """
        return reminded < self.at_most and now >= last_told_at + timedelta(seconds=self.every_s)


def reminder(last: Alert, opened_at: datetime, now: datetime, sequence: int) -> Alert:
    """The alert that reminds of an incident.

    Args:
        last: The newest alert about the incident that told of what is wrong; its details are told again.
        opened_at: Since when the incident is open.
        now: The time.
        sequence: Number of the message within the incident.
    """
    said = last.headline.removeprefix("Changed: ").removeprefix("Reopened: ")
    return replace(
        last,
        id=f"{last.incident_id}-{sequence}",
        kind=AlertKind.REMINDER,
        occurred_at=now,
        headline=f"Reminder, open for {_span(now - opened_at)}: {said}",
    )


def _span(length: timedelta) -> str:
    minutes = int(length.total_seconds() // 60)
    if minutes < 120:
        return f"{minutes} min"
    return f"{minutes // 60} h" if minutes < 48 * 60 else f"{minutes // 1440} d"
