"""Putting down what a check found: observation, state, incident and alerts, all or nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import cache
from typing import Any

from sqlalchemy import Insert, Row, Select, Update, bindparam, insert, select, update
from sqlalchemy.engine import Connection

from monitor.domain.addressee import Addressee, Addressing, nobody
from monitor.domain.alert import Alert
from monitor.domain.chronology import CLOCK_TRUST
from monitor.domain.incident import Incident, Observation
from monitor.domain.matcher import Matter
from monitor.domain.state import Change
from monitor.domain.urgency import urgency_announcement
from monitor.domain.verdict import VerdictKind
from monitor.domain.view import ViewSpec
from monitor.store.engine import Database
from monitor.store.errors import ImageMissing
from monitor.store.following import Followed, Pictures, follow
from monitor.store.grounds import pack
from monitor.store.holding import drop_told_by_parents
from monitor.store.images import ImageStore
from monitor.store.incidents import announce_incident, get_incident
from monitor.store.merged import leave_merged, settle_merged
from monitor.store.merging import Case, StandIn, stand_in
from monitor.store.parents import is_open
from monitor.store.pictures import used_pictures
from monitor.store.rows import Recorded
from monitor.store.serial import to_json
from monitor.store.tables import observations, views
from monitor.store.views import find_view, state_columns

Announce = Callable[[Incident, Observation, int], Alert]
REPLACED_AGE_S = 30.0
"""A picture just written may be on its way into another transaction; the one that was replaced is older."""


class Recorder:
    """Records observations."""

    def __init__(self, database: Database, images: ImageStore) -> None:
        self._database = database
        self._images = images

    def record(
        self,
        observation: Observation,
        addressees: Sequence[Addressee],
        announce: Announce,
        *,
        spec: ViewSpec | None = None,
        addressing: Addressing = nobody,
    ) -> Recorded:
        """Record one check.

        1. The pictures that are to be kept become files. A crash after this leaves files that nobody refers to, and
           pruning removes them.
        2. One transaction: the observation; the view's state and next time, unless the view has moved on meanwhile;
           the incident that the transition opens, changes, ends or takes up again, with its timeline; the incident
           that stands for it and for others, where there is one; a delivery for every route.
        3. A picture that a later one has taken the place of is removed.

        Args:
            observation: What was found.
            addressees: Who is to be told.
            announce: Makes the alert from the incident as it is then, the observation, and the alert's sequence
                within the incident; called inside the transaction, so it must be quick and pure.
            spec: The view as configured. None for what is usual, and for an incident that stands for itself.
            addressing: Who is told of several views at once.

        Raises:
            UnknownView: The view is not stored.
            StoreError: Nothing was recorded; the same call may be made again.
        """
        pictures = self._keep(observation)
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
            _move_on(connection, view, observation, {} if superseded else _outcome(observation))
            followed, alerts = Followed(), 0
            if not superseded:
                followed = follow(
                    connection, view.id, observation, pictures, spec or ViewSpec(observation.key)
                )
                alerts = _tell(
                    connection, view.id, observation, followed, addressees, announce, spec, addressing
                )
            incident = followed.incident
            connection.execute(_insert(), _row(view.id, observation, incident, alerts, pictures.evidence))
        if followed.former_latest is not None:
            self._let_go(followed.former_latest)
        return Recorded(duplicate=False, incident=incident, alerts=alerts, superseded=superseded)

    def _keep(self, observation: Observation) -> Pictures:
        evidence = None if observation.keep_image is None else self._images.put(observation.keep_image)
        if observation.latest_image is None:
            return Pictures(evidence, evidence)
        return Pictures(evidence, self._images.put(observation.latest_image))

    def _let_go(self, digest: str) -> None:
        """Remove a picture unless something refers to it; one that stays by mischance is removed by pruning."""
        with self._database.read() as connection:
            if digest in used_pictures(connection, [digest]):
                return
        with suppress(ImageMissing):
            self._images.remove(self._images.path(digest), REPLACED_AGE_S)


def _tell(
    connection: Connection,
    view_id: int,
    observation: Observation,
    followed: Followed,
    addressees: Sequence[Addressee],
    announce: Announce,
    spec: ViewSpec | None,
    addressing: Addressing,
) -> int:
    """Queue what there is to tell of an incident, or of the one that stands for it; returns how many deliveries."""
    incident, change, at = followed.incident, followed.change, observation.checked_at
    if incident is None:
        return 0
    standing = StandIn()
    if change is Change.RECOVERED:
        if incident.parent_id is not None and is_open(connection, incident.parent_id):
            standing = StandIn(incident.parent_id)
    elif spec is not None and observation.verdict.kind is not VerdictKind.OK:
        case = Case(view_id, incident, observation, change, spec, addressees, addressing)
        standing = stand_in(connection, case)
    parent_id, alerts = standing.parent_id, standing.alerts
    # Whoever knows that it is open is told how it goes on, even where no route leads there any more.
    if change is not None and (addressees or change is not Change.OPENED):
        alerts += announce_incident(
            connection, incident, lambda sequence: announce(incident, observation, sequence), addressees, at
        )
    if followed.is_more_urgent and spec is not None:
        heard = addressing(Matter.of([spec], incident.cause))
        alerts += announce_incident(
            connection,
            incident,
            lambda sequence: urgency_announcement(incident, at, sequence, spec),
            heard,
            at,
        )
    if change is Change.RECOVERED and parent_id is not None:
        drop_told_by_parents(connection, at, among=[incident.id])
        leave_merged(connection, parent_id, view_id, incident.id, at)
        settle_merged(connection, parent_id, at, addressing)
    return alerts


def _is_superseded(view: Row[Any], observation: Observation) -> bool:
    last_slot = view.last_slot
    if last_slot is None or last_slot <= observation.slot:
        return False
    # Stored under a clock that ran far ahead: obeying it would leave the view without a state until then.
    return bool(last_slot <= observation.checked_at + CLOCK_TRUST)


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
