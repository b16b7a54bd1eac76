"""The message that somebody has taken note of an incident."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from monitor.domain.alert import Alert, AlertKind
from monitor.domain.announcement import MEMBERS_NAMED
from monitor.domain.incident import Incident
from monitor.domain.view import ViewSpec


def acknowledgement(
    incident: Incident, specs: Sequence[ViewSpec], comment: str, at: datetime, sequence: int
) -> Alert:
    """The alert that somebody is at it.

    Args:
        incident: As it is now, acknowledged.
        specs: Of its views, at least one.
        comment: What was said, or empty.
        at: When.
        sequence: Number of the message within the incident.
    """
    cause = incident.cause.value
    return Alert(
        id=f"{incident.id}-{sequence}",
        kind=AlertKind.ACKNOWLEDGED,
        key=incident.key,
        site=specs[0].site,
        incident_id=incident.id,
        occurred_at=at,
        headline=f"Acknowledged by {incident.acknowledged_by}: {incident.name} ({cause.replace('_', ' ')})",
        details={
            "cause": cause,
            "acknowledged_by": incident.acknowledged_by,
            "reasons": [comment] if comment else [],
            "first_seen_at": incident.first_seen_at.isoformat(),
            "tags": sorted({tag for spec in specs for tag in spec.tags}),
        },
        scope=incident.scope,
        subject=incident.subject,
        members=incident.members[:MEMBERS_NAMED],
        severity=incident.severity,
    )
