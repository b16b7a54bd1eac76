"""Alerts that are not to be told at present: looked at again until they are told, or there is nothing to tell."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select, update
from sqlalchemy.engine import Connection

from monitor.domain.incident import Incident
from monitor.domain.telling import OVER_UNTOLD
from monitor.domain.timeline import Entry, EntryKind
from monitor.store.engine import Database
from monitor.store.incidents import select_incidents, to_incidents
from monitor.store.rows import DeliveryStatus
from monitor.store.tables import deliveries, incidents
from monitor.store.timeline import add_entries

CHUNK = 500


@dataclass(frozen=True, slots=True)
class HeldAlert:
    """What is held of one incident.

    Attributes:
        incident: As it is now.
        reasons: Why, by notifier.
    """

    incident: Incident
    reasons: dict[str, str]


class HeldAlerts:
    """The room of the held alerts."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self) -> list[HeldAlert]:
        """Everything that is held, by incident, the oldest first."""
        query = (
            select(deliveries.c.incident_id, deliveries.c.notifier, deliveries.c.held_reason)
            .where(deliveries.c.status == DeliveryStatus.HELD)
            .order_by(deliveries.c.incident_id, deliveries.c.sequence)
        )
        reasons: dict[int, dict[str, str]] = defaultdict(dict)
        with self._database.read() as connection:
            for row in connection.execute(query):
                reasons[row.incident_id][row.notifier] = row.held_reason
            numbers, found = list(reasons), []
            for start in range(0, len(numbers), CHUNK):
                chosen = select_incidents().where(incidents.c.id.in_(numbers[start : start + CHUNK]))
                found += to_incidents(connection, connection.execute(chosen.order_by(incidents.c.id)).all())
        return [HeldAlert(incident, reasons[incident.id]) for incident in found]

    def release(self, incident_ids: Sequence[int], notifier: str, due_at: datetime, now: datetime) -> int:
        """Let what is held of open incidents be told; how many alerts that are.

        An incident that has ended meanwhile is not told. One that somebody is changing at this moment stays held, until
        this is called again: who changes it may be waiting for another of these.
        """
        entry = Entry(EntryKind.RELEASED, now, text=f"Told to {notifier} now.", data={"notifier": notifier})

        def release(connection: Connection, chunk: Sequence[int]) -> int:
            query = select(incidents.c.id).where(incidents.c.id.in_(chunk), incidents.c.resolved_at.is_(None))
            open_ones = connection.scalars(query.with_for_update(skip_locked=True)).all()
            values = {"status": DeliveryStatus.PENDING, "next_attempt_at": due_at}
            released = _change(connection, open_ones, notifier, values)
            add_entries(connection, sorted(set(released)), entry)
            return len(released)

        return self._in_chunks(incident_ids, release)

    def keep(self, incident_ids: Sequence[int], notifier: str, reason: str) -> None:
        """Go on holding, for another reason."""
        self._in_chunks(
            incident_ids,
            lambda connection, chunk: len(_change(connection, chunk, notifier, {"held_reason": reason})),
        )

    def drop(self, incident_ids: Sequence[int], notifier: str, reason: str, now: datetime) -> int:
        """Give up what is held of incidents; how many alerts that are."""
        values = {"status": DeliveryStatus.DROPPED, "held_reason": reason, "finished_at": now}
        return self._in_chunks(
            incident_ids, lambda connection, chunk: len(_change(connection, chunk, notifier, values))
        )

    def _in_chunks(
        self, incident_ids: Sequence[int], change: Callable[[Connection, Sequence[int]], int]
    ) -> int:
        """A transaction for every so many: ten thousand must neither be as many, nor keep checks waiting in one."""
        changed = 0
        for start in range(0, len(incident_ids), CHUNK):
            with self._database.write() as connection:
                changed += change(connection, incident_ids[start : start + CHUNK])
        return changed

    def drop_told_by_parents(self, now: datetime) -> int:
        """Give up alerts of incidents that began and ended while another stood for them; how many that are."""
        with self._database.write() as connection:
            return drop_told_by_parents(connection, now)


def drop_told_by_parents(connection: Connection, now: datetime, among: Sequence[int] | None = None) -> int:
    """The same within the caller's transaction.

    To be called in the transaction that ends the incident which stood for others, before anybody can lease what has
    become free by that.

    Args:
        connection: Of the transaction.
        now: The time.
        among: Only these incidents.
    """
    told = deliveries.alias("told")
    over = select(incidents.c.id).where(
        incidents.c.parent_id.is_not(None), incidents.c.resolved_at.is_not(None)
    )
    which: ColumnElement[bool] = deliveries.c.incident_id.in_(over)
    if among is not None:
        # Said of both tables: SQLite would look through all of either, each time that one of ten thousand recovers.
        of_these = over.where(incidents.c.id.in_(among))
        which = and_(deliveries.c.incident_id.in_(of_these), deliveries.c.incident_id.in_(among))
    # Whoever was told of the beginning, before the other incident began, hears of the end.
    knows_of_it = (
        select(told.c.id)
        .where(
            told.c.incident_id == deliveries.c.incident_id,
            told.c.notifier == deliveries.c.notifier,
            or_(told.c.status == DeliveryStatus.DELIVERED, told.c.attempts > 0),
        )
        .exists()
    )
    return connection.execute(
        update(deliveries)
        .where(
            deliveries.c.status.in_([DeliveryStatus.PENDING, DeliveryStatus.HELD]),
            func.coalesce(deliveries.c.batch, "") == "",  # not `IS NULL`, for the same reason
            which,
            ~knows_of_it,
        )
        .values(status=DeliveryStatus.DROPPED, held_reason=OVER_UNTOLD, finished_at=now)
    ).rowcount


def _change(
    connection: Connection, incident_ids: Sequence[int], notifier: str, values: Mapping[str, Any]
) -> list[int]:
    """Change what is held of these incidents, but for what others have locked; the incident of each alert changed."""
    chosen = connection.scalars(
        select(deliveries.c.id)
        .where(
            deliveries.c.incident_id.in_(incident_ids),
            deliveries.c.notifier == notifier,
            deliveries.c.status == DeliveryStatus.HELD,
        )
        .with_for_update(skip_locked=True)
    ).all()
    changed = update(deliveries).where(deliveries.c.id.in_(chosen)).values(values)
    return list(connection.scalars(changed.returning(deliveries.c.incident_id)))
