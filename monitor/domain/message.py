"""What goes to a notifier in one piece: one alert, or those of a group together."""

from __future__ import annotations

from dataclasses import dataclass

from monitor.domain.alert import Alert


@dataclass(frozen=True, slots=True)
class Message:
    """One or several alerts on their way to one notifier.

    Attributes:
        id: The idempotency key, the same for every attempt: of a single alert its own id, else that of the batch.
        alerts: At least one; those of one incident in their order.
    """

    id: str
    alerts: tuple[Alert, ...]

    @classmethod
    def of(cls, alert: Alert) -> Message:
        """A message of one alert."""
        return cls(alert.id, (alert,))

    @property
    def is_group(self) -> bool:
        """Whether it tells of several alerts."""
        return len(self.alerts) > 1
