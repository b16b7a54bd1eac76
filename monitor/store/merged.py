"""The end of incidents that stand for others, and what becomes of those others then."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, Select, func, select, update
from sqlalchemy.engine import Connection

from monitor.domain.addressee import Addressee, Addressing
from monitor.domain.announcement import MEMBERS_NAMED
from monitor.domain.incident import Incident, Scope
from monitor.domain.matcher import Matter
from monitor.domain.merged_announcement import MergedNews, merged_announcement
from monitor.domain.site_event import ends_below
from monitor.domain.timeline import Entry, EntryKind
from monitor.domain.verdict import VerdictKind
from monitor.domain.view import ViewSpec
from monitor.store.engine import Database
from monitor.store.groups import close_group
from monitor.store.holding import drop_told_by_parents
from monitor.store.incidents import announce_incident, get_incident
from monitor.store.merging import TROUBLED, adopt
from monitor.store.parents import told_of
from monitor.store.serial import from_json
from monitor.store.tables import incident_members, incidents, views
from monitor.store.timeline import add_entries, add_entry

BATCH = 500
_MERGED = (Scope.SITE, Scope.PAIR)


class MergedIncidents:
    """The room of the incidents that stand for those of single views."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def settle(self, now: datetime, addressing: Addressing) -> int:
        """Bring what was merged in order, each incident in a transaction of its own.

        1. View incidents that others were recording while a site event began become part of it.
        2. What is over is ended.
        3. View incidents whose stand-in has ended meanwhile are told by themselves.

        Returns:
            How many incidents this ended.

        Raises:
            StoreError: Named for what went wrong; what was done until then stays done.
        """
        query = (
            select(incidents.c.id, incidents.c.scope, incidents.c.subject)
            .where(incidents.c.scope.in_(_MERGED), incidents.c.resolved_at.is_(None))
            .order_by(incidents.c.id)
        )
        with self._database.read() as connection:
            open_ones = connection.execute(query).all()
        ended = 0
        for one in open_ones:
            with self._database.write() as connection:
                if one.scope == Scope.SITE:
                    _adopt_late(connection, one.id, now)
                ended += settle_merged(connection, one.id, now, addressing, is_patient=False)
        self._let_go(now)
        return ended

    def end(self, incident_id: int, now: datetime, by: str, comment: str, addressing: Addressing) -> Incident:
        """End such an incident by hand; the view incidents that are still open are told by themselves.

        Raises:
            UnknownIncident: There is none with this number.
        """
        with self._database.write() as connection:
            get_incident(connection, incident_id, lock=True)
            _end(connection, incident_id, now, comment or "Ended by hand.", addressing, author=by)
            return get_incident(connection, incident_id)

    def _let_go(self, now: datetime) -> None:
        parent = incidents.alias("parent")
        query = (
            select(incidents.c.id, incidents.c.parent_id)
            .join(parent, parent.c.id == incidents.c.parent_id)
            .where(incidents.c.resolved_at.is_(None), parent.c.resolved_at.is_not(None))
        )
        with self._database.read() as connection:
            left = connection.execute(query).all()
        for parent_id in {row.parent_id for row in left}:
            with self._database.write() as connection:
                _release(connection, parent_id, now)


def settle_merged(
    connection: Connection, parent_id: int, now: datetime, addressing: Addressing, *, is_patient: bool = True
) -> bool:
    """End an incident that stands for others if it is over, within the caller's transaction.

    It is over with the last of them. A site's is over as well when less than half of what it takes is still in trouble
    and nothing has moved for a while; to find that out takes counting, and is for those who are not patient: of ten
    thousand views that recover, each asks.
    """
    parent = connection.execute(
        select(incidents).where(
            incidents.c.id == parent_id, incidents.c.resolved_at.is_(None), incidents.c.scope.in_(_MERGED)
        )
    ).first()
    if parent is None:
        return False
    if parent.scope == Scope.PAIR:
        is_over = not _at_least(connection, _open_children(parent_id), 1)
        return is_over and _end(connection, parent_id, now, "Both show their own view again.", addressing)
    if not _is_lasting(connection, parent, 1):
        return _end(connection, parent_id, now, "All of its views are back.", addressing)
    enough = ends_below(int(parent.verdict.get("needed", 0)))
    if is_patient or _has_moved(connection, parent, now) or _is_lasting(connection, parent, enough):
        return False
    return _end(connection, parent_id, now, "Most of its views are back.", addressing)


def _is_lasting(connection: Connection, parent: Row[Any], enough: int) -> bool:
    """Whether so many views of a site are in trouble, or have an incident that is open though nothing can be seen."""
    return _at_least(connection, _troubled(parent.subject), enough) or _at_least(
        connection, _open_children(parent.id), enough
    )


def _has_moved(connection: Connection, parent: Row[Any], now: datetime) -> bool:
    """Whether views have joined or left lately."""
    since = now - timedelta(seconds=float(parent.verdict.get("window_s", 0.0)))
    left = select(func.max(incident_members.c.left_at)).where(incident_members.c.incident_id == parent.id)
    left_at = connection.scalar(left)
    return bool(parent.last_seen_at > since or (left_at is not None and left_at > since))


def _end(
    connection: Connection,
    parent_id: int,
    now: datetime,
    reason: str,
    addressing: Addressing,
    author: str = "",
) -> bool:
    causes = connection.execute(
        select(incidents.c.cause, func.count())
        .where(incidents.c.parent_id == parent_id)
        .group_by(incidents.c.cause)
    ).all()
    if not close_group(connection, parent_id, now, reason, author):
        return False
    released = _release(connection, parent_id, now)
    drop_told_by_parents(connection, now)
    told = told_of(connection, parent_id, delivered=False)
    if not told:
        return True
    members = (
        select(views.c.spec)
        .join(incident_members, incident_members.c.view_id == views.c.id)
        .where(incident_members.c.incident_id == parent_id)
    )
    ended = get_incident(connection, parent_id)
    specs = [
        from_json(ViewSpec, spec)
        for spec in connection.scalars(members.order_by(views.c.camera, views.c.view).limit(MEMBERS_NAMED))
    ]
    news = MergedNews(
        now,
        reason,
        views=len(ended.members),
        causes={VerdictKind(cause): number for cause, number in causes},
        left_open=released,
    )
    announce_incident(
        connection,
        ended,
        lambda number: merged_announcement(ended, specs, news, number),
        _who_heard(told, addressing(Matter.of(specs, ended.cause))),
        now,
    )
    return True


def _who_heard(told: set[str], addressees: Sequence[Addressee]) -> list[Addressee]:
    """Whoever heard of the beginning hears of the end, whatever has become of the routes since."""
    known = {one.notifier: one for one in addressees}
    return [known.get(name, Addressee(name)) for name in sorted(told)]


def _release(connection: Connection, parent_id: int, now: datetime) -> int:
    """Have the children that are still open stand for themselves; returns how many these are."""
    # Whoever has one locked may be waiting for us; `settle` lets go of that one later.
    left = connection.scalars(_open_children(parent_id).with_for_update(skip_locked=True)).all()
    entry = Entry(
        EntryKind.RELEASED, now, text=f"No longer part of incident {parent_id}.", data={"incident": parent_id}
    )
    for start in range(0, len(left), BATCH):
        batch = left[start : start + BATCH]
        connection.execute(update(incidents).where(incidents.c.id.in_(batch)).values(parent_id=None))
        add_entries(connection, batch, entry)
    return len(left)


def leave_merged(
    connection: Connection, parent_id: int, view_id: int, incident_id: int, now: datetime
) -> None:
    """Put down, within the caller's transaction, that a view is not in trouble any more that others share."""
    connection.execute(
        update(incident_members)
        .where(incident_members.c.incident_id == parent_id, incident_members.c.view_id == view_id)
        .values(left_at=now)
    )
    entry = Entry(
        EntryKind.LEFT, now, text=f"Over as part of incident {parent_id}.", data={"incident": parent_id}
    )
    add_entry(connection, incident_id, entry)


def _adopt_late(connection: Connection, parent_id: int, now: datetime) -> None:
    event: Row[Any] = connection.execute(select(incidents).where(incidents.c.id == parent_id)).one()
    window = timedelta(seconds=float(event.verdict.get("window_s", 0.0)))
    if now <= event.last_seen_at + window:
        adopt(connection, parent_id, event.subject, event.opened_at - window, now)


def _troubled(site: str) -> Select[Any]:
    return select(views.c.id).where(views.c.site == site, views.c.status.in_(TROUBLED))


def _open_children(parent_id: int) -> Select[Any]:
    return select(incidents.c.id).where(incidents.c.parent_id == parent_id, incidents.c.resolved_at.is_(None))


def _at_least(connection: Connection, query: Select[Any], number: int) -> bool:
    counted = select(func.count()).select_from(query.limit(number).subquery())
    return (connection.scalar(counted) or 0) >= number
