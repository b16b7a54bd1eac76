"""What a check does to its view's incident: opens it, changes it, ends it, takes it up again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Select, bindparam, insert, update
from sqlalchemy.engine import Connection

from monitor.domain.incident import Incident, Observation, Scope
from monitor.domain.lifecycle import goes_on
from monitor.domain.severity import severity_of
from monitor.domain.state import Change, Transition
from monitor.domain.timeline import Entry, EntryKind
from monitor.domain.verdict import VerdictKind
from monitor.domain.view import ViewSpec
from monitor.domain.worst import Worst
from monitor.store.incidents import find_open_incident, get_incident, select_incidents, to_incidents
from monitor.store.parents import is_open
from monitor.store.serial import to_json
from monitor.store.tables import incidents
from monitor.store.timeline import add_entry


@dataclass(frozen=True, slots=True)
class Pictures:
    """Digests of the pictures that a check keeps, or None.

    Attributes:
        evidence: For good.
        latest: As the latest of an open incident.
    """

    evidence: str | None = None
    latest: str | None = None


@dataclass(frozen=True, slots=True)
class Followed:
    """What became of a view's incident.

    Attributes:
        incident: As it is now, or None where the view has none.
        change: What is to be announced, or None.
        former_latest: A picture that another has taken the place of, or None.
        is_more_urgent: Whether it is more urgent than before though nothing is to be announced of it otherwise.
    """

    incident: Incident | None = None
    change: Change | None = None
    former_latest: str | None = None
    is_more_urgent: bool = False


def follow(
    connection: Connection, view_id: int, observation: Observation, pictures: Pictures, spec: ViewSpec
) -> Followed:
    """Let an observation have its effect on the view's incident, within the caller's transaction.

    Args:
        connection: Of the transaction.
        view_id: The view, which the transaction has locked.
        observation: What was found.
        pictures: What is kept of it.
        spec: The view as configured: how urgent causes are, when an incident goes on.
    """
    incident = find_open_incident(connection, view_id)
    transition = observation.transition
    change = None if transition is None else transition.change
    values: dict[str, Any] = {}
    entries: list[Entry] = []
    if transition is not None and change in (Change.OPENED, Change.CAUSE_CHANGED):
        cause = transition.cause or observation.verdict.kind
        if incident is None:
            incident = _latest_incident(connection, view_id)
            if incident is None or not goes_on(
                incident, cause, observation.checked_at, spec.policy.reopen_within_s
            ):
                return _open(connection, view_id, observation, cause, pictures, spec)
            values |= {"resolved_at": None, "reopened": incident.reopened + 1}
            if incident.parent_id is not None and not is_open(connection, incident.parent_id):
                values["parent_id"] = None
            entries.append(_entry(EntryKind.REOPENED, observation, transition, cause=cause))
        else:
            values |= {"cause": cause, "first_seen_at": _first_seen(observation, cause)}
            data = {"before": incident.cause, "cause": cause}
            entries.append(_entry(EntryKind.CAUSE_CHANGED, observation, transition, **data))
        if pictures.evidence is not None:
            # What a person would accept is what the view shows now, not what it showed under the earlier cause.
            values |= {"frame_digest": pictures.evidence, "verdict": to_json(observation.verdict)}
    elif transition is not None and change is Change.RECOVERED and incident is not None:
        values["resolved_at"] = observation.checked_at
        entries.append(_entry(EntryKind.RESOLVED, observation, transition))
    else:
        change = None
    if incident is None:
        return Followed()
    values |= _seen(incident, observation, spec)
    is_more_urgent = False
    severity = severity_of(values.get("cause", incident.cause), spec.severities)
    if severity is not incident.severity and change is not Change.RECOVERED:
        values["severity"] = severity
        is_more_urgent = change is None and severity.rank > incident.severity.rank
        text = f"Was {incident.severity}, is {severity}."
        changed = {"before": incident.severity, "severity": severity}
        entries.append(Entry(EntryKind.SEVERITY_CHANGED, observation.checked_at, text=text, data=changed))
    former = None
    if pictures.latest not in (None, incident.latest_digest):
        values["latest_digest"], former = pictures.latest, incident.latest_digest
    if not values:
        return Followed(incident, change)
    connection.execute(update(incidents).where(incidents.c.id == incident.id).values(values))
    for entry in entries:
        add_entry(connection, incident.id, entry)
    return Followed(get_incident(connection, incident.id), change, former, is_more_urgent)


def _open(
    connection: Connection,
    view_id: int,
    observation: Observation,
    cause: VerdictKind,
    pictures: Pictures,
    spec: ViewSpec,
) -> Followed:
    severity = severity_of(cause, spec.severities)
    worst = Worst().after(observation.verdict, observation.checked_at, spec.policy.tolerance)
    incident_id: int = connection.execute(
        insert(incidents)
        .values(
            scope=Scope.VIEW,
            subject=str(observation.key),
            view_id=view_id,
            cause=cause,
            opened_at=observation.checked_at,
            first_seen_at=_first_seen(observation, cause),
            last_seen_at=observation.checked_at,
            comment="",
            frame_digest=pictures.evidence,
            verdict=to_json(observation.verdict),
            alerts=0,
            severity=severity,
            worst=to_json(worst),
            latest_digest=pictures.latest,
        )
        .returning(incidents.c.id)
    ).scalar_one()
    transition = observation.transition
    assert transition is not None, "an incident is opened by a transition"
    data = {"cause": cause, "severity": severity}
    add_entry(connection, incident_id, _entry(EntryKind.OPENED, observation, transition, **data))
    return Followed(get_incident(connection, incident_id), transition.change)


def _seen(incident: Incident, observation: Observation, spec: ViewSpec) -> dict[str, Any]:
    """What one more check that is not good adds to an incident."""
    if observation.verdict.kind is VerdictKind.OK:
        return {}
    values: dict[str, Any] = {"last_seen_at": max(observation.checked_at, incident.last_seen_at)}
    worst = incident.worst.after(observation.verdict, observation.checked_at, spec.policy.tolerance)
    return values if worst == incident.worst else values | {"worst": to_json(worst)}


def _entry(kind: EntryKind, observation: Observation, transition: Transition, **data: object) -> Entry:
    if transition.flapping:
        data["flapping"] = True
    return Entry(kind, observation.checked_at, text=transition.reason, data=data)


def _first_seen(observation: Observation, cause: VerdictKind) -> datetime:
    state = observation.state
    named = [state.named_since] if state.named is cause and state.named_since is not None else []
    # `recent` reaches back as far as the window, `named_since` as far as the cause; either may be the longer.
    return min([observation.checked_at, *named, *(check.at for check in state.recent if check.kind is cause)])


def _latest_incident(connection: Connection, view_id: int) -> Incident | None:
    """The view's own incident that was opened last."""
    row = connection.execute(_latest(), {"of_view": view_id}).first()
    return None if row is None else to_incidents(connection, [row])[0]


@cache
def _latest() -> Select[Any]:
    return (
        select_incidents()
        .where(incidents.c.view_id == bindparam("of_view"), incidents.c.scope == Scope.VIEW)
        .order_by(incidents.c.id.desc())
        .limit(1)
    )
