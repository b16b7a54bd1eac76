"""Incidents about several views at once: a host with all of its cameras."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from sqlalchemy import insert, select, update
from sqlalchemy.engine import Connection

from monitor.domain.addressee import Addressee
from monitor.domain.alert import Alert
from monitor.domain.incident import Incident, Scope
from monitor.domain.verdict import VerdictKind
from monitor.domain.view import ViewKey
from monitor.store.engine import Database
from monitor.store.incidents import announce_incident, get_incident, select_incidents, to_incidents
from monitor.store.tables import incident_members, incidents
from monitor.store.views import find_view

Announce = Callable[[Incident, int], Alert]


class GroupIncidents:
    """The room of the incidents that have several members; at most one is open for a subject."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def open(self, scope: Scope) -> list[Incident]:
        """The open incidents of a scope, the oldest first."""
        query = (
            select_incidents()
            .where(incidents.c.scope == scope, incidents.c.resolved_at.is_(None))
            .order_by(incidents.c.id)
        )
        with self._database.read() as connection:
            return to_incidents(connection, connection.execute(query).all())

    def begin(
        self,
        scope: Scope,
        subject: str,
        members: Sequence[ViewKey],
        cause: VerdictKind,
        *,
        first_seen_at: datetime,
        now: datetime,
        addressees: Sequence[Addressee],
        announce: Announce,
    ) -> Incident:
        """Open an incident with its members and the deliveries about it, all or nothing.

        Where one is open for the subject already it is given back as it is, and nobody is told again: the same call
        may be made until it works.

        Args:
            scope: Not that of single views.
            subject: What it is about.
            members: The views, at least one.
            cause: What is wrong.
            first_seen_at: When that was first seen.
            now: When it opens.
            addressees: Who is to be told.
            announce: Makes the alert from the incident and the alert's sequence; quick and pure.

        Raises:
            UnknownView: A member is not stored.
            StoreError: Nothing was recorded.
        """
        with self._database.write() as connection:
            known = _find_open(connection, scope, subject)
            if known is not None:
                return known
            ids = [find_view(connection, key).id for key in members]
            incident_id: int = connection.execute(
                insert(incidents)
                .values(
                    scope=scope,
                    subject=subject,
                    view_id=ids[0],
                    cause=cause,
                    opened_at=now,
                    first_seen_at=first_seen_at,
                    last_seen_at=now,
                    comment="",
                    verdict={},
                    alerts=0,
                )
                .returning(incidents.c.id)
            ).scalar_one()
            connection.execute(
                insert(incident_members),
                [{"incident_id": incident_id, "view_id": view_id, "joined_at": now} for view_id in ids],
            )
            incident = get_incident(connection, incident_id)
            if addressees:
                announce_incident(
                    connection, incident, lambda number: announce(incident, number), addressees, now
                )
            return incident

    def end(
        self,
        scope: Scope,
        subject: str,
        *,
        now: datetime,
        addressees: Sequence[Addressee],
        announce: Announce,
    ) -> Incident | None:
        """End the subject's open incident, and queue the alert about that; None where none is open.

        Raises:
            StoreError: Nothing was recorded.
        """
        with self._database.write() as connection:
            known = _find_open(connection, scope, subject)
            if known is None:
                return None
            connection.execute(
                update(incidents)
                .where(incidents.c.id == known.id)
                .values(resolved_at=now, last_seen_at=max(now, known.last_seen_at))
            )
            connection.execute(
                update(incident_members)
                .where(incident_members.c.incident_id == known.id, incident_members.c.left_at.is_(None))
                .values(left_at=now)
            )
            ended = get_incident(connection, known.id)
            if addressees:
                announce_incident(connection, ended, lambda number: announce(ended, number), addressees, now)
            return ended


def _find_open(connection: Connection, scope: Scope, subject: str) -> Incident | None:
    query = select(incidents.c.id).where(
        incidents.c.scope == scope, incidents.c.subject == subject, incidents.c.resolved_at.is_(None)
    )
    found = connection.scalar(query.with_for_update())
    return None if found is None else get_incident(connection, found)
