"""Reminders: which incidents may need one, and each of them once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, insert, or_, select, update
from sqlalchemy.engine import Connection

from monitor.domain.addressee import Addressee
from monitor.domain.alert import Alert, AlertKind
from monitor.domain.incident import Incident
from monitor.domain.timeline import Entry, EntryKind
from monitor.store.engine import Database
from monitor.store.incidents import announce_incident, get_incident, select_incidents, to_incidents
from monitor.store.parents import has_open_parent
from monitor.store.rows import DeliveryStatus
from monitor.store.serial import from_json
from monitor.store.tables import deliveries, incidents, reminders
from monitor.store.timeline import add_entry

_WHAT_IS_WRONG = (AlertKind.OPENED, AlertKind.CHANGED, AlertKind.REOPENED)


@dataclass(frozen=True, slots=True)
class Untended:
    """An open incident that nobody has taken note of.

    Attributes:
        incident: It.
        told_at: When each notifier last accepted something about it; without those to which something is on its way.
        reminded: How often each notifier has been reminded of it.
    """

    incident: Incident
    told_at: dict[str, datetime] = field(default_factory=dict)
    reminded: dict[str, int] = field(default_factory=dict)


class Reminders:
    """The room of the reminders."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def untended(self, told_before: datetime) -> list[Untended]:
        """Open incidents that nobody has taken note of and no other stands for, and of which somebody was last told
        before this time.
        """
        with self._database.read() as connection:
            told = _told(connection, told_before)
            if not told:
                return []
            query = select_incidents().where(incidents.c.id.in_(told)).order_by(incidents.c.id)
            counts = connection.execute(
                select(reminders.c.incident_id, reminders.c.notifier, reminders.c.count).where(
                    reminders.c.incident_id.in_(told)
                )
            ).all()
            found = to_incidents(connection, connection.execute(query).all())
        reminded: dict[int, dict[str, int]] = {}
        for row in counts:
            reminded.setdefault(row.incident_id, {})[row.notifier] = row[2]
        return [Untended(one, told[one.id], reminded.get(one.id, {})) for one in found]

    def remind(
        self,
        incident_id: int,
        addressees: Sequence[Addressee],
        expected: dict[str, int],
        make: Callable[[Incident, Alert, int], Alert],
        now: datetime,
    ) -> int:
        """Queue one reminder, unless the incident has ended, was taken note of, or was reminded of meanwhile.

        Args:
            incident_id: Of which.
            addressees: Whom.
            expected: How often each of them has been reminded so far; who has been more often is left out.
            make: Makes the alert from the incident, the newest alert that told what is wrong, and the sequence.
            now: The time.

        Returns:
            How many notifiers are reminded.
        """
        with self._database.write() as connection:
            incident = get_incident(connection, incident_id, lock=True)
            if incident.resolved_at is not None or incident.acknowledged_at is not None:
                return 0
            counts = {
                row.notifier: row[1]
                for row in connection.execute(
                    select(reminders.c.notifier, reminders.c.count).where(
                        reminders.c.incident_id == incident_id
                    )
                )
            }
            due = [one for one in addressees if counts.get(one.notifier, 0) == expected.get(one.notifier, 0)]
            last = connection.scalar(_last_alert(incident_id))
            if not due or last is None:
                return 0
            newest = from_json(Alert, last)
            announce_incident(connection, incident, lambda number: make(incident, newest, number), due, now)
            for one in due:
                _count(connection, incident_id, one.notifier, counts, now)
            names = ", ".join(one.notifier for one in due)
            entry = Entry(EntryKind.REMINDED, now, text=f"Reminded {names}.", data={"notifiers": names})
            add_entry(connection, incident_id, entry)
            return len(due)


def _told(connection: Connection, before: datetime) -> dict[int, dict[str, datetime]]:
    """When each notifier last accepted something, by incident; only where nothing is on its way to it."""
    waiting = deliveries.alias("waiting")
    on_its_way = (
        select(waiting.c.id)
        .where(
            waiting.c.incident_id == deliveries.c.incident_id,
            waiting.c.notifier == deliveries.c.notifier,
            or_(waiting.c.status == DeliveryStatus.PENDING, waiting.c.status == DeliveryStatus.HELD),
        )
        .exists()
    )
    told_at = func.max(deliveries.c.finished_at)
    query = (
        select(deliveries.c.incident_id, deliveries.c.notifier, told_at.label("told_at"))
        .join(incidents, incidents.c.id == deliveries.c.incident_id)
        .where(
            incidents.c.resolved_at.is_(None),
            incidents.c.acknowledged_at.is_(None),
            ~has_open_parent(incidents.c.id),
            deliveries.c.status == DeliveryStatus.DELIVERED,
            ~on_its_way,
        )
        .group_by(deliveries.c.incident_id, deliveries.c.notifier)
        .having(told_at <= before)
    )
    found: dict[int, dict[str, datetime]] = {}
    for row in connection.execute(query):
        found.setdefault(row.incident_id, {})[row.notifier] = row.told_at
    return found


def _last_alert(incident_id: int) -> Select[Any]:
    return (
        select(deliveries.c.alert)
        .where(
            deliveries.c.incident_id == incident_id,
            deliveries.c.alert["kind"].as_string().in_([kind.value for kind in _WHAT_IS_WRONG]),
        )
        .order_by(deliveries.c.sequence.desc())
        .limit(1)
    )


def _count(
    connection: Connection, incident_id: int, notifier: str, counts: dict[str, int], now: datetime
) -> None:
    if notifier in counts:
        connection.execute(
            update(reminders)
            .where(reminders.c.incident_id == incident_id, reminders.c.notifier == notifier)
            .values(count=counts[notifier] + 1, last_at=now)
        )
    else:
        connection.execute(
            insert(reminders).values(incident_id=incident_id, notifier=notifier, count=1, last_at=now)
        )
