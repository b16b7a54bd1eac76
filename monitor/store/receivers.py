"""How the receivers of notifiers have fared, kept across restarts and for people."""

from __future__ import annotations

from dataclasses import asdict, fields
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select, update
from sqlalchemy.engine import Connection

from monitor.domain.alert import Receipt
from monitor.domain.circuit import ReceiverState
from monitor.store.engine import Database
from monitor.store.groups import dialect_of
from monitor.store.tables import notifier_states

_FIELDS = tuple(each.name for each in fields(ReceiverState))


class Receivers:
    """The room of the receivers' states; a notifier that never sent anything has none."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self) -> dict[str, ReceiverState]:
        """Every state that is known, by the notifier's name."""
        with self._database.read() as connection:
            rows = connection.execute(select(notifier_states)).all()
        return {row.notifier: _state(row) for row in rows}

    def note(self, notifier: str, receipt: Receipt, now: datetime, settings_digest: str) -> ReceiverState:
        """Put down what came of one attempt; the state after it."""
        with self._database.write() as connection:
            before = _locked(connection, notifier)
            if before.disabled_at is not None and not before.is_disabled(settings_digest):
                before = ReceiverState(last_delivered_at=before.last_delivered_at)
            after = before.after(receipt, now, settings_digest)
            values: dict[str, Any] = asdict(after)
            values["last_detail"] = after.last_detail.replace("\0", "")
            values["disabled_reason"] = after.disabled_reason.replace("\0", "")
            connection.execute(
                update(notifier_states).where(notifier_states.c.notifier == notifier).values(values)
            )
            return after

    def enable(self, notifier: str) -> bool:
        """Let a notifier that was switched off begin anew; False where it was not."""
        with self._database.write() as connection:
            changed = connection.execute(
                update(notifier_states)
                .where(notifier_states.c.notifier == notifier, notifier_states.c.disabled_at.is_not(None))
                .values(
                    disabled_at=None, disabled_reason="", failures=0, failing_since=None, last_failed_at=None
                )
            )
            return changed.rowcount == 1


def _locked(connection: Connection, notifier: str) -> ReceiverState:
    """The state, locked; the first of two that begin it at once makes its row, and the other waits for that."""
    query = select(notifier_states).where(notifier_states.c.notifier == notifier).with_for_update()
    row = connection.execute(query).first()
    if row is None:
        statement = dialect_of(connection).insert(notifier_states)
        blank = statement.values(notifier=notifier, **asdict(ReceiverState()))
        connection.execute(blank.on_conflict_do_nothing())
        row = connection.execute(query).one()
    return _state(row)


def _state(row: Row[Any]) -> ReceiverState:
    return ReceiverState(**{name: getattr(row, name) for name in _FIELDS})
