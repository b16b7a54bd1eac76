"""What happened to an incident, in order: what people and receivers can be told about it afterwards."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class EntryKind(StrEnum):
    """What an entry of a timeline reports."""

    OPENED = "opened"
    CAUSE_CHANGED = "cause_changed"
    SEVERITY_CHANGED = "severity_changed"
    ACKNOWLEDGED = "acknowledged"
    UNACKNOWLEDGED = "unacknowledged"
    COMMENTED = "commented"
    RESOLVED = "resolved"
    REOPENED = "reopened"
    JOINED = "joined"
    LEFT = "left"
    REMINDED = "reminded"
    HELD = "held"
    RELEASED = "released"
    LABELLED = "labelled"


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened to an incident.

    Attributes:
        kind: What.
        at: When, aware UTC.
        author: The person who did it; empty where the service did.
        text: One sentence for a person, or what a person wrote.
        data: JSON-able particulars.
    """

    kind: EntryKind
    at: datetime
    author: str = ""
    text: str = ""
    data: Mapping[str, object] = field(default_factory=dict)
