"""Which scheduled reports were made, and whom they were sent to: each step of each period once, whatever crashes."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, insert, select

from monitor.store.engine import Database
from monitor.store.tables import report_runs


class ReportRuns:
    """The room of the steps that are done.

    A step is the making of a report, under the report's own name, or the telling of one notifier.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def done(self, period_end: datetime) -> dict[str, str]:
        """Steps of the reports of a period that are done, each with what came of it."""
        query = select(report_runs.c.name, report_runs.c.detail).where(report_runs.c.period_end == period_end)
        with self._database.read() as connection:
            return {row.name: row.detail for row in connection.execute(query)}

    def has_any(self, name: str) -> bool:
        """Whether a step was ever done, for any period."""
        with self._database.read() as connection:
            return (
                connection.scalar(select(report_runs.c.name).where(report_runs.c.name == name).limit(1))
                is not None
            )

    def note(self, name: str, period_end: datetime, detail: str, now: datetime) -> None:
        """Note that a step is done; a second note of it takes the place of the first."""
        with self._database.write() as connection:
            connection.execute(
                delete(report_runs).where(report_runs.c.name == name, report_runs.c.period_end == period_end)
            )
            connection.execute(
                insert(report_runs).values(name=name, period_end=period_end, created_at=now, detail=detail)
            )
