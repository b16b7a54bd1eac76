"""The galleries: which references a view is compared with, in versions that only ever follow each other."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, func, insert, select

from monitor.domain.reference import Reference
from monitor.domain.state import ViewState
from monitor.domain.view import ViewKey
from monitor.store.encodings import unpack_embeddings
from monitor.store.engine import Database
from monitor.store.errors import LastReference, UnknownGalleryVersion, UnknownReference
from monitor.store.gallery_rows import (
    active_references,
    encoding_row,
    insert_reference,
    insert_version,
    known_references,
    member_ids,
)
from monitor.store.images import ImageStore
from monitor.store.incidents import find_open_incident, resolve_incident
from monitor.store.rows import EmbeddingBank, GalleryEntry, GalleryVersion, Resolution, StaleReference
from monitor.store.tables import encodings, gallery_members, gallery_references, gallery_versions, views
from monitor.store.views import find_view, restart_view


class Gallery:
    """The room of the references."""

    def __init__(self, database: Database, images: ImageStore) -> None:
        self._database = database
        self._images = images

    def add_version(
        self,
        key: ViewKey,
        references: Sequence[tuple[Reference, bytes]],
        keep: Sequence[int] = (),
        *,
        reason: str,
        author: str,
        now: datetime,
        state: ViewState | None = None,
        resolution: Resolution | None = None,
    ) -> int:
        """Make a new active version of the gallery, all at once: new references, and old ones that are kept.

        Args:
            key: The view.
            references: New ones, each with its picture's bytes; their ids and digests are given here.
            keep: Ids of earlier references of this view (of any version) that stay part of it.
            reason: Why, for the list of versions.
            author: Who.
            now: When.
            state: The state from which the view goes on, or None to leave it. With a state, checks that were
            due
                before `now` no longer shape it, and the view is due at once.
            resolution: How to end the view's open incident, if there is one; None leaves it open.

        Returns:
            The new version's number.

        Raises:
            UnknownView: No view has this name.
            UnknownReference: A kept id is not a reference of this view.
            LastReference: The version would be empty.
            DiskFull: There is no space for the pictures.
        """
        if not references and not keep:
            raise _no_reference_left(key)
        digests = [self._images.put(content) for _, content in references]
        with self._database.write() as connection:
            view = find_view(connection, key, lock=True)
            kept = known_references(connection, view.id, keep)
            added = [
                insert_reference(connection, view.id, reference, digest)
                for (reference, _), digest in zip(references, digests, strict=True)
            ]
            number = insert_version(connection, view.id, [*kept, *added], reason, author, now)
            if state is not None:
                restart_view(connection, view.id, state, now)
            incident = find_open_incident(connection, view.id)
            if resolution is not None and incident is not None:
                resolve_incident(connection, incident, now, resolution)
        return number

    def list(self, key: ViewKey, include_inactive: bool = False) -> list[GalleryEntry]:
        """References of a view, the oldest first; with `include_inactive` also those of earlier versions.

        Raises:
            UnknownView: No view has this name.
        """
        with self._database.read() as connection:
            view = find_view(connection, key, views.c.gallery_version)
            rows = connection.execute(
                select(gallery_references, encodings.c.bundle_id, gallery_versions.c.number)
                .join(encodings, encodings.c.reference_id == gallery_references.c.id)
                .join(gallery_members, gallery_members.c.reference_id == gallery_references.c.id)
                .join(gallery_versions, gallery_versions.c.id == gallery_members.c.version_id)
                .where(gallery_references.c.view_id == view.id)
                .order_by(gallery_references.c.id, gallery_versions.c.number)
            ).all()
        by_id: dict[int, list[Row[Any]]] = {}
        for row in rows:
            by_id.setdefault(row.id, []).append(row)
        entries = [_entry(group, view.gallery_version) for group in by_id.values()]
        return [entry for entry in entries if entry.active or include_inactive]

    def versions(self, key: ViewKey) -> Sequence[GalleryVersion]:
        """Every version of a view's gallery, the newest first.

        Raises:
            UnknownView: No view has this name.
        """
        with self._database.read() as connection:
            view = find_view(connection, key, views.c.gallery_version)
            rows = connection.execute(
                select(gallery_versions)
                .where(gallery_versions.c.view_id == view.id)
                .order_by(gallery_versions.c.number.desc())
            ).all()
            return [
                GalleryVersion(
                    row.number,
                    row.created_at,
                    row.reason,
                    row.author,
                    row.number == view.gallery_version,
                    tuple(member_ids(connection, view.id, row.number)),
                )
                for row in rows
            ]

    def remove(
        self,
        key: ViewKey,
        reference_id: int,
        *,
        author: str,
        now: datetime,
        reason: str = "",
        force: bool = False,
    ) -> int:
        """Make a new version without one reference; `rollback` brings it back.

        With `force` even the last one goes; the view is unenrolled then.

        Returns:
            The new version's number.

        Raises:
            UnknownView: No view has this name.
            UnknownReference: The active version has no such reference.
            LastReference: It is the last one, and `force` is false.
        """
        with self._database.write() as connection:
            view = find_view(connection, key, views.c.gallery_version, lock=True)
            members = member_ids(connection, view.id, view.gallery_version)
            if reference_id not in members:
                raise _unknown_reference(key, [reference_id])
            left = [member for member in members if member != reference_id]
            if not left and not force:
                raise _no_reference_left(key)
            number = insert_version(
                connection, view.id, left, reason or f"without reference {reference_id}", author, now
            )
            if not left:
                restart_view(connection, view.id, ViewState(), now)
        return number

    def rollback(self, key: ViewKey, to: int | None = None, *, author: str, now: datetime) -> int:
        """Make an earlier version active again, as a new version that has the same references.

        Args:
            key: The view.
            to: Which version; None for the one before the active one.
            author: Who.
            now: When.

        Returns:
            The new version's number.

        Raises:
            UnknownView: No view has this name.
            UnknownGalleryVersion: There is no such version, or none before the active one.
        """
        with self._database.write() as connection:
            view = find_view(connection, key, views.c.gallery_version, lock=True)
            number = view.gallery_version - 1 if to is None else to
            members = member_ids(connection, view.id, number)
            if not members:
                raise UnknownGalleryVersion(
                    f"The gallery of view '{key}' has no version {number} with references in it.",
                    "`monitor references list` shows the versions.",
                )
            return insert_version(connection, view.id, members, f"back to version {number}", author, now)

    def embeddings(self, bundle_id: str) -> EmbeddingBank:
        """What one bundle made of every enabled view's active references, to find what a frame looks like."""
        query = (
            select(views.c.camera, views.c.view, encodings.c.embedding)
            .select_from(active_references())
            .where(views.c.enabled, encodings.c.bundle_id == bundle_id)
            .order_by(encodings.c.reference_id)
        )
        with self._database.read() as connection:
            rows = connection.execute(query).all()
        keys = tuple(ViewKey(row.camera, row.view) for row in rows)
        return EmbeddingBank(keys, unpack_embeddings([row.embedding for row in rows]))

    def stamp(self) -> tuple[int, int]:
        """Changes whenever a gallery does: tells cheaply whether `embeddings` is still what it was."""
        with self._database.read() as connection:
            version = connection.scalar(select(func.max(gallery_versions.c.id)))
            encoding = connection.scalar(select(func.max(encodings.c.id)))
        return version or 0, encoding or 0

    def needing_reencode(self, bundle_id: str) -> Sequence[StaleReference]:
        """Active references that another bundle than this one encoded; ask again after a rollback."""
        query = (
            select(gallery_references, views.c.camera, views.c.view, encodings.c.bundle_id)
            .select_from(active_references())
            .where(encodings.c.bundle_id != bundle_id)
            .order_by(gallery_references.c.id)
        )
        with self._database.read() as connection:
            return [
                StaleReference(
                    row.id,
                    ViewKey(row.camera, row.view),
                    row.image_digest,
                    row.origin,
                    row.created_at,
                    row.bundle_id,
                )
                for row in connection.execute(query)
            ]

    def replace_encoding(self, reference_id: int, reference: Reference) -> None:
        """Keep what another bundle makes of a reference's picture; picture, age and origin stay as they are.

        Raises:
            UnknownReference: There is no such reference.
        """
        with self._database.write() as connection:
            known = connection.execute(
                select(gallery_references.c.id)
                .where(gallery_references.c.id == reference_id)
                .with_for_update(key_share=True)
            ).first()
            if known is None:
                raise UnknownReference(f"There is no reference {reference_id}.")
            connection.execute(delete(encodings).where(encodings.c.reference_id == reference_id))
            connection.execute(insert(encodings).values(encoding_row(reference_id, reference)))


def _entry(rows: list[Row[Any]], active_version: int) -> GalleryEntry:
    versions = tuple(row.number for row in rows)
    first = rows[0]
    return GalleryEntry(
        reference_id=first.id,
        image_digest=first.image_digest,
        created_at=first.created_at,
        origin=first.origin,
        bundle_id=first.bundle_id,
        active=active_version in versions,
        versions=versions,
    )


def _unknown_reference(key: ViewKey, ids: Sequence[int]) -> UnknownReference:
    return UnknownReference(
        f"The active gallery of view '{key}' has no reference {', '.join(map(str, ids))}.",
        "`monitor references list` shows them.",
    )


def _no_reference_left(key: ViewKey) -> LastReference:
    return LastReference(
        f"View '{key}' would have no reference left to be compared with.",
        "Enroll another one first, or force it: the view is unenrolled then.",
    )
