"""An incident's picture becomes the new normal."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from monitor.domain.addressee import Addressing, nobody
from monitor.domain.alert import Alert, AlertKind
from monitor.domain.announcement import alert_about
from monitor.domain.errors import MonitorError
from monitor.domain.frame import Frame
from monitor.domain.incident import Incident, Scope
from monitor.domain.matcher import Matter
from monitor.domain.verdict import VerdictKind
from monitor.domain.view import ViewSpec
from monitor.store import Resolution
from monitor.usecases.enroll import Enrolment, EnrolmentTools, enroll

REAIMED = frozenset(
    {
        VerdictKind.MOVED,
        VerdictKind.FLIPPED_180,
        VerdictKind.ROTATED_90,
        VerdictKind.ROTATED_270,
        VerdictKind.MIRRORED,
        VerdictKind.DIFFERENT_SCENE,
    }
)
"""Causes after which the old references show another aim, and must rest."""


class NothingToAccept(MonitorError):
    """The incident has no picture that could become a reference."""


def accept(
    incident_id: int,
    tools: EnrolmentTools,
    read_picture: Callable[[bytes, datetime], Frame],
    *,
    author: str,
    comment: str = "",
    add: bool | None = None,
    force: bool = False,
    addressing: Addressing = nobody,
) -> Enrolment:
    """Take an incident's frame as a reference, and end the incident.

    Args:
        incident_id: Which incident.
        tools: Store, encoder, clock.
        read_picture: Decodes stored bytes.
        author: Who accepts.
        comment: Why.
        add: True keeps the present references beside the new one (a false alarm: another light); False lets them rest
            (the camera was re-aimed); None decides by the incident's cause, and keeps them where the incident is over,
            as they fitted again then. Either way they can be restored.
        force: Accept a picture that is not fit to be a reference.
        addressing: Who hears of the end.

    Raises:
        UnknownIncident: There is no such incident.
        NothingToAccept: It has no picture, or is not about a single view.
        UnfitReference: The picture is not fit, and `force` is false.
    """
    incident = tools.store.incidents.get(incident_id)
    if incident.scope is not Scope.VIEW:
        raise NothingToAccept(
            f"Incident {incident_id} is about {incident.name} with {len(incident.members)} views, not about what one "
            "of them shows.",
            "It ends by itself when the recorder is back.",
        )
    if incident.frame_digest is None:
        raise NothingToAccept(
            f"Incident {incident_id} of {incident.key} has no picture ({incident.cause.value}).",
            f"Use `monitor enroll {incident.key.camera}` once the camera delivers again.",
        )
    frame = read_picture(tools.store.images.get(incident.frame_digest), incident.opened_at)
    is_reaimed = incident.cause in REAIMED and incident.resolved_at is None
    keeps = not is_reaimed if add is None else add
    watch = tools.store.load_watch(incident.key)
    now = tools.clock.now()
    return enroll(
        incident.key,
        [frame],
        tools,
        author=author,
        reason=f"accepted from incident {incident_id} ({incident.cause.value})",
        keep=[reference.id for reference in watch.references] if keeps else (),
        origin="accepted",
        force=force,
        resolution=new_normal(
            incident,
            watch.spec,
            author=author,
            comment=comment or "Accepted as the new normal.",
            now=now,
            addressing=addressing,
        ),
    )


def new_normal(
    incident: Incident, spec: ViewSpec, *, author: str, comment: str, now: datetime, addressing: Addressing
) -> Resolution:
    """How an incident ends when somebody makes what the view shows its reference.

    Args:
        incident: The open one.
        spec: Of its view.
        author: Who did so.
        comment: Why.
        now: When.
        addressing: Who hears of the end.
    """
    return Resolution(
        by=author,
        comment=comment,
        addressees=addressing(Matter.of([spec], incident.cause)),
        announce=lambda ended, sequence: _accepted(ended, sequence, spec, author, now),
    )


def _accepted(incident: Incident, sequence: int, spec: ViewSpec, author: str, now: datetime) -> Alert:
    return alert_about(
        incident,
        sequence,
        AlertKind.RESOLVED,
        spec.site,
        now,
        f"Resolved: {author} accepted what {incident.key} shows as the new normal",
        {"cause": incident.cause.value, "accepted_by": author, "labels": dict(spec.labels)},
    )
