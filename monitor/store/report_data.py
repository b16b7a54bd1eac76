"""What reports are made of: bounded queries over many views at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import and_, func, or_, select

from monitor.domain.frame import FrameQuality
from monitor.domain.report_facts import IncidentFact, LabelFact, ReferenceFact, Undelivered
from monitor.domain.verdict import VerdictKind
from monitor.domain.view import ViewKey
from monitor.store.encodings import quality_of
from monitor.store.engine import Database
from monitor.store.errors import EncodingUnreadable
from monitor.store.gallery_rows import active_references
from monitor.store.tables import deliveries, encodings, gallery_references, incidents, labels, views

UNDELIVERED = ("held", "dead")


class ReportData:
    """The room of the reports' questions."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def incidents(self, since: datetime, until: datetime) -> list[IncidentFact]:
        """Incidents that were open at any time from `since` until before `until`, the oldest first."""
        columns = incidents.c
        query = (
            select(incidents, views.c.camera, views.c.view, views.c.site)
            .join(views, views.c.id == columns.view_id)
            .where(
                columns.opened_at < until,
                # Each branch has an index of its own.
                or_(columns.resolved_at.is_(None), columns.resolved_at >= since),
            )
            .order_by(columns.opened_at, columns.id)
        )
        with self._database.read() as connection:
            return [
                IncidentFact(
                    row.id,
                    ViewKey(row.camera, row.view),
                    row.site,
                    row.scope,
                    VerdictKind(row.cause),
                    row.opened_at,
                    row.acknowledged_at,
                    row.resolved_at,
                    row.reopened,
                    row.parent_id is not None,
                )
                for row in connection.execute(query)
            ]

    def references(
        self, key: ViewKey | None = None, *, qualities: bool = False
    ) -> dict[ViewKey, list[ReferenceFact]]:
        """Active references by view, the oldest first; of one view where one is named.

        Args:
            key: Which view.
            qualities: Whether to read how good the pictures are, which takes reading all of their encodings.
        """
        columns = [views.c.camera, views.c.view, gallery_references.c.id, gallery_references.c.created_at]
        if qualities:
            columns.append(encodings.c.content)
        query = select(*columns).select_from(active_references()).order_by(gallery_references.c.id)
        if key is not None:
            query = query.where(and_(views.c.camera == key.camera, views.c.view == key.view))
        found: dict[ViewKey, list[ReferenceFact]] = {}
        with self._database.read() as connection:
            # A few at a time: all encodings together would not fit into memory.
            for row in connection.execution_options(yield_per=32).execute(query):
                quality = _quality(row.content) if qualities else None
                found.setdefault(ViewKey(row.camera, row.view), []).append(
                    ReferenceFact(row.id, row.created_at, quality)
                )
        return found

    def labels(self, incident_ids: Sequence[int]) -> Mapping[int, LabelFact]:
        """What people said of these incidents, by incident."""
        found: dict[int, LabelFact] = {}
        with self._database.read() as connection:
            for start in range(0, len(incident_ids), 500):
                query = (
                    select(labels)
                    .where(labels.c.incident_id.in_(incident_ids[start : start + 500]))
                    .order_by(labels.c.id)
                )
                for row in connection.execute(query):
                    cause = VerdictKind(row.true_cause) if row.true_cause else None
                    found[row.incident_id] = LabelFact(row.correct, cause)
        return found

    def undelivered(self) -> list[Undelivered]:
        """Deliveries that are held back or were given up, by notifier."""
        columns = deliveries.c
        query = (
            select(
                columns.notifier,
                columns.status,
                func.count().label("number"),
                func.min(columns.created_at).label("oldest"),
            )
            .where(columns.status.in_(UNDELIVERED))
            .group_by(columns.notifier, columns.status)
            .order_by(columns.notifier, columns.status)
        )
        with self._database.read() as connection:
            return [
                Undelivered(row.notifier, row.status, row.number, row.oldest)
                for row in connection.execute(query)
            ]


def _quality(content: bytes) -> FrameQuality | None:
    try:
        return quality_of(content)
    except EncodingUnreadable:
        return None
