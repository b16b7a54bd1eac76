"""Days of views, summed up from single checks; kept when the checks are gone."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import delete, func, insert, select

from monitor.domain.day import DayCheck, ViewDay
from monitor.domain.displacement import Displacement
from monitor.domain.verdict import VerdictKind
from monitor.domain.view import ViewKey
from monitor.store.engine import Database
from monitor.store.serial import from_json, to_json
from monitor.store.tables import drift_days, observations, views
from monitor.store.views import find_view


class Days:
    """The room of summed-up days."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def last(self) -> dict[ViewKey, date | None]:
        """The last day of every view that is summed up, disabled views included; None where there is none yet."""
        latest = (
            select(func.max(drift_days.c.day)).where(drift_days.c.view_id == views.c.id).scalar_subquery()
        )
        query = select(views.c.camera, views.c.view, latest.label("day"))
        with self._database.read() as connection:
            return {ViewKey(row.camera, row.view): row.day for row in connection.execute(query)}

    def next_with_checks(self, key: ViewKey, after: date | None, before: date) -> date | None:
        """The first day with a check of the view, later than `after` and earlier than `before`; None without one.

        Raises:
            UnknownView: No view has this name.
        """
        with self._database.read() as connection:
            query = select(func.min(observations.c.slot)).where(
                observations.c.view_id == find_view(connection, key).id,
                observations.c.slot < midnight(before),
            )
            if after is not None:
                query = query.where(observations.c.slot >= midnight(after + timedelta(days=1)))
            first = connection.scalar(query)
        return None if first is None else first.astimezone(UTC).date()

    def checks(self, key: ViewKey, day: date) -> list[DayCheck]:
        """All checks of a view on a day.

        Raises:
            UnknownView: No view has this name.
        """
        with self._database.read() as connection:
            query = select(observations.c.slot, observations.c.verdict).where(
                observations.c.view_id == find_view(connection, key).id,
                observations.c.slot >= midnight(day),
                observations.c.slot < midnight(day + timedelta(days=1)),
            )
            return [_check(row.slot, row.verdict) for row in connection.execute(query)]

    def save(self, key: ViewKey, summed: ViewDay) -> None:
        """Keep a day, in place of what was kept of it before.

        Raises:
            UnknownView: No view has this name.
        """
        figures = to_json({"kinds": summed.kinds, "hours": summed.hours, "poses": summed.poses})
        with self._database.write() as connection:
            view_id = find_view(connection, key, lock=True).id
            connection.execute(
                delete(drift_days).where(drift_days.c.view_id == view_id, drift_days.c.day == summed.day)
            )
            connection.execute(
                insert(drift_days).values(
                    view_id=view_id, day=summed.day, checks=summed.checks, figures=figures
                )
            )

    def series(self, since: date, until: date, key: ViewKey | None = None) -> dict[ViewKey, list[ViewDay]]:
        """Days from `since` until before `until`, oldest first, by view; of one view where one is named."""
        query = (
            select(views.c.camera, views.c.view, drift_days.c.day, drift_days.c.checks, drift_days.c.figures)
            .join(views, views.c.id == drift_days.c.view_id)
            .where(drift_days.c.day >= since, drift_days.c.day < until)
            .order_by(drift_days.c.view_id, drift_days.c.day)
        )
        if key is not None:
            query = query.where(views.c.camera == key.camera, views.c.view == key.view)
        found: dict[ViewKey, list[ViewDay]] = {}
        with self._database.read() as connection:
            for row in connection.execute(query):
                summed = from_json(ViewDay, {"checks": row.checks, **row.figures, "day": row.day})
                found.setdefault(ViewKey(row.camera, row.view), []).append(summed)
        return found

    def forget(self, before: date) -> int:
        """Delete days before this one; how many."""
        with self._database.write() as connection:
            return connection.execute(delete(drift_days).where(drift_days.c.day < before)).rowcount


def midnight(day: date) -> datetime:
    """The beginning of a day, aware UTC."""
    return datetime.combine(day, time(), UTC)


def _check(slot: datetime, verdict: Mapping[str, Any]) -> DayCheck:
    """Read by hand: a thousand cameras make a million and a half of them a day."""
    found, evidence = verdict.get("displacement"), verdict.get("evidence") or {}
    # A verdict has the alignment's displacement where that held, and else the network's rougher guess.
    locked = (
        found is not None
        and found.get("dx") is not None
        and all(found[name] == evidence.get(name) for name in _PARTS)
    )
    return DayCheck(
        slot,
        VerdictKind(verdict["kind"]),
        verdict.get("reference_id"),
        Displacement(*(found[name] for name in _PARTS)) if locked and found is not None else None,
    )


_PARTS = ("dx", "dy", "roll_deg", "zoom")
