"""How the receivers of notifiers have fared, kept across restarts and for people."""

from __future__ import annotations

from dataclasses import asdict, fields
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select, update

from monitor.domain.alert import Receipt
from monitor.domain.circuit import ReceiverState
from monitor.store.engine import Database
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
        return {row.notifier: ReceiverState(**{name: getattr(row, name) for name in _FIELDS}) for row in rows}

    def note(self, notifier: str, receipt: Receipt, now: datetime, settings_digest: str) -> ReceiverState:
        """Put down what came of one attempt; the state after it."""
        with self._database.write() as connection:
            row = connection.execute(
                select(notifier_states).where(notifier_states.c.notifier == notifier).with_for_update()
            ).first()
            before = (
                ReceiverState()
                if row is None
                else ReceiverState(**{name: getattr(row, name) for name in _FIELDS})
            )
            if before.disabled_at is not None and not before.is_disabled(settings_digest):
                before = ReceiverState(last_delivered_at=before.last_delivered_at)
            after = before.after(receipt, now, settings_digest)
            values: dict[str, Any] = asdict(after)
            values["last_detail"] = after.last_detail.replace("\0", "")
            values["disabled_reason"] = after.disabled_reason.replace("\0", "")
            if row is None:
                connection.execute(insert(notifier_states).values(notifier=notifier, **values))
            else:
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
