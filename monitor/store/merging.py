"""Making one incident of several: a view's incident becomes part of a swapped pair's, or of a site's."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.engine import Connection

from monitor.domain.addressee import Addressee, Addressing
from monitor.domain.announcement import MEMBERS_NAMED
from monitor.domain.incident import Incident, Observation, Scope
from monitor.domain.matcher import Matter
from monitor.domain.merged_announcement import MergedNews, merged_announcement
from monitor.domain.merging import Merge, Sight, merge_of
from monitor.domain.site_event import SiteEventPolicy, SiteTrouble
from monitor.domain.state import Change, Status
from monitor.domain.timeline import Entry, EntryKind
from monitor.domain.verdict import Verdict, VerdictKind
from monitor.domain.view import ViewKey, ViewSpec
from monitor.store.groups import add_members, find_open_group, open_group
from monitor.store.incidents import announce_incident, find_open_incident, get_incident
from monitor.store.parents import is_open, told_of
from monitor.store.serial import from_json
from monitor.store.tables import incidents, views
from monitor.store.timeline import add_entries

TROUBLED = (Status.SUSPECT, Status.ALERT)
RENEWED_EVERY_S = 10.0
"""A site event notes its latest view no more often than this: a thousand that join must not queue for its row."""


@dataclass(frozen=True, slots=True)
class Case:
    """A view's incident that a check has opened or found open, with what is known around it.

    Attributes:
        view_id: The view, which the transaction has locked.
        incident: Its incident.
        observation: What was found.
        change: What is to be announced of it, or None.
        spec: The view as configured.
        addressees: Who would hear of it by itself.
        addressing: Who hears of several views at once.
    """

    view_id: int
    incident: Incident
    observation: Observation
    change: Change | None
    spec: ViewSpec
    addressees: Sequence[Addressee]
    addressing: Addressing


@dataclass(frozen=True, slots=True)
class StandIn:
    """The incident that stands for a view's, if there is one, and how many deliveries about it were queued."""

    parent_id: int | None = None
    alerts: int = 0


@dataclass(frozen=True, slots=True)
class _Beginning:
    """What an incident about several views begins with."""

    merge: Merge
    cause: VerdictKind
    first_seen_at: datetime
    children: Sequence[int]
    specs: Sequence[ViewSpec]
    views: int
    causes: dict[VerdictKind, int]
    facts: dict[str, float]


def stand_in(connection: Connection, case: Case) -> StandIn:
    """Find, or open, the incident that stands for a view's from now on, within the caller's transaction.

    Costs a look at an index for most checks; views of a site are counted only when an incident opens, and only
    while no site event is open.
    """
    incident, at = case.incident, case.observation.checked_at
    if incident.parent_id is not None and is_open(connection, incident.parent_id):
        if case.change is Change.OPENED:  # taken up again
            _make_children(connection, incident.parent_id, _rows_of(connection, incident.id), at)
        return StandIn(incident.parent_id)
    policy = case.spec.site_event
    asks_site = case.change is Change.OPENED and policy.at_least > 0
    event = _open_site_event(connection, case.spec.site) if asks_site else None
    if event is not None and abs(at - event.last_seen_at) <= timedelta(seconds=policy.window_s):
        return _join(connection, event, case)
    mine = Sight(incident.key, incident.cause, _parsed(case.observation.verdict.looks_like))
    partner = _partner(connection, mine)
    merge = merge_of(mine, None if partner is None else partner[1])
    if merge is not None and partner is not None:
        return _begin(connection, _pair(connection, merge, case, partner[0]), case)
    trouble = _trouble(connection, case.spec.site, at, policy) if asks_site else None
    merge = merge_of(mine, trouble=trouble, policy=policy)
    if merge is None or trouble is None:
        return StandIn()
    if event is not None:  # a second wave, long after the first
        return _join(connection, event, case)
    return _begin(connection, _site(connection, merge, case, trouble), case)


def adopt(connection: Connection, parent_id: int, site: str, since: datetime, now: datetime) -> int:
    """Make the site's view incidents that were opened since then part of its event; returns how many that were."""
    found = connection.execute(
        select(incidents.c.id, incidents.c.view_id)
        .join(views, views.c.id == incidents.c.view_id)
        .where(
            incidents.c.scope == Scope.VIEW,
            incidents.c.resolved_at.is_(None),
            incidents.c.parent_id.is_(None),
            incidents.c.opened_at >= since,
            views.c.site == site,
        )
        # Whoever has one locked may be waiting for the event's row; `MergedIncidents.settle` looks again.
        .with_for_update(of=incidents, skip_locked=True)
    ).all()
    _make_children(connection, parent_id, found, now)
    return len(found)


def _begin(connection: Connection, beginning: _Beginning, case: Case) -> StandIn:
    at, merge = case.observation.checked_at, beginning.merge
    matter = Matter.of(beginning.specs, beginning.cause)
    parent_id = open_group(
        connection,
        merge.scope,
        merge.subject,
        case.view_id,
        beginning.cause,
        matter.severity,
        first_seen_at=beginning.first_seen_at,
        now=at,
        reason=merge.reason,
        facts=beginning.facts,
    )
    is_new = parent_id is not None
    parent_id = parent_id or find_open_group(connection, merge.scope, merge.subject)
    if parent_id is None:  # opened and ended by others in this very moment
        return StandIn()
    _make_children(connection, parent_id, _rows_of(connection, *beginning.children), at)
    if merge.scope is Scope.SITE:
        since = at - timedelta(seconds=case.spec.site_event.window_s)
        adopt(connection, parent_id, merge.subject, since, at)
    if not is_new:
        return StandIn(parent_id)
    news = MergedNews(
        at,
        merge.reason,
        beginning.views,
        beginning.causes,
        supersedes=tuple(one for one in _children(connection, parent_id) if told_of(connection, one)),
    )
    alerts = _announce(connection, parent_id, beginning.specs, news, case.addressing(matter))
    return StandIn(parent_id, alerts)


def _join(connection: Connection, event: Any, case: Case) -> StandIn:
    """One more view of a site event; whoever would have heard of it, and has not heard of the event, now does."""
    at = case.observation.checked_at
    connection.execute(
        update(incidents)
        .where(incidents.c.id == event.id, incidents.c.last_seen_at < at - timedelta(seconds=RENEWED_EVERY_S))
        .values(last_seen_at=at)
    )
    _make_children(connection, event.id, _rows_of(connection, case.incident.id), at)
    told = told_of(connection, event.id, delivered=False)
    news = [one for one in case.addressees if one.notifier not in told]
    if not news:
        return StandIn(event.id)
    facts = MergedNews(at, "One more of its views has changed.", event.verdict.get("views", 0))
    return StandIn(event.id, _announce(connection, event.id, [case.spec], facts, news))


def _announce(
    connection: Connection,
    parent_id: int,
    specs: Sequence[ViewSpec],
    news: MergedNews,
    addressees: Sequence[Addressee],
) -> int:
    if not addressees:
        return 0
    parent = get_incident(connection, parent_id)
    return announce_incident(
        connection,
        parent,
        lambda number: merged_announcement(parent, specs, news, number),
        addressees,
        news.at,
    )


def _make_children(connection: Connection, parent_id: int, children: Sequence[Any], now: datetime) -> None:
    if not children:
        return
    ids = [child.id for child in children]
    connection.execute(update(incidents).where(incidents.c.id.in_(ids)).values(parent_id=parent_id))
    add_members(connection, parent_id, [child.view_id for child in children], now)
    entry = Entry(EntryKind.JOINED, now, text=f"Part of incident {parent_id}.", data={"incident": parent_id})
    add_entries(connection, ids, entry)


def _rows_of(connection: Connection, *incident_ids: int) -> Sequence[Any]:
    query = select(incidents.c.id, incidents.c.view_id).where(incidents.c.id.in_(incident_ids))
    return connection.execute(query).all()


def _children(connection: Connection, parent_id: int) -> Sequence[int]:
    return connection.scalars(select(incidents.c.id).where(incidents.c.parent_id == parent_id)).all()


def _open_site_event(connection: Connection, site: str) -> Any:
    # Not `find_open_group`, which locks: most views that join change nothing of it.
    return connection.execute(
        select(incidents.c.id, incidents.c.last_seen_at, incidents.c.verdict).where(
            incidents.c.scope == Scope.SITE, incidents.c.subject == site, incidents.c.resolved_at.is_(None)
        )
    ).first()


def _partner(connection: Connection, mine: Sight) -> tuple[Incident, Sight] | None:
    """The incident of the view that this one looks like, if it may become one with this one."""
    if mine.cause is not VerdictKind.DIFFERENT_SCENE or mine.looks_like is None:
        return None
    other = mine.looks_like
    row = connection.execute(
        select(views.c.id, views.c.last_verdict).where(
            views.c.camera == other.camera, views.c.view == other.view
        )
    ).first()
    incident = None if row is None else find_open_incident(connection, row.id)
    if row is None or row.last_verdict is None or incident is None:
        return None
    if incident.parent_id is not None and is_open(connection, incident.parent_id):
        return None
    # Two cameras that find each other in one moment must not wait for each other; the next check looks again.
    free = select(incidents.c.id).where(incidents.c.id == incident.id).with_for_update(skip_locked=True)
    if connection.scalar(free) is None:
        return None
    looks_like = _parsed(from_json(Verdict, row.last_verdict).looks_like)
    return incident, Sight(other, incident.cause, looks_like)


def _pair(connection: Connection, merge: Merge, case: Case, partner: Incident) -> _Beginning:
    spec = connection.scalar(
        select(views.c.spec).where(views.c.camera == partner.key.camera, views.c.view == partner.key.view)
    )
    specs = sorted((case.spec, from_json(ViewSpec, spec)), key=lambda one: one.key)
    return _Beginning(
        merge,
        case.incident.cause,
        min(case.incident.first_seen_at, partner.first_seen_at),
        (case.incident.id, partner.id),
        specs,
        views=2,
        causes={case.incident.cause: 2},
        facts={"views": 2},
    )


def _trouble(connection: Connection, site: str, now: datetime, policy: SiteEventPolicy) -> SiteTrouble | None:
    """How a site stands; None where so few views have changed that nobody needs to know how many there are."""
    changed = connection.scalar(select(func.count()).where(*_changed(site, now, policy))) or 0
    if changed < policy.at_least:
        return None
    watched = select(func.count()).where(views.c.site == site, views.c.enabled)
    return SiteTrouble(site, connection.scalar(watched) or 0, changed)


def _site(connection: Connection, merge: Merge, case: Case, trouble: SiteTrouble) -> _Beginning:
    policy = case.spec.site_event
    changed = _changed(trouble.site, case.observation.checked_at, policy)
    cause = views.c.state["cause"].as_string()
    counted = connection.execute(select(cause, func.count()).where(*changed).group_by(cause)).all()
    causes = Counter({VerdictKind(name): number for name, number in counted if name is not None})
    first_seen_at = connection.scalar(select(func.min(views.c.status_since)).where(*changed))
    specs = connection.scalars(
        select(views.c.spec).where(*changed).order_by(views.c.camera, views.c.view).limit(MEMBERS_NAMED)
    )
    return _Beginning(
        merge,
        causes.most_common(1)[0][0] if causes else case.incident.cause,
        first_seen_at or case.observation.checked_at,
        (case.incident.id,),
        [from_json(ViewSpec, spec) for spec in specs],
        views=trouble.changed,
        causes=dict(causes),
        facts={
            "views": trouble.changed,
            "of": trouble.views,
            "needed": policy.needed(trouble.views),
            "window_s": policy.window_s,
        },
    )


def _changed(site: str, now: datetime, policy: SiteEventPolicy) -> tuple[Any, ...]:
    """The condition for a site's views that became suspect or an alert lately; an index begins with it."""
    return (
        views.c.site == site,
        views.c.status.in_(TROUBLED),
        views.c.status_since >= now - timedelta(seconds=policy.window_s),
        views.c.enabled,
    )


def _parsed(looks_like: str | None) -> ViewKey | None:
    return None if looks_like is None else ViewKey.parse(looks_like)
