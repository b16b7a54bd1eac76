"""The timelines of incidents; only ever added to, by whatever changes an incident, in the same transaction."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import insert, select
from sqlalchemy.engine import Connection

from monitor.domain.timeline import Entry, EntryKind
from monitor.store.engine import Database
from monitor.store.serial import to_json
from monitor.store.tables import incident_entries


class Timelines:
    """The room of the timelines."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, incident_id: int) -> list[Entry]:
        """What happened to an incident, the earliest first; empty where there is no such incident."""
        with self._database.read() as connection:
            return entries_of(connection, incident_id)


def entries_of(connection: Connection, incident_id: int) -> list[Entry]:
    """The same within the caller's transaction."""
    query = (
        select(incident_entries)
        .where(incident_entries.c.incident_id == incident_id)
        .order_by(incident_entries.c.id)
    )
    return [
        Entry(EntryKind(row.kind), row.at, row.author, row.text, row.data)
        for row in connection.execute(query)
    ]


def add_entry(connection: Connection, incident_id: int, entry: Entry) -> None:
    """Put down, within the caller's transaction, what happened to an incident."""
    add_entries(connection, [incident_id], entry)


def add_entries(connection: Connection, incident_ids: Sequence[int], entry: Entry) -> None:
    """The same of several incidents that one thing happened to."""
    if not incident_ids:
        return
    row = {
        "at": entry.at,
        "kind": entry.kind.value,
        "author": to_json(entry.author),
        "text": to_json(entry.text),
        "data": to_json(entry.data),
    }
    connection.execute(insert(incident_entries), [{"incident_id": number, **row} for number in incident_ids])
