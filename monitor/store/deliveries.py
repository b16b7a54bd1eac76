"""The queue of alerts on their way to notifiers: leased, attempted, finished; at least once, in order."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, func, insert, or_, select, update
from sqlalchemy.engine import Connection

from monitor.domain.addressee import Addressee
from monitor.domain.alert import Alert, Outcome, Receipt
from monitor.store.engine import Database
from monitor.store.errors import UnknownDelivery
from monitor.store.rows import DeliveryRow, DeliveryStatus, LeasedDelivery
from monitor.store.serial import from_json, to_json
from monitor.store.tables import deliveries

_PENDING = deliveries.c.status == DeliveryStatus.PENDING


class Deliveries:
    """The room of the deliveries."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def lease(
        self, now: datetime, owner: str, lease_s: float, limit: int, per_notifier_limit: int
    ) -> list[LeasedDelivery]:
        """Take deliveries that may be attempted now, the oldest first.

        1. What is due, and not leased by anybody whose lease still runs.
        2. Of one incident and one notifier only the earliest that is still pending: "resolved" never arrives
           before "opened", however often "opened" must be tried.
        3. Of one notifier at most so many that, with those in flight, the limit is kept: one that hangs
        cannot
           take every sender. Several processes that lease in the same instant may exceed it together.

        The attempt is counted here and not at its end, so a delivery that kills the process is not tried
        forever.

        Args:
            now: The time by which leases and waits are judged.
            owner: Who leases, for people who look.
            lease_s: After how many seconds without `finish` somebody else may take over.
            limit: How many at most.
            per_notifier_limit: How many of one notifier may be in flight at once.
        """
        free = and_(
            _PENDING,
            deliveries.c.next_attempt_at <= now,
            or_(deliveries.c.leased_until.is_(None), deliveries.c.leased_until <= now),
        )
        with self._database.write() as connection:
            chosen = self._choose(connection, free, now, limit, per_notifier_limit)
            if not chosen:
                return []
            # The condition again: while we waited for nothing, another process may have leased one and gone.
            ids = connection.scalars(
                select(deliveries.c.id)
                .where(deliveries.c.id.in_(chosen), free)
                .with_for_update(skip_locked=True)
            ).all()
            rows = connection.execute(
                update(deliveries)
                .where(deliveries.c.id.in_(ids))
                .values(
                    lease_owner=owner,
                    leased_until=now + timedelta(seconds=lease_s),
                    attempts=deliveries.c.attempts + 1,
                    fence=deliveries.c.fence + 1,
                )
                .returning(
                    deliveries.c.id,
                    deliveries.c.notifier,
                    deliveries.c.alert,
                    deliveries.c.attempts,
                    deliveries.c.fence,
                )
            ).all()
        leased = {
            row.id: LeasedDelivery(row.id, row.notifier, from_json(Alert, row.alert), row.attempts, row.fence)
            for row in rows
        }
        return [leased[delivery_id] for delivery_id in chosen if delivery_id in leased]

    @staticmethod
    def _choose(
        connection: Connection, free: ColumnElement[bool], now: datetime, limit: int, per_notifier_limit: int
    ) -> list[str]:
        earlier = deliveries.alias("earlier")
        held_back = (
            select(earlier.c.id)
            .where(
                earlier.c.incident_id == deliveries.c.incident_id,
                earlier.c.notifier == deliveries.c.notifier,
                earlier.c.sequence < deliveries.c.sequence,
                earlier.c.status == DeliveryStatus.PENDING,
            )
            .exists()
        )
        in_flight = (
            select(deliveries.c.notifier, func.count().label("number"))
            .where(_PENDING, deliveries.c.leased_until > now)
            .group_by(deliveries.c.notifier)
            .subquery()
        )
        age = (
            deliveries.c.created_at,
            deliveries.c.incident_id,
            deliveries.c.sequence,
            deliveries.c.notifier,
        )
        candidates = (
            select(
                deliveries.c.id,
                func.row_number().over(order_by=age).label("place"),
                func.row_number()
                .over(partition_by=deliveries.c.notifier, order_by=age)
                .label("place_in_notifier"),
                func.coalesce(in_flight.c.number, 0).label("in_flight"),
            )
            .outerjoin(in_flight, in_flight.c.notifier == deliveries.c.notifier)
            .where(free, ~held_back)
            .subquery()
        )
        return list(
            connection.scalars(
                select(candidates.c.id)
                .where(candidates.c.place_in_notifier + candidates.c.in_flight <= per_notifier_limit)
                .order_by(candidates.c.place)
                .limit(limit)
            )
        )

    def finish(
        self, delivery_id: str, fence: int, receipt: Receipt, next_attempt_at: datetime | None, now: datetime
    ) -> bool:
        """Put down what came of an attempt.

        Args:
            delivery_id: Which delivery.
            fence: Of the lease under which it was attempted.
            receipt: What the notifier said.
            next_attempt_at: When to try again after `retry`; None gives the delivery up (dead).
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
                    deliveries.c.id == delivery_id,
                    deliveries.c.fence == fence,
                    deliveries.c.leased_until.is_not(None),
                )
                .values(values)
            )
            return changed.rowcount == 1

    def list(self, status: DeliveryStatus | None = None, limit: int = 100) -> list[DeliveryRow]:
        """Deliveries, of one status or of all, the newest first."""
        query = (
            select(deliveries).order_by(deliveries.c.created_at.desc(), deliveries.c.id.desc()).limit(limit)
        )
        if status is not None:
            query = query.where(deliveries.c.status == status)
        with self._database.read() as connection:
            return [_delivery_row(row) for row in connection.execute(query)]

    def counts(self) -> dict[DeliveryStatus, int]:
        """How many deliveries stand where."""
        query = select(deliveries.c.status, func.count()).group_by(deliveries.c.status)
        with self._database.read() as connection:
            found = {DeliveryStatus(status): number for status, number in connection.execute(query)}
        return {status: found.get(status, 0) for status in DeliveryStatus}

    def replay(self, delivery_id: str, now: datetime) -> None:
        """Have a delivery attempted again from the start, be it dead, delivered or waiting.

        Raises:
            UnknownDelivery: There is none with this id.
        """
        with self._database.write() as connection:
            changed = connection.execute(
                update(deliveries)
                .where(deliveries.c.id == delivery_id)
                .values(
                    status=DeliveryStatus.PENDING,
                    attempts=0,
                    next_attempt_at=now,
                    finished_at=None,
                    lease_owner=None,
                    leased_until=None,
                    # Whoever is at it now has no say any more.
                    fence=deliveries.c.fence + 1,
                )
            )
            if changed.rowcount != 1:
                raise UnknownDelivery(f"There is no delivery '{delivery_id}'.", "List them to find its id.")


def queue_alert(
    connection: Connection, alert: Alert, sequence: int, addressees: Sequence[Addressee], now: datetime
) -> int:
    """Queue one alert for every route within the caller's transaction; returns how many deliveries that
    makes.
    """
    rows = [
        {
            "id": f"{addressee.notifier}:{alert.id}",
            "notifier": addressee.notifier,
            "incident_id": alert.incident_id,
            "sequence": sequence,
            "alert": to_json(alert),
            "status": DeliveryStatus.HELD if addressee.held else DeliveryStatus.PENDING,
            "held_reason": addressee.held,
            "attempts": 0,
            "next_attempt_at": now,
            "created_at": now,
            "detail": "",
            "fence": 0,
        }
        for addressee in {one.notifier: one for one in addressees}.values()
    ]
    if rows:
        connection.execute(insert(deliveries), rows)
    return len(rows)


def _delivery_row(row: Row[Any]) -> DeliveryRow:
    return DeliveryRow(
        id=row.id,
        notifier=row.notifier,
        alert=from_json(Alert, row.alert),
        status=DeliveryStatus(row.status),
        attempts=row.attempts,
        next_attempt_at=row.next_attempt_at,
        created_at=row.created_at,
        finished_at=row.finished_at,
        detail=row.detail,
    )
