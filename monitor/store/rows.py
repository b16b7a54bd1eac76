"""What the store gives back, where the domain has no word for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from monitor.domain.addressee import Addressee
from monitor.domain.alert import Alert
from monitor.domain.grounds import Grounds
from monitor.domain.incident import Incident
from monitor.domain.reference import Reference
from monitor.domain.state import Change, Status, ViewState
from monitor.domain.verdict import Verdict, VerdictKind
from monitor.domain.view import ViewKey, ViewSpec


@dataclass(frozen=True, slots=True)
class ViewRow:
    """A view as it stands.

    Attributes:
        spec: As configured when it was last synchronised.
        state: Its state.
        next_due_at: When it is to be looked at next.
        reference_count: References in the active gallery version; 0 before enrolment.
        open_incident_id: Its own open incident, or None.
        last_verdict: What the newest check said, or None before the first.
        last_checked_at: When that was.
        enabled: Whether it is watched; False also for views that left the configuration.
    """

    spec: ViewSpec
    state: ViewState
    next_due_at: datetime
    reference_count: int
    open_incident_id: int | None
    last_verdict: Verdict | None
    last_checked_at: datetime | None
    enabled: bool


class DueView(NamedTuple):
    """A view to be looked at; `due_at` is the slot that the check serves."""

    key: ViewKey
    due_at: datetime


@dataclass(frozen=True, slots=True)
class SyncResult:
    """What synchronising the views with the configuration did."""

    added: tuple[ViewKey, ...]
    changed: tuple[ViewKey, ...]
    disabled: tuple[ViewKey, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Watch:
    """Everything that one check of a view needs, all of one moment.

    Attributes:
        spec: As configured.
        state: The state that the check goes on from.
        references: Of the active gallery version, oldest first; arrays are shared and read-only.
        constancy: What stays the same in the view's pictures, as saved, or None.
        open_incident: The incident of its own that the view is in, or None.
    """

    spec: ViewSpec
    state: ViewState
    references: tuple[Reference, ...]
    constancy: bytes | None
    open_incident: Incident | None


@dataclass(frozen=True, slots=True)
class Recorded:
    """What recording an observation did.

    Attributes:
        duplicate: This slot was recorded before; nothing was changed, and the rest tells what came of it
        then. incident: The incident that the observation belongs to, or None.
        alerts: How many deliveries it caused.
        superseded: The view has moved on meanwhile (a newer check, a new gallery): kept as history only.
    """

    duplicate: bool
    incident: Incident | None
    alerts: int
    superseded: bool = False


@dataclass(frozen=True, slots=True)
class ObservationRow:
    """One check in a view's history; `id` is what labels refer to, `image_digest` the picture if one was
    kept, `grounds` what the verdict went by, None in rows that are older than it.
    """

    id: int
    key: ViewKey
    slot: datetime
    checked_at: datetime
    captured_at: datetime | None
    verdict: Verdict
    status: Status
    change: Change | None
    frame_digest: str | None
    image_digest: str | None
    bundle_id: str | None
    incident_id: int | None
    timings_ms: Mapping[str, float]
    grounds: Grounds | None = None


@dataclass(frozen=True, slots=True)
class GalleryEntry:
    """A reference as people list it: `versions` are the numbers of the gallery versions it is part of."""

    reference_id: int
    image_digest: str
    created_at: datetime
    origin: str
    bundle_id: str
    active: bool
    versions: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class GalleryVersion:
    """One state of a view's gallery; versions only ever follow each other, none is changed."""

    number: int
    created_at: datetime
    reason: str
    author: str
    active: bool
    reference_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class StaleReference:
    """An active reference that another bundle encoded; its picture is in the image store."""

    reference_id: int
    key: ViewKey
    image_digest: str
    origin: str
    created_at: datetime
    bundle_id: str


class EmbeddingBank(NamedTuple):
    """Upright embeddings of every enabled view's active references.

    Attributes:
        keys: The view of each row; a view with several references has several rows.
        matrix: (N, D) float32, rows of unit length.
    """

    keys: tuple[ViewKey, ...]
    matrix: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Resolution:
    """How a person ends an incident.

    Attributes:
        by: Who.
        comment: What they say; replaces an empty comment, is added to one.
        addressees: Who is to be told.
        announce: Makes the alert from the resolved incident and the alert's sequence; needed with `addressees`.
    """

    by: str
    comment: str = ""
    addressees: Sequence[Addressee] = ()
    announce: Callable[[Incident, int], Alert] | None = None


@dataclass(frozen=True, slots=True)
class Label:
    """What a person says of a verdict: whether it was right and, if not, what was true."""

    id: int
    incident_id: int | None
    observation_id: int | None
    right: bool
    true_cause: VerdictKind | None
    author: str
    created_at: datetime


class DeliveryStatus(StrEnum):
    """Where a delivery stands."""

    PENDING = "pending"
    """On its way, or about to be."""
    HELD = "held"
    """Not to be told at present; looked at again."""
    DELIVERED = "delivered"
    DEAD = "dead"
    """Given up after attempts."""
    DROPPED = "dropped"
    """Never attempted, as there was nothing to tell any more."""


@dataclass(frozen=True, slots=True)
class LeasedBatch:
    """Deliveries that go out as one message, ours to attempt until the lease ends.

    Attributes:
        id: The message's, the same for every attempt: of a single alert its own id.
        notifier: To whom.
        deliveries: The ids of the deliveries, `{notifier}:{alert.id}`, in the order of the alerts.
        alerts: What; of one incident in their order.
        attempt: 1 for the first.
        fence: Proof of this lease.
    """

    id: str
    notifier: str
    deliveries: tuple[str, ...]
    alerts: tuple[Alert, ...]
    attempt: int
    fence: int


@dataclass(frozen=True, slots=True)
class DeliveryRow:
    """A delivery as people list it.

    Attributes:
        id: `{notifier}:{alert.id}`.
        notifier: To whom.
        alert: What.
        status: Where it stands.
        attempts: So many were made.
        next_attempt_at: When it is or was due.
        created_at: When it was queued.
        finished_at: When it was delivered, given up or dropped, or None.
        detail: What the receiver said, or why it is held or was dropped.
        group: The group that it belongs to; empty for none.
        message: The message that it went or goes out with; empty before the first attempt.
    """

    id: str
    notifier: str
    alert: Alert
    status: DeliveryStatus
    attempts: int
    next_attempt_at: datetime
    created_at: datetime
    finished_at: datetime | None
    detail: str
    group: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True)
class RetentionPolicy:
    """How long history is kept. Labelled checks and incidents are kept for good: they are training material.

    Attributes:
        observations_days: Observations.
        resolved_incident_days: Incidents since they were resolved, with their deliveries.
        evidence_days: Pictures kept with observations and with resolved incidents.
    """

    observations_days: float = 90.0
    resolved_incident_days: float = 730.0
    evidence_days: float = 30.0


@dataclass(frozen=True, slots=True)
class PruneResult:
    """What pruning removed."""

    observations: int = 0
    incidents: int = 0
    images: int = 0
    freed_bytes: int = 0
