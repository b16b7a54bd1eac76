"""Putting down what a check found: observation, state, incident and alerts, all or nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Insert, Row, Select, Update, bindparam, insert, select, update
from sqlalchemy.engine import Connection

from monitor.domain.addressee import Addressee
from monitor.domain.alert import Alert
from monitor.domain.chronology import CLOCK_TRUST
from monitor.domain.incident import Incident, Observation, Scope
from monitor.domain.state import Change
from monitor.domain.verdict import VerdictKind
from monitor.store.engine import Database
from monitor.store.grounds import pack
from monitor.store.images import ImageStore
from monitor.store.incidents import announce_incident, find_open_incident, get_incident
from monitor.store.rows import Recorded
from monitor.store.serial import to_json
from monitor.store.tables import incidents, observations, views
from monitor.store.views import find_view, state_columns

Announce = Callable[[Incident, Observation, int], Alert]


class Recorder:
    """Records observations."""

    def __init__(self, database: Database, images: ImageStore) -> None:
        self._database = database
        self._images = images

    def record(
        self, observation: Observation, addressees: Sequence[Addressee], announce: Announce
    ) -> Recorded:
        """Record one check.

        1. The picture, if one is to be kept, becomes a file. A crash after this leaves a file that nobody
        refers
           to, and pruning removes it.
        2. One transaction: the observation; the view's state and next time, unless the view has moved on
           meanwhile; the incident that the transition opens, changes or ends; a delivery for every route.

        Args:
            observation: What was found.
            addressees: Who is to be told.
            announce: Makes the alert from the incident as it is then, the observation, and the alert's
            sequence
                within the incident; called inside the transaction, so it must be quick and pure.

        Raises:
            UnknownView: The view is not stored.
            StoreError: Nothing was recorded; the same call may be made again.
        """
        image_digest = None if observation.keep_image is None else self._images.put(observation.keep_image)
        with self._database.write() as connection:
            view = find_view(connection, observation.key, views.c.last_slot, views.c.next_due_at, lock=True)
            earlier = connection.execute(
                _earlier(), {"of_view": view.id, "of_slot": observation.slot}
            ).first()
            if earlier is not None:
                _move_on(connection, view, observation, {})
                incident = (
                    None if earlier.incident_id is None else get_incident(connection, earlier.incident_id)
                )
                return Recorded(duplicate=True, incident=incident, alerts=earlier.alerts)
            superseded = _is_superseded(view, observation)
            incident, change = (
                (None, None) if superseded else _follow(connection, view.id, observation, image_digest)
            )
            alerts = 0
            if incident is not None and change is not None and addressees:
                subject = incident
                alerts = announce_incident(
                    connection,
                    subject,
                    lambda sequence: announce(subject, observation, sequence),
                    addressees,
                    observation.checked_at,
                )
            connection.execute(_insert(), _row(view.id, observation, incident, alerts, image_digest))
            _move_on(connection, view, observation, {} if superseded else _outcome(observation))
        return Recorded(duplicate=False, incident=incident, alerts=alerts, superseded=superseded)


def _is_superseded(view: Row[Any], observation: Observation) -> bool:
    last_slot = view.last_slot
    if last_slot is None or last_slot <= observation.slot:
        return False
    # Stored under a clock that ran far ahead: obeying it would leave the view without a state until then.
    return bool(last_slot <= observation.checked_at + CLOCK_TRUST)


def _follow(
    connection: Connection, view_id: int, observation: Observation, image_digest: str | None
) -> tuple[Incident | None, Change | None]:
    """Open, change or end the view's incident; returns it, and the change if there is something to
    announce.
    """
    change = None if observation.transition is None else observation.transition.change
    incident = find_open_incident(connection, view_id)
    is_ok = observation.verdict.kind is VerdictKind.OK
    values: dict[str, Any] = {}
    if incident is not None and not is_ok:
        values["last_seen_at"] = max(observation.checked_at, incident.last_seen_at)
    if change in (Change.OPENED, Change.CAUSE_CHANGED):
        cause = _cause(observation)
        values |= {"cause": cause, "first_seen_at": _first_seen(observation, cause)}
        if incident is None:
            return _open(connection, view_id, observation, image_digest, values), change
        if image_digest is not None:
            # What a person would accept is what the view shows now, not what it showed under the earlier cause.
            values |= {"frame_digest": image_digest, "verdict": to_json(observation.verdict)}
    elif change is Change.RECOVERED and incident is not None:
        values["resolved_at"] = observation.checked_at
    else:
        change = None
    if incident is None or not values:
        return incident, change
    connection.execute(update(incidents).where(incidents.c.id == incident.id).values(values))
    return get_incident(connection, incident.id), change


def _open(
    connection: Connection,
    view_id: int,
    observation: Observation,
    image_digest: str | None,
    values: dict[str, Any],
) -> Incident:
    incident_id = connection.execute(
        insert(incidents)
        .values(
            scope=Scope.VIEW,
            subject=str(observation.key),
            view_id=view_id,
            opened_at=observation.checked_at,
            last_seen_at=observation.checked_at,
            comment="",
            frame_digest=image_digest,
            verdict=to_json(observation.verdict),
            alerts=0,
            **values,
        )
        .returning(incidents.c.id)
    ).scalar_one()
    return get_incident(connection, incident_id)


def _cause(observation: Observation) -> VerdictKind:
    named = None if observation.transition is None else observation.transition.cause
    return named or observation.verdict.kind


def _first_seen(observation: Observation, cause: VerdictKind) -> datetime:
    state = observation.state
    named = [state.named_since] if state.named is cause and state.named_since is not None else []
    # `recent` reaches back as far as the window, `named_since` as far as the cause; either may be the longer.
    return min([observation.checked_at, *named, *(check.at for check in state.recent if check.kind is cause)])


def _row(
    view_id: int, observation: Observation, incident: Incident | None, alerts: int, image_digest: str | None
) -> dict[str, Any]:
    return {
        "view_id": view_id,
        "slot": observation.slot,
        "checked_at": observation.checked_at,
        "captured_at": observation.captured_at,
        "verdict": to_json(observation.verdict),
        "status": observation.state.status,
        "change": None if observation.transition is None else observation.transition.change,
        "frame_digest": observation.frame_digest,
        "image_digest": image_digest,
        "bundle_id": observation.bundle_id,
        "timings_ms": to_json(observation.timings_ms),
        "incident_id": None if incident is None else incident.id,
        "alerts": alerts,
        "evidence": None if observation.grounds is None else pack(observation.grounds),
    }


def _outcome(observation: Observation) -> dict[str, Any]:
    return {
        **state_columns(observation.state),
        "last_slot": observation.slot,
        "last_checked_at": observation.checked_at,
        "last_verdict": to_json(observation.verdict),
    }


def _move_on(
    connection: Connection, view: Row[Any], observation: Observation, values: dict[str, Any]
) -> None:
    # Even a check that changes nothing must push the view on, or it stays due and is checked in a tight loop.
    # Where somebody has asked for an earlier time meanwhile ("check now"), that stands.
    if view.next_due_at <= observation.slot:
        values["next_due_at"] = observation.next_due_at
    elif values:
        values["next_due_at"] = min(view.next_due_at, observation.next_due_at)
    if values:
        connection.execute(_update(), {"of_view": view.id, **values})


# Statements of every check are made once: making them takes longer than running them.
@cache
def _earlier() -> Select[Any]:
    return select(observations.c.incident_id, observations.c.alerts).where(
        observations.c.view_id == bindparam("of_view"), observations.c.slot == bindparam("of_slot")
    )


@cache
def _insert() -> Insert:
    return insert(observations)


@cache
def _update() -> Update:
    return update(views).where(views.c.id == bindparam("of_view"))
