"""What the database says, and whether it can be true."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from monitor.domain.alert import AlertKind
from monitor.domain.incident import Incident
from monitor.domain.telling import OVER_UNTOLD, SUPERSEDED
from monitor.domain.timeline import Entry, EntryKind
from monitor.store import DeliveryStatus, Store
from monitor.store.rows import DeliveryRow
from monitor.usecases.tend import NO_LONGER_ROUTED
from tests.proofs.arrivals import Arrivals

DOCUMENTED = frozenset({OVER_UNTOLD, SUPERSEDED, NO_LONGER_ROUTED})
"""Reasons for dropping an alert."""
EVERYTHING = 10_000_000
_BEGINS = frozenset({AlertKind.OPENED, AlertKind.REOPENED})


def complaints_about_incidents(store: Store) -> list[str]:
    """Two open incidents of a subject, or a timeline that tells something else than its incident."""
    incidents = store.incidents.list(limit=EVERYTHING)
    open_ones = Counter((one.scope, one.subject) for one in incidents if one.resolved_at is None)
    twice = [
        f"{scope} {subject} is open {number} times"
        for (scope, subject), number in open_ones.items()
        if number > 1
    ]
    return twice + [text for one in incidents for text in _timeline(one, store.timelines.of(one.id))]


def complaints_about_deliveries(store: Store, arrivals: Arrivals, attempts: int) -> list[str]:
    """What is lost, waits for nothing, or is said to be delivered and is not, when everything has come to rest.

    Args:
        store: At rest: receivers work, and much time has passed.
        arrivals: What the receivers got.
        attempts: After how many a delivery is given up.
    """
    rows = store.deliveries.list(limit=EVERYTHING)
    told = [text for row in rows for text in _delivery(row, arrivals.alerts, attempts)]
    known = {(row.notifier, row.alert.id) for row in rows}
    return [*told, *(f"{one}: nobody knows of it" for one in arrivals.alerts - known), *_stories(store, rows)]


def _timeline(incident: Incident, entries: Sequence[Entry]) -> Iterable[str]:
    name, kinds = f"incident {incident.id}", [entry.kind for entry in entries]
    if not kinds or kinds[0] is not EntryKind.OPENED or kinds.count(EntryKind.OPENED) != 1:
        yield f"{name}: its timeline does not begin with its opening: {kinds}"
    turns = [kind for kind in kinds if kind in (EntryKind.RESOLVED, EntryKind.REOPENED)]
    if turns != [(EntryKind.RESOLVED, EntryKind.REOPENED)[place % 2] for place in range(len(turns))]:
        yield f"{name}: it ends and goes on in no order: {turns}"
    if (len(turns) % 2 == 1) != (incident.resolved_at is not None):
        yield f"{name}: its timeline does not say whether it is over"
    if turns.count(EntryKind.REOPENED) != incident.reopened:
        yield f"{name}: was taken up {incident.reopened} times, its timeline knows of others"
    causes = [entry.data["cause"] for entry in entries if "cause" in entry.data]
    if not causes or causes[-1] != incident.cause:
        yield f"{name}: its cause is {incident.cause}, its timeline says {causes}"
    is_noted = incident.acknowledged_at is not None
    if is_noted and not {EntryKind.ACKNOWLEDGED, EntryKind.RESOLVED} & set(kinds):
        yield f"{name}: its timeline does not know who took note of it"


def _delivery(row: DeliveryRow, arrived: set[tuple[str, str]], attempts: int) -> Iterable[str]:
    has_arrived = (row.notifier, row.alert.id) in arrived
    match row.status:
        case DeliveryStatus.PENDING | DeliveryStatus.HELD:
            yield f"{row.id} is {row.status} at the end: {row.detail}"
        case DeliveryStatus.DELIVERED if not has_arrived:
            yield f"{row.id} is said to be delivered, and never arrived"
        case DeliveryStatus.DROPPED if has_arrived or row.detail not in DOCUMENTED:
            yield f"{row.id} was dropped{' after it arrived' if has_arrived else ''}: {row.detail}"
        case DeliveryStatus.DEAD if row.attempts < attempts and not _is_refused(row):
            yield f"{row.id} was given up after {row.attempts} attempts: {row.detail}"


def _is_refused(row: DeliveryRow) -> bool:
    return "gone" in row.detail or "refused" in row.detail or "switched off" in row.detail


def _stories(store: Store, rows: Sequence[DeliveryRow]) -> Iterable[str]:
    """Who was told of the beginning of an incident that is over was told, or not for want of a receiver, of its end."""
    over = {one.id for one in store.incidents.list(limit=EVERYTHING) if one.resolved_at is not None}
    stories: dict[tuple[str, int], list[DeliveryRow]] = {}
    for row in sorted(rows, key=lambda row: int(row.alert.id.rpartition("-")[2])):
        stories.setdefault((row.notifier, row.alert.incident_id), []).append(row)
    for (notifier, incident), story in stories.items():
        told = [row for row in story if row.status in (DeliveryStatus.DELIVERED, DeliveryStatus.DEAD)]
        begun = [row for row in told if row.alert.kind in _BEGINS]
        ended = [row for row in told if row.alert.kind is AlertKind.RESOLVED]
        if incident in over and begun and not ended:
            yield f"{notifier} heard of incident {incident}, and not of its end"
        # Whom routes by cause lead to only later hears of a change first; so does who was not led to for a while.
        beginnings = [row for row in story if row.alert.kind in _BEGINS and row.detail != NO_LONGER_ROUTED]
        if told and beginnings and not begun:
            yield f"{notifier} heard how incident {incident} goes on, and not that it began"
