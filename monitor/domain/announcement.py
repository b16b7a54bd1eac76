"""From what happened to a view to the message about it."""

from __future__ import annotations

from typing import Any

from monitor.domain.advice import headline, remedy
from monitor.domain.alert import Alert, AlertKind
from monitor.domain.incident import Incident, Observation
from monitor.domain.state import Change
from monitor.domain.view import ViewSpec

_KINDS = {
    Change.OPENED: AlertKind.OPENED,
    Change.CAUSE_CHANGED: AlertKind.CHANGED,
    Change.RECOVERED: AlertKind.RESOLVED,
}


def announces(change: Change) -> bool:
    """Whether a change of this kind is told to people; suspicions are not."""
    return change in _KINDS


def announcement(incident: Incident, observation: Observation, sequence: int, spec: ViewSpec) -> Alert:
    """The alert for an observation that opened, changed or resolved an incident.

    Its id is made of the incident and the number of the message within it, so that a message sent twice can be told.

    Raises:
        ValueError: The observation brought no change that is told to people.
    """
    transition = observation.transition
    if transition is None or not announces(transition.change):
        raise ValueError("Only the start, a change or the end of an incident can be announced.")
    verdict = observation.verdict
    kind = _KINDS[transition.change]
    details: dict[str, Any] = {
        "verdict": verdict.kind.value,
        "cause": incident.cause.value,
        "confidence": round(verdict.confidence, 3),
        "reasons": [*verdict.reasons, transition.reason],
        "remedy": remedy(verdict),
        "flapping": transition.flapping,
        "first_seen_at": incident.first_seen_at.isoformat(),
        "captured_at": observation.captured_at.isoformat() if observation.captured_at else None,
        "similarity": verdict.similarity,
        "looks_like": verdict.looks_like,
        "bundle": observation.bundle_id,
        "evidence": dict(verdict.evidence),
        "tags": list(spec.tags),
        "labels": dict(spec.labels),
    }
    if verdict.displacement is not None:
        moved = verdict.displacement
        details["displacement"] = {
            "dx_percent": round(moved.dx * 100, 2),
            "dy_percent": round(moved.dy * 100, 2),
            "roll_degrees": round(moved.roll_deg, 2),
            "zoom": round(moved.zoom, 4),
        }
    lead = {AlertKind.RESOLVED: "Resolved: ", AlertKind.CHANGED: "Changed: "}.get(kind, "")
    flapping = " (flapping: this keeps coming and going)" if transition.flapping else ""
    return Alert(
        id=f"{incident.id}-{sequence}",
        kind=kind,
        key=observation.key,
        site=spec.site,
        incident_id=incident.id,
        occurred_at=observation.checked_at,
        headline=f"{lead}{headline(str(observation.key), verdict)}{flapping}",
        details=details,
    )
