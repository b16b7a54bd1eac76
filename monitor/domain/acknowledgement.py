"""The message that somebody has taken note of an incident."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from monitor.domain.alert import Alert, AlertKind
from monitor.domain.announcement import alert_about
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
    return alert_about(
        incident,
        sequence,
        AlertKind.ACKNOWLEDGED,
        specs[0].site,
        at,
        f"Acknowledged by {incident.acknowledged_by}: {incident.name} ({cause.replace('_', ' ')})",
        {
            "cause": cause,
            "acknowledged_by": incident.acknowledged_by,
            "reasons": [comment] if comment else [],
            "first_seen_at": incident.first_seen_at.isoformat(),
            "tags": sorted({tag for spec in specs for tag in spec.tags}),
        },
    )
