"""What a report counts: incidents, references, labels and deliveries, as much of each as counting needs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from monitor.domain.frame import FrameQuality
from monitor.domain.incident import Scope
from monitor.domain.verdict import VerdictKind
from monitor.domain.view import ViewKey


@dataclass(frozen=True, slots=True)
class IncidentFact:
    """One incident.

    Attributes:
        id: Of the stored row.
        key: The view; where there are several, the first of them.
        site: Of that view.
        scope: What it is about.
        cause: The verdict kind that it has now.
        opened_at: When the alert was raised.
        acknowledged_at: When a person took note, or None.
        resolved_at: When it was over, or None.
        reopened: How often it was taken up again.
        is_part: Whether another incident stands for it, and is counted in its place.
    """

    id: int
    key: ViewKey
    site: str
    scope: str
    cause: VerdictKind
    opened_at: datetime
    acknowledged_at: datetime | None = None
    resolved_at: datetime | None = None
    reopened: int = 0
    is_part: bool = False

    @property
    def is_of_view(self) -> bool:
        """Whether it is about one view only."""
        return self.scope == Scope.VIEW


@dataclass(frozen=True, slots=True)
class ReferenceFact:
    """An active reference; `quality` is that of its picture, or None where it was not asked for or cannot be read."""

    reference_id: int
    created_at: datetime
    quality: FrameQuality | None = None


@dataclass(frozen=True, slots=True)
class LabelFact:
    """What a person said of an incident last."""

    right: bool
    true_cause: VerdictKind | None = None


@dataclass(frozen=True, slots=True)
class Undelivered:
    """Deliveries of one notifier that did not arrive: `held` back, or `dead`."""

    notifier: str
    status: str
    count: int
    oldest: datetime
