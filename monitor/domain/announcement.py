"""From what happened to a view, or to a recorder with all of its views, to the message about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from monitor.domain.advice import HOST_REMEDY, headline, host_headline, remedy
from monitor.domain.alert import Alert, AlertKind
from monitor.domain.incident import Incident, Observation
from monitor.domain.matcher import Matter
from monitor.domain.severity import severity_of
from monitor.domain.state import Change
from monitor.domain.view import ViewSpec

_KINDS = {
    Change.OPENED: AlertKind.OPENED,
    Change.CAUSE_CHANGED: AlertKind.CHANGED,
    Change.RECOVERED: AlertKind.RESOLVED,
}
_LEADS = {
    AlertKind.RESOLVED: "Resolved: ",
    AlertKind.CHANGED: "Changed: ",
    AlertKind.REOPENED: "Again: ",
}

MEMBERS_NAMED = 100
"""So many views of an incident are named in an alert; receivers refuse bodies without bound."""


def alert_about(
    incident: Incident,
    sequence: int,
    kind: AlertKind,
    site: str,
    at: datetime,
    headline: str,
    details: Mapping[str, Any],
) -> Alert:
    """An alert that takes from its incident whatever that knows: name, members, scope, severity.

    Args:
        incident: As it is now.
        sequence: Number of the message within the incident.
        kind: What is told of it.
        site: Where it is.
        at: When that happened.
        headline: One sentence for a person.
        details: Further facts.
    """
    return Alert(
        id=f"{incident.id}-{sequence}",
        kind=kind,
        key=incident.key,
        site=site,
        incident_id=incident.id,
        occurred_at=at,
        headline=headline,
        details=details,
        scope=incident.scope,
        subject=incident.subject,
        members=incident.members[:MEMBERS_NAMED],
        severity=incident.severity,
    )


def announces(change: Change) -> bool:
    """Whether a change of this kind is told to people; suspicions are not."""
    return change in _KINDS


def announcement(incident: Incident, observation: Observation, sequence: int, spec: ViewSpec) -> Alert:
    """The alert for an observation that opened, changed, resolved or took up an incident again.

    Its id is made of the incident and the number of the message within it, so that a message sent twice can be told.

    Raises:
        ValueError: The observation brought no change that is told to people.
    """
    transition = observation.transition
    if transition is None or not announces(transition.change):
        raise ValueError("Only the start, a change or the end of an incident can be announced.")
    verdict = observation.verdict
    kind = _KINDS[transition.change]
    if kind is AlertKind.OPENED and incident.reopened:
        kind = AlertKind.REOPENED
    details: dict[str, Any] = {
        "verdict": verdict.kind.value,
        "cause": incident.cause.value,
        "confidence": round(verdict.confidence, 3),
        "reasons": [*verdict.reasons, transition.reason],
        "remedy": remedy(verdict),
        "flapping": transition.flapping,
        "first_seen_at": incident.first_seen_at.isoformat(),
        "reopened": incident.reopened,
        "captured_at": observation.captured_at.isoformat() if observation.captured_at else None,
        "similarity": verdict.similarity,
        "looks_like": verdict.looks_like,
        "bundle": observation.bundle_id,
        "evidence": dict(verdict.evidence),
        "tags": list(spec.tags),
        "labels": dict(spec.labels),
    }
    if verdict.displacement is not None:
        details["displacement"] = verdict.displacement.figures()
    lead = _LEADS.get(kind, "")
    return Alert(
        id=f"{incident.id}-{sequence}",
        kind=kind,
        key=observation.key,
        site=spec.site,
        incident_id=incident.id,
        occurred_at=observation.checked_at,
        headline=f"{lead}{headline(str(observation.key), verdict)}{_flapping(transition.flapping)}",
        details=details,
        subject=str(observation.key),
        members=(observation.key,),
        severity=severity_of(incident.cause, spec.severities),
    )


def host_announcement(
    incident: Incident,
    specs: Sequence[ViewSpec],
    reason: str,
    at: datetime,
    sequence: int,
    *,
    is_flapping: bool = False,
) -> Alert:
    """The alert for the start, the return or the end of an incident about a host.

    Args:
        incident: About a host; with the time of its end, if it has ended.
        specs: Of its views, at least one.
        reason: Why it began or ended, one sentence.
        at: When that was decided.
        sequence: Number of the message within the incident.
        is_flapping: Whether it keeps coming and going.
    """
    cameras = len({spec.key.camera for spec in specs})
    is_over = incident.resolved_at is not None
    begun = AlertKind.REOPENED if incident.reopened else AlertKind.OPENED
    kind = AlertKind.RESOLVED if is_over else begun
    lead = _LEADS.get(kind, "")
    details: dict[str, Any] = {
        "cause": incident.cause.value,
        "reasons": [reason],
        "remedy": "" if is_over else HOST_REMEDY,
        "flapping": is_flapping,
        "first_seen_at": incident.first_seen_at.isoformat(),
        "reopened": incident.reopened,
        "cameras": cameras,
        "views": len(specs),
        "sites": sorted({spec.site for spec in specs}),
        "tags": sorted({tag for spec in specs for tag in spec.tags}),
    }
    return Alert(
        id=f"{incident.id}-{sequence}",
        kind=kind,
        key=specs[0].key,
        site=specs[0].site,
        incident_id=incident.id,
        occurred_at=at,
        headline=f"{lead}{host_headline(incident.subject, cameras, is_over=is_over)}{_flapping(is_flapping)}",
        details=details,
        scope=incident.scope,
        subject=incident.subject,
        members=tuple(spec.key for spec in specs[:MEMBERS_NAMED]),
        severity=Matter.of(specs, incident.cause).severity,
    )


def _flapping(is_flapping: bool) -> str:
    return " (flapping: this keeps coming and going)" if is_flapping else ""
