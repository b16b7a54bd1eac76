"""Incidents that stand for others: while one is open, those others are recorded but not told by themselves."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, select
from sqlalchemy.engine import Connection

from monitor.store.rows import DeliveryStatus
from monitor.store.tables import deliveries, incidents


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
