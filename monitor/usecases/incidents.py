"""What people and time do to incidents, besides checks."""

from __future__ import annotations

from datetime import datetime

from monitor.domain.acknowledgement import acknowledgement
from monitor.domain.addressee import Addressing
from monitor.domain.alert import Alert, AlertKind
from monitor.domain.announcement import MEMBERS_NAMED, alert_about
from monitor.domain.errors import MonitorError
from monitor.domain.incident import Incident, Scope
from monitor.domain.matcher import Matter
from monitor.domain.ports import Clock
from monitor.domain.view import ViewSpec
from monitor.store import Resolution, Store


class EndsByItself(MonitorError):
    """A person cannot end an incident of this kind."""


def end_site_events(store: Store, addressing: Addressing, clock: Clock) -> int:
    """End site events and swapped pairs that are over, and put in order what was merged; how many ended.

    Checks end most of them; this is for what no check sees: views that stopped being checked, incidents ended by hand.

    Raises:
        StoreError: What was done until then stays done.
    """
    return store.merged_incidents.settle(clock.now(), addressing)


def take_note(
    incident_id: int, store: Store, clock: Clock, *, author: str, comment: str, addressing: Addressing
) -> Incident:
    """Note that a person has seen an incident, and tell so whoever knows of it and is not to be spared at present.

    Raises:
        UnknownIncident: There is none with this number.
    """
    incident, now = store.incidents.get(incident_id), clock.now()
    specs = [store.views.get(key).spec for key in incident.members[:MEMBERS_NAMED]]
    return store.incidents.acknowledge(
        incident_id,
        author,
        comment,
        now,
        addressees=addressing(Matter.of(specs, incident.cause)),
        announce=lambda noted, sequence: acknowledgement(noted, specs, comment, now, sequence),
    )


def resolve_by_hand(
    incident_id: int, store: Store, clock: Clock, *, author: str, comment: str, addressing: Addressing
) -> Incident:
    """End an incident because a person says that it is over; one that is over already stays as it is.

    A view's state begins anew: if it is still wrong, its next checks take the incident up again. Of a pair or a site,
    the views that are still wrong are told by themselves from then on.

    Raises:
        UnknownIncident: There is none with this number.
        EndsByItself: It is about a recorder.
    """
    incident, now = store.incidents.get(incident_id), clock.now()
    match incident.scope:
        case Scope.HOST:
            raise EndsByItself(
                f"Incident {incident_id} is about recorder {incident.subject}.",
                "It ends as soon as one of its cameras gives a picture; `monitor ack` takes note of it.",
            )
        case Scope.SITE | Scope.PAIR:
            return store.merged_incidents.end(incident_id, now, author, comment, addressing)
        case _:
            spec = store.views.get(incident.key).spec
            resolution = Resolution(
                author,
                comment,
                addressees=addressing(Matter.of([spec], incident.cause)),
                announce=lambda ended, sequence: _ended_by_hand(ended, sequence, spec, author, now),
            )
            return store.incidents.resolve(incident_id, now, resolution, restart=True)


def _ended_by_hand(incident: Incident, sequence: int, spec: ViewSpec, author: str, now: datetime) -> Alert:
    return alert_about(
        incident,
        sequence,
        AlertKind.RESOLVED,
        spec.site,
        now,
        f"Resolved: {author} says that {incident.key} is as it should be",
        {
            "cause": incident.cause.value,
            "resolved_by": author,
            "reasons": [incident.comment] if incident.comment else [],
            "tags": list(spec.tags),
            "labels": dict(spec.labels),
        },
    )
