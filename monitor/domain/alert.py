"""Messages about incidents, and the rules by which their delivery is tried again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from random import Random
from typing import Any

from monitor.domain.incident import Scope
from monitor.domain.severity import Severity
from monitor.domain.view import ViewKey


class AlertKind(StrEnum):
    """What a message reports about an incident."""

    OPENED = "incident.opened"
    CHANGED = "incident.changed"
    RESOLVED = "incident.resolved"
    REOPENED = "incident.reopened"
    ACKNOWLEDGED = "incident.acknowledged"
    REMINDER = "incident.reminder"
    REPORT = "report"
    TEST = "test"


@dataclass(frozen=True, slots=True)
class Alert:
    """One message about one incident; the same for every notifier.

    Attributes:
        id: Deterministic, `{incident}-{sequence}`: the idempotency key receivers can rely on.
        kind: What it reports.
        key: The view; where there are several, the first of them.
        site: The view's site.
        incident_id: The incident.
        occurred_at: When the state changed, aware UTC.
        headline: One sentence for a person.
        details: JSON-able: verdict, displacement, reasons, remedy, evidence.
        scope: What the incident is about: one view, or a host with all of its views.
        subject: Names that one thing: a view's name, a host's; empty in rows older than this field.
        members: The views that the incident is about; of very many, the first hundred.
        severity: How urgent it is.
    """

    id: str
    kind: AlertKind
    key: ViewKey
    site: str
    incident_id: int
    occurred_at: datetime
    headline: str
    details: Mapping[str, Any] = field(default_factory=dict)
    scope: Scope = Scope.VIEW
    subject: str = ""
    members: tuple[ViewKey, ...] = ()
    severity: Severity = Severity.WARNING


class Outcome(StrEnum):
    """What came of one attempt."""

    ACCEPTED = "accepted"
    RETRY = "retry"
    REJECTED = "rejected"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class Receipt:
    """The result of one attempt.

    Attributes:
        outcome: `rejected` and `gone` are final; `gone` also switches the notifier off.
        detail: For a person, without secrets.
        retry_after_s: The receiver's own wish, or None.
    """

    outcome: Outcome
    detail: str = ""
    retry_after_s: float | None = None


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """When a failed delivery is tried again: 5 s, 25 s, 2 min, 10 min, 52 min, 4.3 h, 21.7 h, 75 h, then dead.

    Each wait is `first_s * factor ** (attempt - 1)`, at most `longest_s`, times a random 0.8–1.2 so that a thousand
    deliveries that failed together do not come back together.
    """

    first_s: float = 5.0
    factor: float = 5.0
    longest_s: float = 270_000.0
    attempts: int = 9

    def next_attempt(self, now: datetime, attempt: int, receipt: Receipt, random: Random) -> datetime | None:
        """When to try again after the given attempt (1 for the first), or None to give up."""
        if receipt.outcome is not Outcome.RETRY or attempt >= self.attempts:
            return None
        wait_s = min(self.longest_s, self.first_s * self.factor ** (attempt - 1)) * random.uniform(0.8, 1.2)
        if receipt.retry_after_s is not None:
            wait_s = max(wait_s, min(receipt.retry_after_s, self.longest_s))
        return now + timedelta(seconds=wait_s)
