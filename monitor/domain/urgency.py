"""The message that an incident is more urgent than before, though nothing has changed but the configuration."""

from __future__ import annotations

from datetime import datetime

from monitor.domain.alert import Alert, AlertKind
from monitor.domain.announcement import alert_about
from monitor.domain.incident import Incident
from monitor.domain.view import ViewSpec


def urgency_announcement(incident: Incident, at: datetime, sequence: int, spec: ViewSpec) -> Alert:
    """The alert for a view's incident whose severity has risen by itself.

    Args:
        incident: With its new severity.
        at: When that was seen.
        sequence: Number of the message within the incident.
        spec: Of the view.
    """
    cause = incident.cause.value
    return alert_about(
        incident,
        sequence,
        AlertKind.CHANGED,
        spec.site,
        at,
        f"Changed: {incident.key} is {incident.severity} now ({cause.replace('_', ' ')})",
        {
            "cause": cause,
            "reasons": ["The configuration calls it more urgent than before."],
            "first_seen_at": incident.first_seen_at.isoformat(),
            "tags": list(spec.tags),
            "labels": dict(spec.labels),
        },
    )
