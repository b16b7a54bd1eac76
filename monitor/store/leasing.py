"""Taking deliveries from the queue: what goes out next, as which message, and nobody else's meanwhile.

A *unit* is what goes out as one message: a batch that was formed before, else all that is due of one notifier and
group, else a single delivery. A batch is formed once, here, and goes out again as it is until it is finished.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Row,
    and_,
    case,
    distinct,
    func,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.engine import Connection

from monitor.domain.alert import Alert
from monitor.store.parents import has_open_parent
from monitor.store.rows import DeliveryStatus, LeasedBatch
from monitor.store.serial import from_json
from monitor.store.tables import deliveries

BATCH_LIMIT = 10_000
"""Alerts in one message at most; how many of them a body names is the notifier's affair."""
LONGEST_GROUP_WAIT_S = 3_600.0
"""No first attempt is put off further …"""
LONGEST_RETRY_S = 324_000.0
"""… nor any other: the policy's longest wait, with its jitter."""
LONGEST_LEASE_S = 600.0
"""Nor does a lease run longer than this, or than twice the asking one's."""
# Any number: two processes that lease at once take turns by it (PostgreSQL; SQLite has one writer anyway). Without it
# one could take the first half of a group while the other takes the second, and overtakes it.
_LEASE_LOCK = 4_917_061_203
_MOMENT = timedelta(microseconds=1)
# Two kinds of units must never have the same name.
_BATCH, _GROUP, _SINGLE = "b:", "g:", "d:"


@dataclass(frozen=True, slots=True)
class Demand:
    """Who leases, and how much.

    Attributes:
        now: The time by which leases and waits are judged.
        owner: Who leases, for people who look.
        lease_s: After how many seconds without `finish` somebody else may take over.
        limit: How many messages at most.
        per_notifier: How many messages to one notifier may be on their way at once …
        rooms: … where nothing else is said here.
        batch_limit: Alerts in one message at most.
    """

    now: datetime
    owner: str
    lease_s: float
    limit: int
    per_notifier: int
    rooms: Mapping[str, int] = field(default_factory=dict)
    batch_limit: int = BATCH_LIMIT


def lease_batches(connection: Connection, demand: Demand) -> list[LeasedBatch]:
    """Take what may be attempted now, the oldest first, within the caller's transaction; see `Deliveries.lease`."""
    if connection.dialect.name != "sqlite":
        connection.execute(select(func.pg_advisory_xact_lock(_LEASE_LOCK)))
    leased = []
    for unit in _choose_units(connection, demand):
        kind, name = unit.unit[:2], unit.unit[2:]
        batch = (
            _lease_again(connection, demand, unit.notifier, name)
            if kind == _BATCH
            else _form_batch(connection, demand, unit.notifier, unit.unit)
        )
        if batch is not None:
            leased.append(batch)
    return leased


def _choose_units(connection: Connection, demand: Demand) -> list[Row[Any]]:
    in_flight = (
        select(deliveries.c.notifier, func.count(distinct(deliveries.c.batch)).label("number"))
        .where(_pending(), _is_leased(demand))
        .group_by(deliveries.c.notifier)
        .subquery()
    )
    free = (
        select(
            deliveries.c.notifier,
            _unit().label("unit"),
            deliveries.c.created_at,
            deliveries.c.incident_id,
            deliveries.c.sequence,
        )
        .where(_may_go(demand))
        .subquery()
    )
    units = (
        select(
            free.c.notifier,
            free.c.unit,
            func.min(free.c.created_at).label("created_at"),
            func.min(free.c.incident_id).label("incident_id"),
            func.min(free.c.sequence).label("sequence"),
        )
        .group_by(free.c.notifier, free.c.unit)
        .subquery()
    )
    age = (units.c.created_at, units.c.incident_id, units.c.sequence, units.c.notifier)
    ranked = (
        select(
            units.c.notifier,
            units.c.unit,
            func.row_number().over(order_by=age).label("place"),
            func.row_number().over(partition_by=units.c.notifier, order_by=age).label("place_in_notifier"),
            func.coalesce(in_flight.c.number, 0).label("in_flight"),
        )
        .outerjoin(in_flight, in_flight.c.notifier == units.c.notifier)
        .subquery()
    )
    room: ColumnElement[int] = literal(demand.per_notifier)
    if demand.rooms:
        room = case(dict(demand.rooms), value=ranked.c.notifier, else_=demand.per_notifier)
    return list(
        connection.execute(
            select(ranked.c.notifier, ranked.c.unit)
            .where(ranked.c.place_in_notifier + ranked.c.in_flight <= room)
            .order_by(ranked.c.place)
            .limit(demand.limit)
        )
    )


def _lease_again(connection: Connection, demand: Demand, notifier: str, batch: str) -> LeasedBatch | None:
    of_batch = and_(_pending(), deliveries.c.notifier == notifier, deliveries.c.batch == batch)
    fence = connection.scalar(select(func.max(deliveries.c.fence)).where(of_batch))
    return None if fence is None else _take(connection, demand, notifier, batch, fence + 1, of_batch)


def _form_batch(connection: Connection, demand: Demand, notifier: str, unit: str) -> LeasedBatch | None:
    # Incident by incident, the longest waiting first: cut off anywhere, no alert is left behind that comes before one
    # which goes.
    first_at = func.min(deliveries.c.created_at).over(partition_by=deliveries.c.incident_id)
    rows = connection.execute(
        select(deliveries.c.id, deliveries.c.fence, deliveries.c.alert["id"].as_string().label("alert_id"))
        .where(deliveries.c.notifier == notifier, _unit() == unit, _may_go(demand))
        .order_by(first_at, deliveries.c.incident_id, deliveries.c.sequence)
        .limit(demand.batch_limit)
    ).all()
    if not rows:
        return None
    batch = rows[0].alert_id if len(rows) == 1 else f"group-{uuid4().hex}"
    fence = max(row.fence for row in rows) + 1
    # The condition again: one may have been dropped or held just now.
    chosen = and_(deliveries.c.id.in_([row.id for row in rows]), _pending(), deliveries.c.batch.is_(None))
    return _take(connection, demand, notifier, batch, fence, chosen)


def _take(
    connection: Connection,
    demand: Demand,
    notifier: str,
    batch: str,
    fence: int,
    chosen: ColumnElement[bool],
) -> LeasedBatch | None:
    rows = connection.execute(
        update(deliveries)
        .where(chosen)
        .values(
            lease_owner=demand.owner,
            leased_until=demand.now + timedelta(seconds=demand.lease_s),
            # Counted here and not at its end, so that a message that kills the process is not tried forever.
            attempts=deliveries.c.attempts + 1,
            fence=fence,
            batch=batch,
        )
        .returning(
            deliveries.c.id,
            deliveries.c.incident_id,
            deliveries.c.sequence,
            deliveries.c.created_at,
            deliveries.c.attempts,
            deliveries.c.alert,
        )
    ).all()
    if not rows:
        return None
    rows = _in_order(rows)
    return LeasedBatch(
        id=batch,
        notifier=notifier,
        deliveries=tuple(row.id for row in rows),
        alerts=tuple(from_json(Alert, row.alert) for row in rows),
        attempt=max(row.attempts for row in rows),
        fence=fence,
    )


def _in_order(rows: Sequence[Row[Any]]) -> list[Row[Any]]:
    """Incident by incident, that whose first alert is the oldest first: the same at every attempt."""
    first_at: dict[int, datetime] = {}
    for row in rows:
        first_at[row.incident_id] = min(row.created_at, first_at.get(row.incident_id, row.created_at))
    return sorted(rows, key=lambda row: (first_at[row.incident_id], row.incident_id, row.sequence))


def _pending() -> ColumnElement[bool]:
    return deliveries.c.status == DeliveryStatus.PENDING


def _may_go(demand: Demand) -> ColumnElement[bool]:
    """What is due, leased by nobody, not told by another incident, and not overtaking."""
    return and_(
        _pending(),
        _is_due(deliveries, demand.now),
        or_(deliveries.c.leased_until.is_(None), ~_is_leased(demand)),
        ~has_open_parent(deliveries.c.incident_id),
        ~_overtakes(demand.now),
    )


def _is_due(table: FromClause, now: datetime) -> ColumnElement[bool]:
    """Its time has come; or it is so far off that a clock ran ahead when it was set, and has been set back."""
    at, is_first = table.c.next_attempt_at, table.c.attempts == 0
    return or_(
        at <= now,
        at > now + timedelta(seconds=LONGEST_RETRY_S),
        and_(is_first, at > now + timedelta(seconds=LONGEST_GROUP_WAIT_S)),
    )


def _is_leased(demand: Demand) -> ColumnElement[bool]:
    """Leased, and not by a clock that ran ahead: such a lease would last until then."""
    longest = timedelta(seconds=max(LONGEST_LEASE_S, 2 * demand.lease_s))
    return deliveries.c.leased_until.between(demand.now + _MOMENT, demand.now + longest)


def _overtakes(now: datetime) -> ColumnElement[bool]:
    """Whether an earlier alert of the incident to the notifier is still pending, and would not go in the same unit."""
    earlier = deliveries.alias("earlier")
    in_same_unit = or_(
        and_(deliveries.c.batch.is_not(None), earlier.c.batch == deliveries.c.batch),
        and_(
            deliveries.c.batch.is_(None),
            earlier.c.batch.is_(None),
            deliveries.c.group_key != "",
            earlier.c.group_key == deliveries.c.group_key,
            _is_due(earlier, now),
        ),
    )
    return (
        select(earlier.c.id)
        .where(
            earlier.c.incident_id == deliveries.c.incident_id,
            earlier.c.notifier == deliveries.c.notifier,
            earlier.c.sequence < deliveries.c.sequence,
            earlier.c.status == DeliveryStatus.PENDING,
            ~func.coalesce(in_same_unit, False),
        )
        .exists()
    )


def _unit() -> ColumnElement[str]:
    return case(
        (deliveries.c.batch.is_not(None), literal(_BATCH) + deliveries.c.batch),
        (deliveries.c.group_key != "", literal(_GROUP) + deliveries.c.group_key),
        else_=literal(_SINGLE) + deliveries.c.id,
    )
