"""The views: as configured, where they stand, and when each is due."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import Row, Select, Update, bindparam, func, insert, select, update
from sqlalchemy.engine import Connection

from monitor.domain.beats import share_of
from monitor.domain.errors import UnknownView
from monitor.domain.incident import Scope
from monitor.domain.state import ViewState
from monitor.domain.verdict import Verdict
from monitor.domain.view import ViewKey, ViewSpec
from monitor.store.engine import Database
from monitor.store.rows import DueView, SyncResult, ViewRow
from monitor.store.serial import from_json, to_json
from monitor.store.tables import gallery_members, gallery_versions, incidents, views


def find_view(connection: Connection, key: ViewKey, *columns: Any, lock: bool = False) -> Row[Any]:
    """The view's row: its `id` and the columns asked for.

    Args:
        connection: Of the transaction.
        key: Which view.
        columns: What to read besides.
        lock: Keep others from changing the view until the transaction ends (SQLite's writers are alone
        anyway).

    Raises:
        UnknownView: No view has this name.
    """
    row = connection.execute(_find(columns, lock), {"of_camera": key.camera, "of_view": key.view}).first()
    if row is None:
        raise UnknownView(f"There is no view '{key}'.", "Name one that `monitor status` lists.")
    return row


@cache
def _find(columns: tuple[Any, ...], lock: bool) -> Select[Any]:
    """Made once, as every check needs it several times, and making it takes longer than running it."""
    query = select(views.c.id, *columns).where(
        views.c.camera == bindparam("of_camera"), views.c.view == bindparam("of_view")
    )
    return query.with_for_update(key_share=True) if lock else query


class Views:
    """The room of the views."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def sync(self, specs: Sequence[ViewSpec], now: datetime) -> SyncResult:
        """Make the stored views those of the configuration.

        New ones get their first check at a moment within one interval from now that depends on their name, so
        that a thousand cameras are not all due at once. Views that are no longer configured are disabled and
        keep everything: history, references, incidents.
        """
        added, changed, disabled = [], [], []
        columns = (
            views.c.id,
            views.c.camera,
            views.c.view,
            views.c.spec,
            views.c.enabled,
            views.c.next_due_at,
        )
        with self._database.write() as connection:
            stored = {ViewKey(row.camera, row.view): row for row in connection.execute(select(*columns))}
            for spec in specs:
                row = stored.pop(spec.key, None)
                if row is None:
                    connection.execute(insert(views).values(_new(spec, now)))
                    added.append(spec.key)
                elif row.spec != to_json(spec):
                    due_at = _due_after_change(spec, now, row.next_due_at, was_enabled=row.enabled)
                    _change(connection, row.id, spec, next_due_at=due_at)
                    changed.append(spec.key)
            for key, row in stored.items():
                if row.enabled:
                    _change(connection, row.id, replace(from_json(ViewSpec, row.spec), enabled=False))
                    disabled.append(key)
        return SyncResult(tuple(added), tuple(changed), tuple(disabled))

    def all(self) -> list[ViewRow]:
        """Every view, disabled ones included, by name."""
        with self._database.read() as connection:
            return [
                _view_row(row) for row in connection.execute(_rows().order_by(views.c.camera, views.c.view))
            ]

    def get(self, key: ViewKey) -> ViewRow:
        """One view.

        Raises:
            UnknownView: No view has this name.
        """
        with self._database.read() as connection:
            view_id = find_view(connection, key).id
            return _view_row(connection.execute(_rows().where(views.c.id == view_id)).one())

    def due(self, now: datetime, limit: int = 1000) -> list[DueView]:
        """Enabled views that are due, the longest overdue first."""
        query = (
            select(views.c.camera, views.c.view, views.c.next_due_at)
            .where(views.c.enabled, views.c.next_due_at <= now)
            .order_by(views.c.next_due_at)
            .limit(limit)
        )
        with self._database.read() as connection:
            return [
                DueView(ViewKey(row.camera, row.view), row.next_due_at) for row in connection.execute(query)
            ]

    def schedule(self, key: ViewKey, at: datetime) -> None:
        """Have the view looked at next at this time ("check now").

        Raises:
            UnknownView: No view has this name.
        """
        with self._database.write() as connection:
            view_id = find_view(connection, key, lock=True).id
            connection.execute(update(views).where(views.c.id == view_id).values(next_due_at=at))

    def bring_forward(self, times: Mapping[ViewKey, datetime]) -> None:
        """Have views looked at by these times at the latest; those due before stay so, unknown ones are passed over."""
        with self._database.write() as connection:
            for key, at in times.items():
                connection.execute(_bring_forward(), {"of_camera": key.camera, "of_view": key.view, "at": at})


@cache
def _bring_forward() -> Update:
    return (
        update(views)
        .where(
            views.c.camera == bindparam("of_camera"),
            views.c.view == bindparam("of_view"),
            views.c.next_due_at > bindparam("at"),
        )
        .values(next_due_at=bindparam("at"))
    )


def _new(spec: ViewSpec, now: datetime) -> dict[str, Any]:
    return {
        "camera": spec.key.camera,
        "view": spec.key.view,
        "enabled": spec.enabled,
        **spec_columns(spec),
        **state_columns(ViewState()),
        "next_due_at": _spread(spec, now),
        "gallery_version": 0,
        "created_at": now,
    }


def spec_columns(spec: ViewSpec) -> dict[str, Any]:
    """A view's specification, and what is repeated of it for counting."""
    return {"spec": to_json(spec), "site": spec.site}


def state_columns(state: ViewState) -> dict[str, Any]:
    """A view's state, and what is repeated of it for counting."""
    return {"state": to_json(state), "status": state.status, "status_since": state.since}


def restart_view(connection: Connection, view_id: int, state: ViewState, now: datetime) -> None:
    """Let the view go on from `state`; a check that is under way began
    before, and must not.
    """
    connection.execute(
        update(views)
        .where(views.c.id == view_id)
        .values(**state_columns(state), last_slot=now, next_due_at=now)
    )


def _spread(spec: ViewSpec, now: datetime) -> datetime:
    """A moment within one interval from now, always the same share of it for the same name."""
    return now + timedelta(seconds=share_of(str(spec.key)) * spec.interval_s)


def _change(connection: Connection, view_id: int, spec: ViewSpec, **values: Any) -> None:
    connection.execute(
        update(views)
        .where(views.c.id == view_id)
        .values(enabled=spec.enabled, **spec_columns(spec), **values)
    )


def _due_after_change(spec: ViewSpec, now: datetime, due_at: datetime, *, was_enabled: bool) -> datetime:
    if spec.enabled and not was_enabled:
        # Back after a pause: long overdue, and with it perhaps everybody else.
        return _spread(spec, now)
    # A shorter interval counts from now on, not after the end of a longer one.
    return min(due_at, now + timedelta(seconds=spec.interval_s))


def _rows() -> Select[Any]:
    count = (
        select(func.count())
        .select_from(gallery_members.join(gallery_versions))
        .where(gallery_versions.c.view_id == views.c.id, gallery_versions.c.number == views.c.gallery_version)
        .scalar_subquery()
    )
    return select(views, count.label("reference_count"), incidents.c.id.label("incident_id")).outerjoin(
        incidents,
        (incidents.c.view_id == views.c.id)
        & (incidents.c.scope == Scope.VIEW)
        & incidents.c.resolved_at.is_(None),
    )


def _view_row(row: Row[Any]) -> ViewRow:
    return ViewRow(
        spec=from_json(ViewSpec, row.spec),
        state=from_json(ViewState, row.state),
        next_due_at=row.next_due_at,
        reference_count=row.reference_count,
        open_incident_id=row.incident_id,
        last_verdict=None if row.last_verdict is None else from_json(Verdict, row.last_verdict),
        last_checked_at=row.last_checked_at,
        enabled=row.enabled,
    )
