"""Incidents: listing them, taking note of them, ending them by hand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, bindparam, or_, select, update
from sqlalchemy.engine import Connection

from monitor.domain.addressee import Addressee
from monitor.domain.alert import Alert
from monitor.domain.incident import Incident, Scope
from monitor.domain.severity import Severity
from monitor.domain.state import ViewState
from monitor.domain.timeline import Entry, EntryKind
from monitor.domain.verdict import VerdictKind
from monitor.domain.view import ViewKey
from monitor.domain.worst import Worst
from monitor.store.engine import Database
from monitor.store.errors import UnknownIncident
from monitor.store.queueing import queue_alert
from monitor.store.rows import Resolution
from monitor.store.serial import from_json
from monitor.store.tables import incident_members, incidents, views
from monitor.store.timeline import add_entry
from monitor.store.views import find_view, restart_view

Announce = Callable[[Incident, int], Alert]


class Incidents:
    """The room of the incidents."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def open(self) -> list[Incident]:
        """Every open incident, the oldest first."""
        query = select_incidents().where(incidents.c.resolved_at.is_(None)).order_by(incidents.c.id)
        with self._database.read() as connection:
            return to_incidents(connection, connection.execute(query).all())

    def get(self, incident_id: int) -> Incident:
        """One incident.

        Raises:
            UnknownIncident: There is none with this number.
        """
        with self._database.read() as connection:
            return get_incident(connection, incident_id)

    def find(
        self, *, only_open: bool = True, site: str = "", keys: Sequence[ViewKey] = (), limit: int = 100
    ) -> list[Incident]:
        """Incidents, the newest first.

        Args:
            only_open: None that are over.
            site: Only those with a view of this site; empty for all.
            keys: Only those with one of these views; empty for all.
            limit: How many at most.
        """
        query = select_incidents().order_by(incidents.c.opened_at.desc(), incidents.c.id.desc()).limit(limit)
        if only_open:
            query = query.where(incidents.c.resolved_at.is_(None))
        wanted = []
        if site:
            wanted.append(views.c.site == site)
        if keys:
            wanted.append(
                or_(*(and_(views.c.camera == key.camera, views.c.view == key.view) for key in keys))
            )
        for condition in wanted:
            query = query.where(or_(condition, incidents.c.id.in_(_with_member(condition))))
        with self._database.read() as connection:
            return to_incidents(connection, connection.execute(query).all())

    def list(self, key: ViewKey | None = None, limit: int = 100) -> list[Incident]:
        """Incidents that one view is or was in, or all: the newest first."""
        query = select_incidents().order_by(incidents.c.opened_at.desc(), incidents.c.id.desc()).limit(limit)
        if key is not None:
            of_key = and_(views.c.camera == key.camera, views.c.view == key.view)
            query = query.where(or_(of_key, incidents.c.id.in_(_with_member(of_key))))
        with self._database.read() as connection:
            return to_incidents(connection, connection.execute(query).all())

    def acknowledge(
        self,
        incident_id: int,
        by: str,
        comment: str,
        now: datetime,
        *,
        addressees: Sequence[Addressee] = (),
        announce: Announce | None = None,
    ) -> Incident:
        """Note that a person has seen it; the first one stays noted, comments add up.

        Args:
            incident_id: Which.
            by: Who has seen it.
            comment: What there is to say, or empty.
            now: The time.
            addressees: Whom routes lead to now; only those hear of it who know of the incident already.
            announce: Makes the alert about it from the incident and the alert's sequence; None tells nobody.

        Raises:
            UnknownIncident: There is none with this number.
        """
        with self._database.write() as connection:
            incident = get_incident(connection, incident_id, lock=True)
            values: dict[str, Any] = {"comment": _joined(incident.comment, comment)}
            is_first = incident.acknowledged_at is None
            if is_first:
                values |= {"acknowledged_at": now, "acknowledged_by": by}
            connection.execute(update(incidents).where(incidents.c.id == incident_id).values(values))
            if is_first or comment:
                kind = EntryKind.ACKNOWLEDGED if is_first else EntryKind.COMMENTED
                add_entry(connection, incident_id, Entry(kind, now, by, comment))
            noted = get_incident(connection, incident_id)
            if is_first and noted.resolved_at is None and announce is not None:
                announce_incident(connection, noted, lambda number: announce(noted, number), addressees, now)
            return noted

    def unacknowledge(self, incident_id: int, by: str, comment: str, now: datetime) -> Incident:
        """Take an acknowledgement back; of one that has none only the comment is noted.

        Raises:
            UnknownIncident: There is none with this number.
        """
        with self._database.write() as connection:
            incident = get_incident(connection, incident_id, lock=True)
            values = {
                "acknowledged_at": None,
                "acknowledged_by": None,
                "comment": _joined(incident.comment, comment),
            }
            connection.execute(update(incidents).where(incidents.c.id == incident_id).values(values))
            if incident.acknowledged_at is not None:
                add_entry(connection, incident_id, Entry(EntryKind.UNACKNOWLEDGED, now, by, comment))
            elif comment:
                add_entry(connection, incident_id, Entry(EntryKind.COMMENTED, now, by, comment))
            return get_incident(connection, incident_id)

    def comment(self, incident_id: int, by: str, text: str, now: datetime) -> Incident:
        """Note what somebody has to say of it, open or not.

        Raises:
            UnknownIncident: There is none with this number.
        """
        with self._database.write() as connection:
            incident = get_incident(connection, incident_id, lock=True)
            values = {"comment": _joined(incident.comment, text)}
            connection.execute(update(incidents).where(incidents.c.id == incident_id).values(values))
            add_entry(connection, incident_id, Entry(EntryKind.COMMENTED, now, by, text))
            return get_incident(connection, incident_id)

    def resolve(
        self, incident_id: int, now: datetime, resolution: Resolution, *, restart: bool = False
    ) -> Incident:
        """End an incident by hand. One that has ended already stays as it is.

        The view's state is left alone, unless it is to be restarted: then it is looked at anew, as it would be after
        an enrolment. To change the references as well ("this is the new normal"), give the resolution to
        `Gallery.add_version`.

        Raises:
            UnknownIncident: There is none with this number.
        """
        with self._database.write() as connection:
            if restart:
                # First the view and then its incident, as checks lock them.
                key = get_incident(connection, incident_id).key
                view_id = find_view(connection, key, lock=True).id
            incident = get_incident(connection, incident_id, lock=True)
            if incident.resolved_at is None:
                resolve_incident(connection, incident, now, resolution)
                if restart:
                    restart_view(connection, view_id, ViewState(), now)
            return get_incident(connection, incident_id)


def resolve_incident(
    connection: Connection, incident: Incident, now: datetime, resolution: Resolution
) -> None:
    """End an open incident within the caller's transaction, and queue the alert about it."""
    connection.execute(
        update(incidents).where(incidents.c.id == incident.id).values(
            resolved_at=now,
            acknowledged_at=incident.acknowledged_at or now,
            acknowledged_by=incident.acknowledged_by or resolution.by,
            comment=_joined(incident.comment, resolution.comment),
        )
    )  # fmt: skip
    add_entry(connection, incident.id, Entry(EntryKind.RESOLVED, now, resolution.by, resolution.comment))
    if resolution.announce is not None:
        announce = resolution.announce
        resolved = get_incident(connection, incident.id)
        announce_incident(
            connection, resolved, lambda number: announce(resolved, number), resolution.addressees, now
        )


def announce_incident(
    connection: Connection,
    incident: Incident,
    make: Callable[[int], Alert],
    addressees: Sequence[Addressee],
    now: datetime,
) -> int:
    """Number the incident's next alert, make it, and queue it for every route; returns how many
    deliveries.
    """
    sequence: int = connection.execute(
        update(incidents)
        .where(incidents.c.id == incident.id)
        .values(alerts=incidents.c.alerts + 1)
        .returning(incidents.c.alerts)
    ).scalar_one()
    return queue_alert(connection, make(sequence), sequence, addressees, now)


def select_incidents() -> Select[Any]:
    """Incidents with the names of their views."""
    return select(incidents, views.c.camera, views.c.view).join(views, views.c.id == incidents.c.view_id)


def get_incident(connection: Connection, incident_id: int, *, lock: bool = False) -> Incident:
    """One incident, within the caller's transaction.

    Raises:
        UnknownIncident: There is none with this number.
    """
    query = select_incidents().where(incidents.c.id == incident_id)
    row = connection.execute(query.with_for_update(of=incidents) if lock else query).first()
    if row is None:
        raise UnknownIncident(f"There is no incident {incident_id}.", "`monitor status` lists the open ones.")
    return to_incidents(connection, [row])[0]


def find_open_incident(connection: Connection, view_id: int) -> Incident | None:
    """The incident of its own that a view is in, within the caller's transaction."""
    row = connection.execute(_open_incident(), {"of_view": view_id}).first()
    return None if row is None else to_incidents(connection, [row])[0]


@cache
def _open_incident() -> Select[Any]:
    return select_incidents().where(
        incidents.c.view_id == bindparam("of_view"),
        incidents.c.scope == Scope.VIEW,
        incidents.c.resolved_at.is_(None),
    )


def _with_member(condition: ColumnElement[bool]) -> Select[Any]:
    return (
        select(incident_members.c.incident_id)
        .join(views, views.c.id == incident_members.c.view_id)
        .where(condition)
        .correlate(None)
    )


def to_incidents(connection: Connection, rows: Sequence[Row[Any]]) -> list[Incident]:
    """Rows of `select_incidents` as the domain knows them, with the members of those that have several."""
    members: dict[int, list[ViewKey]] = {row.id: [] for row in rows if row.scope != Scope.VIEW}
    if members:
        query = (
            select(incident_members.c.incident_id, views.c.camera, views.c.view)
            .join(views, views.c.id == incident_members.c.view_id)
            .where(incident_members.c.incident_id.in_(members))
            .order_by(views.c.camera, views.c.view)
        )
        for found in connection.execute(query):
            members[found.incident_id].append(ViewKey(found.camera, found.view))
    return [_incident(row, members.get(row.id)) for row in rows]


def _incident(row: Row[Any], members: Sequence[ViewKey] | None) -> Incident:
    key = ViewKey(row.camera, row.view)
    return Incident(
        id=row.id,
        key=key,
        cause=VerdictKind(row.cause),
        opened_at=row.opened_at,
        first_seen_at=row.first_seen_at,
        last_seen_at=row.last_seen_at,
        resolved_at=row.resolved_at,
        acknowledged_at=row.acknowledged_at,
        acknowledged_by=row.acknowledged_by,
        comment=row.comment,
        frame_digest=row.frame_digest,
        verdict=row.verdict,
        scope=Scope(row.scope),
        subject=row.subject,
        members=(key,) if members is None else tuple(members),
        severity=Severity(row.severity),
        parent_id=row.parent_id,
        reopened=row.reopened,
        worst=from_json(Worst, row.worst),
        latest_digest=row.latest_digest,
    )


def _joined(before: str, after: str) -> str:
    after = after.replace("\0", "")
    return "\n".join(part for part in (before, after) if part)
