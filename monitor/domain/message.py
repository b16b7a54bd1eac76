"""What goes to a notifier in one piece: one alert, or those of a group together."""

from __future__ import annotations

from dataclasses import dataclass

from monitor.domain.alert import Alert


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that goes with a message, by channels that carry files.

    Attributes:
        name: Of the file, without folders.
        media_type: What it is, as MIME says it.
        content: The file.
    """

    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Message:
    """One or several alerts on their way to one notifier.

    Attributes:
        id: The idempotency key, the same for every attempt: of a single alert its own id, else that of the batch.
        alerts: At least one; those of one incident in their order.
        attachments: Files that go with it: a report.
    """

    id: str
    alerts: tuple[Alert, ...]
    attachments: tuple[Attachment, ...] = ()

    @classmethod
    def of(cls, alert: Alert, *attachments: Attachment) -> Message:
        """A message of one alert."""
        return cls(alert.id, (alert,), attachments)

    @property
    def is_group(self) -> bool:
        """Whether it tells of several alerts."""
        return len(self.alerts) > 1
