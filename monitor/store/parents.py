"""Incidents that stand for others: while one is open, those others are recorded but not told by themselves."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, select

from monitor.store.tables import incidents


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
