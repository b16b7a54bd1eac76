"""Incidents about several views at once: a host with all of its cameras, a site, a swapped pair."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection

from monitor.domain.addressee import Addressee
from monitor.domain.alert import Alert
from monitor.domain.incident import Incident, Scope
from monitor.domain.lifecycle import goes_on
from monitor.domain.severity import Severity, severity_of
from monitor.domain.timeline import Entry, EntryKind
from monitor.domain.verdict import VerdictKind
from monitor.domain.view import ViewKey
from monitor.store.engine import Database
from monitor.store.incidents import announce_incident, get_incident, select_incidents, to_incidents
from monitor.store.tables import incident_entries, incident_members, incidents
from monitor.store.timeline import add_entry
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
        severity: Severity | None = None,
        reason: str = "",
        reopen_within_s: float = 0.0,
    ) -> Incident:
        """Open an incident with its members and the deliveries about it, all or nothing.

        The subject's last one is taken up again where it had the same cause and ended a short while ago. Where one is
        open for the subject already it is given back as it is, and nobody is told again: the same call may be made
        until it works.

        Args:
            scope: Not that of single views.
            subject: What it is about.
            members: The views, at least one.
            cause: What is wrong.
            first_seen_at: When that was first seen.
            now: When it opens.
            addressees: Who is to be told.
            announce: Makes the alert from the incident and the alert's sequence; quick and pure.
            severity: How urgent it is; None for what is usual.
            reason: Why it opens, one sentence.
            reopen_within_s: How long ago an end may be for the incident to go on; 0 makes every one a new one.

        Raises:
            UnknownView: A member is not stored.
            StoreError: Nothing was recorded.
        """
        with self._database.write() as connection:
            known = find_open_group(connection, scope, subject)
            if known is not None:
                return get_incident(connection, known)
            ids = [find_view(connection, key).id for key in members]
            urgency = severity or severity_of(cause)
            incident_id = _take_up(connection, scope, subject, cause, urgency, reopen_within_s, now, reason)
            if incident_id is None:
                incident_id = open_group(
                    connection,
                    scope,
                    subject,
                    ids[0],
                    cause,
                    urgency,
                    first_seen_at=first_seen_at,
                    now=now,
                    reason=reason,
                )
            if incident_id is None:  # another process was faster by the time of this transaction
                return get_incident(connection, _found(find_open_group(connection, scope, subject)))
            add_members(connection, incident_id, ids, now)
            incident = get_incident(connection, incident_id)
            if addressees:
                announce_incident(
                    connection, incident, lambda number: announce(incident, number), addressees, now
                )
            return incident

    def beginnings(self, scope: Scope, subject: str, since: datetime) -> int:
        """How often an incident about the subject was opened or taken up again from that time on."""
        query = (
            select(func.count())
            .select_from(incident_entries.join(incidents, incidents.c.id == incident_entries.c.incident_id))
            .where(
                incidents.c.scope == scope,
                incidents.c.subject == subject,
                incident_entries.c.at >= since,
                incident_entries.c.kind.in_((EntryKind.OPENED.value, EntryKind.REOPENED.value)),
            )
        )
        with self._database.read() as connection:
            return int(connection.scalar(query) or 0)

    def end(
        self,
        scope: Scope,
        subject: str,
        *,
        now: datetime,
        addressees: Sequence[Addressee],
        announce: Announce,
        reason: str = "",
    ) -> Incident | None:
        """End the subject's open incident, and queue the alert about that; None where none is open.

        Raises:
            StoreError: Nothing was recorded.
        """
        with self._database.write() as connection:
            known = find_open_group(connection, scope, subject)
            if known is None:
                return None
            close_group(connection, known, now, reason)
            ended = get_incident(connection, known)
            if addressees:
                announce_incident(connection, ended, lambda number: announce(ended, number), addressees, now)
            return ended


def find_open_group(connection: Connection, scope: Scope, subject: str) -> int | None:
    """The number of the subject's open incident, locked, within the caller's transaction."""
    query = select(incidents.c.id).where(
        incidents.c.scope == scope, incidents.c.subject == subject, incidents.c.resolved_at.is_(None)
    )
    return connection.scalar(query.with_for_update())


def open_group(
    connection: Connection,
    scope: Scope,
    subject: str,
    view_id: int,
    cause: VerdictKind,
    severity: Severity,
    *,
    first_seen_at: datetime,
    now: datetime,
    reason: str,
    facts: Mapping[str, Any] | None = None,
) -> int | None:
    """Open an incident about several views within the caller's transaction.

    Args:
        connection: Of the transaction.
        scope: Not that of single views.
        subject: What it is about.
        view_id: The first of its views.
        cause: What is wrong.
        severity: How urgent it is.
        first_seen_at: When that was first seen.
        now: When it opens.
        reason: Why, one sentence.
        facts: What is to be known of its beginning later, JSON-able.

    Returns:
        Its number; None where one is open for the subject, be it opened by another process in this very moment.
    """
    incident_id = connection.scalar(
        dialect_of(connection)
        .insert(incidents)
        .values(
            scope=scope,
            subject=subject,
            view_id=view_id,
            cause=cause,
            severity=severity,
            opened_at=now,
            first_seen_at=first_seen_at,
            last_seen_at=now,
            comment="",
            verdict=dict(facts or {}),
            alerts=0,
        )
        .on_conflict_do_nothing()
        .returning(incidents.c.id)
    )
    if incident_id is None:
        return None
    data = {"cause": cause, "severity": severity, **(facts or {})}
    add_entry(connection, incident_id, Entry(EntryKind.OPENED, now, text=reason, data=data))
    return int(incident_id)


def _take_up(
    connection: Connection,
    scope: Scope,
    subject: str,
    cause: VerdictKind,
    severity: Severity,
    within_s: float,
    now: datetime,
    reason: str,
) -> int | None:
    """Take the subject's last incident up again; its number, or None where this is a new one."""
    query = (
        select_incidents()
        .where(incidents.c.scope == scope, incidents.c.subject == subject)
        .order_by(incidents.c.id.desc())
        .limit(1)
    )
    last = to_incidents(connection, connection.execute(query).all())
    if not last or not goes_on(last[0], cause, now, within_s):
        return None
    taken = connection.execute(
        update(incidents)
        .where(incidents.c.id == last[0].id, incidents.c.resolved_at.is_not(None))
        .values(
            resolved_at=None,
            reopened=incidents.c.reopened + 1,
            severity=severity,
            last_seen_at=max(now, last[0].last_seen_at),
        )
    )
    if taken.rowcount == 0:
        return None
    data = {"cause": cause, "severity": severity}
    add_entry(connection, last[0].id, Entry(EntryKind.REOPENED, now, text=reason, data=data))
    return last[0].id


def add_members(connection: Connection, incident_id: int, view_ids: Sequence[int], now: datetime) -> None:
    """Put down that views are part of an incident, perhaps again, within the caller's transaction."""
    rows = [{"incident_id": incident_id, "view_id": view_id, "joined_at": now} for view_id in view_ids]
    if rows:
        statement = dialect_of(connection).insert(incident_members)
        again = statement.on_conflict_do_update(
            index_elements=["incident_id", "view_id"], set_={"left_at": None}
        )
        connection.execute(again, rows)


def close_group(
    connection: Connection, incident_id: int, now: datetime, reason: str, author: str = ""
) -> bool:
    """End an incident about several views within the caller's transaction; False where it has ended already."""
    ended = connection.execute(
        update(incidents)
        .where(incidents.c.id == incident_id, incidents.c.resolved_at.is_(None))
        .values(resolved_at=now)
    )
    if ended.rowcount == 0:
        return False
    connection.execute(
        update(incidents)
        .where(incidents.c.id == incident_id, incidents.c.last_seen_at < now)
        .values(last_seen_at=now)
    )
    connection.execute(
        update(incident_members)
        .where(incident_members.c.incident_id == incident_id, incident_members.c.left_at.is_(None))
        .values(left_at=now)
    )
    add_entry(connection, incident_id, Entry(EntryKind.RESOLVED, now, author, reason))
    return True


def dialect_of(connection: Connection) -> Any:
    """Where `insert` has an `on_conflict` clause: both databases know it, what they share in SQLAlchemy does not."""
    return postgresql if connection.dialect.name == "postgresql" else sqlite


def _found(incident_id: int | None) -> int:
    assert incident_id is not None, "who kept us from opening it has opened it"
    return incident_id
