"""Queueing one alert for everybody who is to hear of it, within the transaction that made it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.engine import Connection

from monitor.domain.addressee import Addressee
from monitor.domain.alert import Alert, AlertKind
from monitor.domain.telling import Earlier, Fate, Telling, how_to_tell, is_being_told, knows_all_so_far
from monitor.domain.timeline import Entry, EntryKind
from monitor.store.rows import DeliveryStatus
from monitor.store.serial import to_json
from monitor.store.tables import deliveries
from monitor.store.timeline import add_entry

_FATES = {DeliveryStatus.HELD: Fate.HELD, DeliveryStatus.DROPPED: Fate.DROPPED}
_STATUSES = {
    Fate.TOLD: DeliveryStatus.PENDING,
    Fate.HELD: DeliveryStatus.HELD,
    Fate.DROPPED: DeliveryStatus.DROPPED,
}
# Whoever knows that an incident is open hears of these, even where routes would not name them any more: they may ask
# for its cause, and that has changed.
_FOLLOWED = frozenset({AlertKind.CHANGED, AlertKind.RESOLVED})


def queue_alert(
    connection: Connection, alert: Alert, sequence: int, addressees: Sequence[Addressee], now: datetime
) -> int:
    """Queue one alert for every addressee; returns how many deliveries are told of it now.

    `monitor.domain.telling` decides which are held, and what becomes of those that are held already.
    """
    earlier = _earlier(connection, alert.incident_id) if sequence > 1 else {}
    wanted = {one.notifier: one for one in addressees}
    if alert.kind in _FOLLOWED:
        for notifier, before in earlier.items():
            if notifier not in wanted and is_being_told(before):
                wanted[notifier] = Addressee(notifier)
    elif alert.kind is AlertKind.ACKNOWLEDGED:
        knowing = {name for name, before in earlier.items() if knows_all_so_far(before)}
        wanted = {name: wanted.get(name, Addressee(name)) for name in sorted(knowing)}
        wanted = {name: one for name, one in wanted.items() if not one.held}
    rows, told, held = [], 0, {}
    for addressee in wanted.values():
        telling = how_to_tell(alert.kind, addressee.held, earlier.get(addressee.notifier, ()))
        due_at = _due_at(connection, addressee, now)
        _settle_earlier(connection, alert.incident_id, addressee.notifier, telling, due_at, now)
        rows.append(_row(alert, sequence, addressee, telling, due_at, now))
        told += telling.fate is Fate.TOLD
        if telling.fate is Fate.HELD:
            held[addressee.notifier] = telling.reason
    if rows:
        connection.execute(insert(deliveries), rows)
    if held:
        text = (
            f"Not told for now: {', '.join(f'{notifier} ({reason})' for notifier, reason in held.items())}."
        )
        data = {"alert": alert.id, "notifiers": list(held)}
        add_entry(connection, alert.incident_id, Entry(EntryKind.HELD, now, text=text, data=data))
    return told


def _earlier(connection: Connection, incident_id: int) -> dict[str, list[Earlier]]:
    """What became of the incident's alerts so far, by notifier."""
    found: dict[str, list[Earlier]] = defaultdict(list)
    query = select(
        deliveries.c.notifier,
        deliveries.c.sequence,
        deliveries.c.status,
        deliveries.c.alert["kind"].as_string().label("kind"),
    ).where(deliveries.c.incident_id == incident_id)
    for row in connection.execute(query):
        fate = _FATES.get(DeliveryStatus(row.status), Fate.TOLD)
        found[row.notifier].append(Earlier(row.sequence, AlertKind(row.kind), fate))
    return found


def _settle_earlier(
    connection: Connection,
    incident_id: int,
    notifier: str,
    telling: Telling,
    due_at: datetime,
    now: datetime,
) -> None:
    """Let go of, or give up, what was held; only what is held still, somebody may have been faster."""
    changes: tuple[tuple[tuple[int, ...], dict[str, Any]], ...] = (
        (telling.release, {"status": DeliveryStatus.PENDING, "next_attempt_at": due_at}),
        (
            telling.drop,
            {"status": DeliveryStatus.DROPPED, "held_reason": telling.drop_reason, "finished_at": now},
        ),
    )
    for sequences, values in changes:
        if sequences:
            connection.execute(
                update(deliveries)
                .where(
                    deliveries.c.incident_id == incident_id,
                    deliveries.c.notifier == notifier,
                    deliveries.c.sequence.in_(sequences),
                    deliveries.c.status == DeliveryStatus.HELD,
                )
                .values(values)
            )


def _due_at(connection: Connection, addressee: Addressee, now: datetime) -> datetime:
    """When to send: now, or when the addressee's group goes out; the first of a group says when that is."""
    if not addressee.group or addressee.wait_s <= 0:
        return now
    latest = now + timedelta(seconds=addressee.wait_s)
    going_at: datetime | None = connection.scalar(
        select(deliveries.c.next_attempt_at)
        .where(
            deliveries.c.status == DeliveryStatus.PENDING,
            # A bounded stretch of the index: a group goes out within its wait.
            deliveries.c.next_attempt_at > now,
            deliveries.c.next_attempt_at <= latest,
            deliveries.c.notifier == addressee.notifier,
            deliveries.c.group_key == addressee.group,
            deliveries.c.batch.is_(None),
        )
        .order_by(deliveries.c.next_attempt_at)
        .limit(1)
    )
    return going_at or latest


def _row(
    alert: Alert, sequence: int, addressee: Addressee, telling: Telling, due_at: datetime, now: datetime
) -> dict[str, Any]:
    return {
        "id": f"{addressee.notifier}:{alert.id}",
        "notifier": addressee.notifier,
        "incident_id": alert.incident_id,
        "sequence": sequence,
        "alert": to_json(alert),
        "status": _STATUSES[telling.fate],
        "attempts": 0,
        "next_attempt_at": due_at,
        "created_at": now,
        "finished_at": now if telling.fate is Fate.DROPPED else None,
        "detail": "",
        "group_key": addressee.group,
        "held_reason": telling.reason,
        "fence": 0,
    }
