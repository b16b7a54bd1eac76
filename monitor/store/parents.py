"""Incidents that stand for others: while one is open, those others are recorded but not told by themselves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.engine import Connection

from monitor.domain.addressee import Addressee
from monitor.domain.state import Change
from monitor.store.rows import DeliveryStatus
from monitor.store.tables import deliveries, incidents

WAITING = (DeliveryStatus.PENDING, DeliveryStatus.HELD)


def has_open_parent(incident_id: ColumnElement[Any]) -> ColumnElement[bool]:
    """Whether another incident, still open, stands for the one with this number: for the `where` of a query.

    Args:
        incident_id: A column of the query around it, such as `deliveries.c.incident_id`.
    """
    child, parent = incidents.alias("child"), incidents.alias("parent")
    return (
        select(parent.c.id)
        .join(child, child.c.parent_id == parent.c.id)
        .where(child.c.id == incident_id, parent.c.resolved_at.is_(None))
        .exists()
    )


def is_open(connection: Connection, incident_id: int) -> bool:
    """Whether an incident is there and not over."""
    query = select(incidents.c.id).where(incidents.c.id == incident_id, incidents.c.resolved_at.is_(None))
    return connection.scalar(query) is not None


def told_of(connection: Connection, incident_id: int, *, delivered: bool = True) -> set[str]:
    """The notifiers that have told of an incident; with `delivered` false also those that are yet to."""
    query = select(deliveries.c.notifier).where(deliveries.c.incident_id == incident_id).distinct()
    if delivered:
        query = query.where(deliveries.c.status == DeliveryStatus.DELIVERED)
    return set(connection.scalars(query))


def part_of(parent_id: int) -> str:
    """Why an incident is not told by itself, one clause for a person."""
    return f"part of incident {parent_id}"


def quietly(
    connection: Connection,
    incident_id: int,
    parent_id: int,
    change: Change,
    addressees: Sequence[Addressee],
    now: datetime,
) -> list[Addressee]:
    """Who is told of an incident that another stands for: nobody for now.

    Only its end reaches those who had heard of its beginning before the other stood for it, once that one is over:
    receivers that keep a list would have it open for ever.
    """
    if change is not Change.RECOVERED:
        return [replace(one, held=one.held or part_of(parent_id)) for one in addressees]
    told = told_of(connection, incident_id)
    drop_untold(connection, deliveries.c.incident_id == incident_id, parent_id, now)
    return [one for one in addressees if one.notifier in told]


def drop_untold(connection: Connection, which: ColumnElement[bool], parent_id: int, now: datetime) -> None:
    """Let go of deliveries about incidents that are over and were told as part of another.

    Those that follow one that was delivered stay, and so do those that are being attempted just now.
    """
    before = deliveries.alias("before")
    was_told = (
        select(before.c.id)
        .where(
            before.c.incident_id == deliveries.c.incident_id,
            before.c.notifier == deliveries.c.notifier,
            before.c.status == DeliveryStatus.DELIVERED,
        )
        .exists()
    )
    connection.execute(
        update(deliveries)
        .where(which, deliveries.c.status.in_(WAITING), deliveries.c.leased_until.is_(None), ~was_told)
        .values(status=DeliveryStatus.DROPPED, finished_at=now, held_reason=part_of(parent_id))
    )


def let_tell(connection: Connection, incident_ids: Sequence[int], parent_id: int, now: datetime) -> None:
    """Have told from now on what was held because another incident stood for these."""
    connection.execute(
        update(deliveries)
        .where(
            deliveries.c.incident_id.in_(incident_ids),
            deliveries.c.status == DeliveryStatus.HELD,
            deliveries.c.held_reason == part_of(parent_id),
        )
        .values(status=DeliveryStatus.PENDING, held_reason="", next_attempt_at=now)
    )
