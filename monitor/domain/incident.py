"""A period in which something was not normal: a view, a recorder with all of its cameras, a site, a swapped pair."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from monitor.domain.grounds import Grounds
from monitor.domain.severity import Severity
from monitor.domain.state import Transition, ViewState
from monitor.domain.verdict import Verdict, VerdictKind
from monitor.domain.view import ViewKey
from monitor.domain.worst import Worst

SUBJECT_LENGTH = 420
"""No subject is longer: the name of a camera, a view, and a little."""


class Scope(StrEnum):
    """What an incident is about."""

    VIEW = "view"
    HOST = "host"
    SITE = "site"
    PAIR = "pair"


@dataclass(frozen=True, slots=True)
class Incident:
    """From leaving normal to regaining it.

    Attributes:
        id: Of the stored row.
        key: The view; where there are several, the first of them.
        cause: The verdict kind that opened it, or that it has changed to since.
        opened_at: When the alert was raised, aware UTC.
        first_seen_at: When the first verdict of this cause came.
        last_seen_at: When a verdict other than `ok` last came.
        resolved_at: When the view recovered, or None.
        acknowledged_at: When a person took note, or None.
        acknowledged_by: Who, or None.
        comment: What they said.
        frame_digest: The picture of its present cause, kept in the image store, or None when there was no frame.
        verdict: The verdict that named its present cause, as JSON-able values.
        scope: What it is about: one view, a host with all of its views, a site, a swapped pair.
        subject: Names that one thing among those of its scope: a view's name, a host's.
        members: The views that it is about, by name.
        severity: How urgent it is.
        parent_id: The incident that stands, or stood, for this one: a site's, a pair's; None where none does.
        reopened: How often it was taken up again after its end.
        worst: The worst figures seen.
        latest_digest: The latest picture while it was open, or None.
    """

    id: int
    key: ViewKey
    cause: VerdictKind
    opened_at: datetime
    first_seen_at: datetime
    last_seen_at: datetime
    resolved_at: datetime | None = None
    acknowledged_at: datetime | None = None
    acknowledged_by: str | None = None
    comment: str = ""
    frame_digest: str | None = None
    verdict: Mapping[str, object] = field(default_factory=dict)
    scope: Scope = Scope.VIEW
    subject: str = ""
    members: tuple[ViewKey, ...] = ()
    severity: Severity = Severity.WARNING
    parent_id: int | None = None
    reopened: int = 0
    worst: Worst = field(default_factory=Worst)
    latest_digest: str | None = None

    @property
    def name(self) -> str:
        """What it is about, for people."""
        match self.scope:
            case Scope.HOST:
                return f"recorder {self.subject}"
            case Scope.SITE:
                return f"site {self.subject}"
            case Scope.PAIR:
                return " and ".join(str(key) for key in self.members)
            case _:
                return str(self.key)


@dataclass(frozen=True, slots=True)
class Observation:
    """Everything one check found; unique per (view, slot), so a repeated check changes nothing.

    Attributes:
        key: The view.
        slot: The due time that this check served, aware UTC.
        checked_at: When the verdict was reached.
        captured_at: The frame's own time, or None without a frame.
        verdict: The judgement.
        frame_digest: Digest of the frame, or None.
        state: The view's state after it.
        transition: The change it brought, or None.
        next_due_at: When the view is to be looked at next.
        timings_ms: Milliseconds by step (grab, encode, compare, record).
        bundle_id: The network that looked, or None without a frame.
        keep_image: The picture (encoded bytes) to keep as evidence, or None.
        latest_image: The picture to keep as the latest of an open incident, in place of the one before, or None.
        grounds: What the verdict went by, so that it can be judged again; None where nothing was looked at.
    """

    key: ViewKey
    slot: datetime
    checked_at: datetime
    captured_at: datetime | None
    verdict: Verdict
    frame_digest: str | None
    state: ViewState
    transition: Transition | None
    next_due_at: datetime
    timings_ms: Mapping[str, float] = field(default_factory=dict)
    bundle_id: str | None = None
    keep_image: bytes | None = None
    latest_image: bytes | None = None
    grounds: Grounds | None = None
