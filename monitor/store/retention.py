"""Letting go of what is old, in small steps so that checks can go on meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Column, ColumnElement, Table, delete, exists, or_, select, update

from monitor.store.engine import Database
from monitor.store.images import ImageStore
from monitor.store.pictures import used_pictures
from monitor.store.rows import DeliveryStatus, PruneResult, RetentionPolicy
from monitor.store.tables import deliveries, incidents, labels, observations

BATCH = 500
# A picture is written before the transaction that refers to it; younger ones may still be waiting for theirs.
ORPHAN_AGE_S = 3600.0

_LABELLED_OBSERVATION = exists().where(labels.c.observation_id == observations.c.id)
_LABELLED_INCIDENT = exists().where(labels.c.incident_id == incidents.c.id)
_OF_OPEN_INCIDENT = exists().where(
    incidents.c.id == observations.c.incident_id, incidents.c.resolved_at.is_(None)
)
_STILL_TO_DELIVER = exists().where(
    deliveries.c.incident_id == incidents.c.id,
    deliveries.c.status.in_((DeliveryStatus.PENDING, DeliveryStatus.HELD)),
)


class Retention:
    """Prunes observations, incidents and pictures."""

    def __init__(self, database: Database, images: ImageStore) -> None:
        self._database = database
        self._images = images

    def prune(self, now: datetime, policy: RetentionPolicy) -> PruneResult:
        """Delete what the policy no longer keeps.

        Never touched: references and their pictures, open incidents and theirs, what is labelled, incidents
        with alerts still to deliver, and files younger than an hour.

        1. Pictures that are too old are no longer referred to.
        2. Observations, then incidents with their deliveries, are deleted.
        3. Picture files that nothing refers to are deleted; this also finds what a crash left behind.

        Raises:
            StoreError: Named for what went wrong; what was deleted until then stays deleted.
        """
        self._release_pictures(now - timedelta(days=policy.evidence_days))
        seen_before = now - timedelta(days=policy.observations_days)
        resolved_before = now - timedelta(days=policy.resolved_incident_days)
        old_observations = (observations.c.slot < seen_before) & ~_LABELLED_OBSERVATION
        old_incidents = (incidents.c.resolved_at < resolved_before) & ~_LABELLED_INCIDENT & ~_STILL_TO_DELIVER
        kept_picture = observations.c.image_digest.is_not(None) & _OF_OPEN_INCIDENT
        deleted_observations = self._delete(observations, old_observations & ~kept_picture)
        deleted_incidents = self._delete(incidents, old_incidents)
        images, freed_bytes = self._remove_orphans()
        return PruneResult(deleted_observations, deleted_incidents, images, freed_bytes)

    def _release_pictures(self, before: datetime) -> None:
        of_observations = (
            observations.c.image_digest.is_not(None)
            & (observations.c.slot < before)
            & ~_LABELLED_OBSERVATION
            & ~_OF_OPEN_INCIDENT
        )
        of_incidents = (
            or_(incidents.c.frame_digest.is_not(None), incidents.c.latest_digest.is_not(None))
            & (incidents.c.resolved_at < before)
            & ~_LABELLED_INCIDENT
        )
        for batch in self._batches(observations, of_observations):
            self._clear([observations.c.image_digest], batch)
        for batch in self._batches(incidents, of_incidents):
            self._clear([incidents.c.frame_digest, incidents.c.latest_digest], batch)

    def _clear(self, columns: list[Column[Any]], ids: list[int]) -> None:
        table = columns[0].table
        with self._database.write() as connection:
            connection.execute(update(table).where(table.c.id.in_(ids)).values(dict.fromkeys(columns)))

    def _delete(self, table: Table, condition: ColumnElement[bool]) -> int:
        deleted = 0
        for batch in self._batches(table, condition):
            with self._database.write() as connection:
                # The condition again: somebody may have labelled one meanwhile.
                deleted += connection.execute(delete(table).where(table.c.id.in_(batch), condition)).rowcount
        return deleted

    def _batches(self, table: Table, condition: ColumnElement[bool]) -> Iterator[list[int]]:
        """Ids of the rows that meet a condition, a batch to a transaction, so that no lock is held for
        long.
        """
        last = 0
        while True:
            query = select(table.c.id).where(condition, table.c.id > last).order_by(table.c.id).limit(BATCH)
            with self._database.read() as connection:
                ids = list(connection.scalars(query))
            if not ids:
                return
            yield ids
            last = ids[-1]

    def _remove_orphans(self) -> tuple[int, int]:
        """Delete files without a reference; returns how many, and how many bytes that freed."""
        removed, freed_bytes = 0, 0
        # First the age and then the reference: who refers to a file touches it before, and is seen by one of
        # both.
        batch: dict[Path, str | None] = {}
        for path, digest in self._images.older_than(ORPHAN_AGE_S):
            batch[path] = digest
            if len(batch) == BATCH:
                removed, freed_bytes = self._remove_unused(batch, removed, freed_bytes)
                batch = {}
        return self._remove_unused(batch, removed, freed_bytes)

    def _remove_unused(
        self, batch: dict[Path, str | None], removed: int, freed_bytes: int
    ) -> tuple[int, int]:
        used = self._used([digest for digest in batch.values() if digest is not None])
        for path, digest in batch.items():
            if digest not in used:
                size = self._images.remove(path, ORPHAN_AGE_S)
                removed += size > 0
                freed_bytes += size
        return removed, freed_bytes

    def _used(self, digests: list[str]) -> set[str]:
        with self._database.read() as connection:
            return used_pictures(connection, digests)
