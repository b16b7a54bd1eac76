"""The queue of alerts on their way to notifiers: leased, attempted, finished; at least once, in order."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, func, select, update
from sqlalchemy.engine import Connection

from monitor.domain.alert import Alert, Outcome, Receipt
from monitor.store.engine import Database
from monitor.store.errors import UnknownDelivery
from monitor.store.leasing import BATCH_LIMIT, Demand, lease_batches
from monitor.store.rows import DeliveryRow, DeliveryStatus, LeasedBatch
from monitor.store.serial import from_json
from monitor.store.tables import deliveries


class Deliveries:
    """The room of the deliveries."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def lease(
        self,
        now: datetime,
        owner: str,
        lease_s: float,
        limit: int,
        per_notifier_limit: int,
        *,
        rooms: Mapping[str, int] | None = None,
        batch_limit: int = BATCH_LIMIT,
    ) -> list[LeasedBatch]:
        """Take messages that may be attempted now, the oldest first.

        1. What is due, not leased by anybody whose lease still runs, and not told by an incident that stands for it.
        2. Deliveries of one notifier and group go out as one message. Which ones is fixed here, once: every further
           attempt has the same alerts under the same id.
        3. Of one incident and one notifier nothing goes before what is still pending and earlier: "resolved" never
           arrives before "opened", however often "opened" must be tried. Both may be in one message.
        4. Of one notifier at most so many messages that, with those in flight, the limit is kept: one that hangs
           cannot take every sender.

        The attempt is counted here and not at its end, so a message that kills the process is not tried forever.

        Args:
            now: The time by which leases and waits are judged.
            owner: Who leases, for people who look.
            lease_s: After how many seconds without `finish` somebody else may take over.
            limit: How many messages at most.
            per_notifier_limit: How many messages of one notifier may be in flight at once.
            rooms: The same for notifiers that have a limit of their own.
            batch_limit: Alerts in one message at most.
        """
        demand = Demand(now, owner, lease_s, limit, per_notifier_limit, rooms or {}, batch_limit)
        with self._database.write() as connection:
            return lease_batches(connection, demand)

    def finish(
        self, batch: LeasedBatch, receipt: Receipt, next_attempt_at: datetime | None, now: datetime
    ) -> bool:
        """Put down what came of an attempt, for all deliveries of the message at once.

        Args:
            batch: As it was leased.
            receipt: What the notifier said.
            next_attempt_at: When to try again after `retry`; None gives the deliveries up (dead).
            now: The time of the end.

        Returns:
            False when the lease had passed to somebody else, whose word counts then; nothing is changed.
        """
        values: dict[str, Any] = {
            "detail": receipt.detail.replace("\0", ""),
            "lease_owner": None,
            "leased_until": None,
        }
        if receipt.outcome is Outcome.ACCEPTED:
            values |= {"status": DeliveryStatus.DELIVERED, "finished_at": now}
        elif receipt.outcome is Outcome.RETRY and next_attempt_at is not None:
            values |= {"next_attempt_at": next_attempt_at}
        else:
            values |= {"status": DeliveryStatus.DEAD, "finished_at": now}
        with self._database.write() as connection:
            changed = connection.execute(
                update(deliveries)
                .where(
                    deliveries.c.notifier == batch.notifier,
                    deliveries.c.batch == batch.id,
                    deliveries.c.fence == batch.fence,
                    deliveries.c.leased_until.is_not(None),
                )
                .values(values)
            )
            return changed.rowcount > 0

    def hurry(self, notifier: str, now: datetime) -> int:
        """Let what waits for its next attempt be due now, as the receiver works again; how many that are."""
        with self._database.write() as connection:
            return connection.execute(
                update(deliveries)
                .where(
                    deliveries.c.notifier == notifier,
                    deliveries.c.status == DeliveryStatus.PENDING,
                    deliveries.c.attempts > 0,
                    deliveries.c.leased_until.is_(None),
                    deliveries.c.next_attempt_at > now,
                )
                .values(next_attempt_at=now)
            ).rowcount

    def list(
        self, status: DeliveryStatus | None = None, limit: int = 100, notifier: str | None = None
    ) -> list[DeliveryRow]:
        """Deliveries, of one status or notifier or of all, the newest first."""
        query = (
            select(deliveries).order_by(deliveries.c.created_at.desc(), deliveries.c.id.desc()).limit(limit)
        )
        if status is not None:
            query = query.where(deliveries.c.status == status)
        if notifier is not None:
            query = query.where(deliveries.c.notifier == notifier)
        with self._database.read() as connection:
            return [delivery_row(row) for row in connection.execute(query)]

    def counts(self) -> dict[DeliveryStatus, int]:
        """How many deliveries stand where."""
        query = select(deliveries.c.status, func.count()).group_by(deliveries.c.status)
        with self._database.read() as connection:
            found = {DeliveryStatus(status): number for status, number in connection.execute(query)}
        return {status: found.get(status, 0) for status in DeliveryStatus}

    def waiting(self) -> dict[str, int]:
        """How many deliveries are pending, by notifier."""
        query = (
            select(deliveries.c.notifier, func.count())
            .where(deliveries.c.status == DeliveryStatus.PENDING)
            .group_by(deliveries.c.notifier)
        )
        with self._database.read() as connection:
            return {row.notifier: row[1] for row in connection.execute(query)}

    def replay(self, delivery_id: str, now: datetime) -> None:
        """Have a delivery attempted again from the start, whatever has become of it; by itself, with the alert's own
        id.

        Raises:
            UnknownDelivery: There is none with this id.
        """
        with self._database.write() as connection:
            if _requeue(connection, deliveries.c.id == delivery_id, now) != 1:
                raise UnknownDelivery(f"There is no delivery '{delivery_id}'.", "List them to find its id.")

    def replay_dead(self, now: datetime, notifier: str | None = None) -> int:
        """Have everything that was given up attempted again, or what was of one notifier; how many that are."""
        dead = deliveries.c.status == DeliveryStatus.DEAD
        with self._database.write() as connection:
            return _requeue(
                connection, dead if notifier is None else and_(dead, deliveries.c.notifier == notifier), now
            )


def _requeue(connection: Connection, which: ColumnElement[bool], now: datetime) -> int:
    return connection.execute(
        update(deliveries)
        .where(which)
        .values(
            status=DeliveryStatus.PENDING,
            attempts=0,
            next_attempt_at=now,
            finished_at=None,
            lease_owner=None,
            leased_until=None,
            batch=None,
            held_reason="",
            # Whoever is at it now has no say any more.
            fence=deliveries.c.fence + 1,
        )
    ).rowcount


def delivery_row(row: Row[Any]) -> DeliveryRow:
    """A row of the table as people list it."""
    status = DeliveryStatus(row.status)
    is_untold = status in (DeliveryStatus.HELD, DeliveryStatus.DROPPED)
    return DeliveryRow(
        id=row.id,
        notifier=row.notifier,
        alert=from_json(Alert, row.alert),
        status=status,
        attempts=row.attempts,
        next_attempt_at=row.next_attempt_at,
        created_at=row.created_at,
        finished_at=row.finished_at,
        detail=row.held_reason if is_untold else row.detail,
        group=row.group_key,
        message=row.batch or "",
    )
