"""The history of checks, and what people say about their verdicts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import Row, insert, or_, select

from monitor.domain.state import Change, Status
from monitor.domain.timeline import Entry, EntryKind
from monitor.domain.verdict import Verdict, VerdictKind
from monitor.domain.view import ViewKey
from monitor.store.engine import Database
from monitor.store.errors import UnknownIncident, UnknownObservation
from monitor.store.grounds import unpack
from monitor.store.rows import Label, ObservationRow
from monitor.store.serial import from_json
from monitor.store.tables import incidents, labels, observations
from monitor.store.timeline import add_entry
from monitor.store.views import find_view

PART = 2000
"""Observations read at once where all are wanted."""


class History:
    """The room of past observations."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def observations(
        self, key: ViewKey, since: datetime | None = None, limit: int = 100
    ) -> list[ObservationRow]:
        """Observations of a view, the newest first.

        Args:
            key: The view.
            since: None older than this slot.
            limit: How many at most.

        Raises:
            UnknownView: No view has this name.
        """
        with self._database.read() as connection:
            view_id = find_view(connection, key).id
            query = (
                select(observations)
                .where(observations.c.view_id == view_id)
                .order_by(observations.c.slot.desc())
                .limit(limit)
            )
            if since is not None:
                query = query.where(observations.c.slot >= since)
            return [_observation_row(key, row) for row in connection.execute(query)]

    def changes(
        self, key: ViewKey, since: datetime, until: datetime | None = None, limit: int = 200
    ) -> list[ObservationRow]:
        """Observations of a view that changed its state, or of which a picture is kept, the oldest first.

        Args:
            key: The view.
            since: None older than this slot.
            until: None younger than this slot.
            limit: How many at most; the youngest count.

        Raises:
            UnknownView: No view has this name.
        """
        with self._database.read() as connection:
            view_id = find_view(connection, key).id
            query = (
                select(observations)
                .where(
                    observations.c.view_id == view_id,
                    observations.c.slot >= since,
                    or_(observations.c.change.is_not(None), observations.c.image_digest.is_not(None)),
                )
                .order_by(observations.c.slot.desc())
                .limit(limit)
            )
            if until is not None:
                query = query.where(observations.c.slot <= until)
            return [_observation_row(key, row) for row in reversed(connection.execute(query).all())]

    def onward(self, key: ViewKey, since: datetime) -> Iterator[ObservationRow]:
        """Every observation of a view from this slot on, the oldest first; read in parts, as there may be many.

        Raises:
            UnknownView: No view has this name.
        """
        with self._database.read() as connection:
            view_id = find_view(connection, key).id
        query = select(observations).where(observations.c.view_id == view_id)
        query = query.order_by(observations.c.slot).limit(PART)
        condition = observations.c.slot >= since
        while True:
            with self._database.read() as connection:
                rows = [_observation_row(key, row) for row in connection.execute(query.where(condition))]
            yield from rows
            if len(rows) < PART:
                return
            condition = observations.c.slot > rows[-1].slot


class Labels:
    """The room of the labels: verdicts that people confirmed or corrected."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(
        self,
        *,
        right: bool,
        author: str,
        now: datetime,
        true_cause: VerdictKind | None = None,
        incident_id: int | None = None,
        observation_id: int | None = None,
        comment: str = "",
    ) -> int:
        """Put down whether a verdict was right; what it is about is kept for good from then on.

        Args:
            right: Whether the verdict was right.
            author: Who says so.
            now: When.
            true_cause: What was true instead, if known.
            incident_id: The incident that it is about, or …
            observation_id: … the observation; exactly one of both.
            comment: What else there is to say; kept in the timeline of the incident, if the label is about one.

        Returns:
            The label's number.

        Raises:
            UnknownIncident, UnknownObservation: There is none with this number.
        """
        if (incident_id is None) == (observation_id is None):
            raise ValueError("a label is about an incident or an observation, not both")
        table, number = (incidents, incident_id) if observation_id is None else (observations, observation_id)
        # An observation knows which incident it belongs to, if it does.
        about = incidents.c.id if observation_id is None else observations.c.incident_id
        with self._database.write() as connection:
            found = connection.execute(
                select(table.c.id, about.label("about"))
                .where(table.c.id == number)
                .with_for_update(key_share=True)
            ).first()
            if found is None and observation_id is None:
                raise UnknownIncident(f"There is no incident {number}.")
            if found is None:
                raise UnknownObservation(f"There is no observation {number}; it may have been pruned by age.")
            label_id: int = connection.execute(
                insert(labels)
                .values(
                    incident_id=incident_id,
                    observation_id=observation_id,
                    correct=right,
                    true_cause=true_cause,
                    author=author,
                    created_at=now,
                )
                .returning(labels.c.id)
            ).scalar_one()
            if found is not None and found.about is not None:
                data = {"label": label_id, "right": right, "cause": true_cause, "observation": observation_id}
                entry = Entry(EntryKind.LABELLED, now, author, comment, data)
                add_entry(connection, found.about, entry)
        return label_id

    def list(self, since: datetime | None = None, limit: int = 1000) -> list[Label]:
        """Labels, the newest first."""
        query = select(labels).order_by(labels.c.created_at.desc(), labels.c.id.desc()).limit(limit)
        if since is not None:
            query = query.where(labels.c.created_at >= since)
        with self._database.read() as connection:
            return [
                Label(
                    row.id,
                    row.incident_id,
                    row.observation_id,
                    row.correct,
                    None if row.true_cause is None else VerdictKind(row.true_cause),
                    row.author,
                    row.created_at,
                )
                for row in connection.execute(query)
            ]


def _observation_row(key: ViewKey, row: Row[Any]) -> ObservationRow:
    return ObservationRow(
        id=row.id,
        key=key,
        slot=row.slot,
        checked_at=row.checked_at,
        captured_at=row.captured_at,
        verdict=from_json(Verdict, row.verdict),
        status=Status(row.status),
        change=None if row.change is None else Change(row.change),
        frame_digest=row.frame_digest,
        image_digest=row.image_digest,
        bundle_id=row.bundle_id,
        incident_id=row.incident_id,
        timings_ms=row.timings_ms,
        grounds=unpack(row.evidence),
    )
