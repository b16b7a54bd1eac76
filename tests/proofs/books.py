"""What the database says, and whether it can be true."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence, Set

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
_TOLD = frozenset({DeliveryStatus.DELIVERED, DeliveryStatus.DEAD})


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


def complaints_about_deliveries(
    store: Store, arrivals: Arrivals, attempts: int, by_cause: Set[str] = frozenset()
) -> list[str]:
    """What is lost, waits for nothing, or is said to be delivered and is not, when everything has come to rest.

    Args:
        store: At rest: receivers work, and much time has passed.
        arrivals: What the receivers got.
        attempts: After how many a delivery is given up.
        by_cause: Notifiers whose routes name causes, so that an incident may become theirs later.
    """
    rows = store.deliveries.list(limit=EVERYTHING)
    told = [text for row in rows for text in _delivery(row, arrivals.alerts, attempts)]
    known = {(row.notifier, row.alert.id) for row in rows}
    over = {one.id for one in store.incidents.list(limit=EVERYTHING) if one.resolved_at is not None}
    stories = complaints_about_stories(rows, over, by_cause)
    return [*told, *(f"{one}: nobody knows of it" for one in arrivals.alerts - known), *stories]


def complaints_about_stories(
    rows: Iterable[DeliveryRow], over: Set[int], by_cause: Set[str] = frozenset()
) -> Iterable[str]:
    """Who was told of the beginning of an episode is told of its end, and nobody hears how it goes on without it.

    An incident that is taken up again is another episode. Whom routes by cause lead to only after a change of the cause
    hears of that change first, by design: an alert is the same for every notifier, and what it was before is none of
    theirs. Nobody else is excused.
    """
    stories: dict[tuple[str, int], list[DeliveryRow]] = {}
    for row in sorted(rows, key=lambda row: int(row.alert.id.rpartition("-")[2])):
        stories.setdefault((row.notifier, row.alert.incident_id), []).append(row)
    for (notifier, incident), story in stories.items():
        for episode in _episodes(story):
            told = [row.alert.kind for row in episode if row.status in _TOLD]
            is_last = episode[-1] is story[-1]
            if not told:
                continue
            if (not is_last or incident in over) and told[-1] is not AlertKind.RESOLVED:
                yield f"{notifier} heard of incident {incident}, and not of its end: {told}"
            was_routed = any(row.alert.kind in _BEGINS and row.detail != NO_LONGER_ROUTED for row in episode)
            if told[0] not in _BEGINS and (was_routed or notifier not in by_cause):
                yield f"{notifier} heard how incident {incident} goes on, and not that it began: {told}"


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


def _episodes(story: Iterable[DeliveryRow]) -> Iterable[list[DeliveryRow]]:
    episode: list[DeliveryRow] = []
    for row in story:
        if episode and row.alert.kind is AlertKind.REOPENED:
            yield episode
            episode = []
        episode.append(row)
        if row.alert.kind is AlertKind.RESOLVED:
            yield episode
            episode = []
    if episode:
        yield episode
