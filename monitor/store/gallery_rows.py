"""Statements about references and gallery versions, each within the caller's transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, insert, select, update
from sqlalchemy.engine import Connection

from monitor.domain.reference import Reference
from monitor.store.encodings import pack, pack_embedding
from monitor.store.errors import UnknownReference
from monitor.store.tables import encodings, gallery_members, gallery_references, gallery_versions, views


def active_references() -> Any:
    """References in active versions, joined with their views and encodings."""
    active: ColumnElement[bool] = gallery_versions.c.number == views.c.gallery_version
    return (
        views.join(gallery_versions, (gallery_versions.c.view_id == views.c.id) & active)
        .join(gallery_members, gallery_members.c.version_id == gallery_versions.c.id)
        .join(gallery_references, gallery_references.c.id == gallery_members.c.reference_id)
        .join(encodings, encodings.c.reference_id == gallery_references.c.id)
    )


def encoding_row(reference_id: int, reference: Reference) -> dict[str, Any]:
    """The row that keeps a reference's encoding."""
    return {
        "reference_id": reference_id,
        "bundle_id": reference.upright.bundle_id,
        "embedding": pack_embedding(reference.upright.embedding),
        "content": pack(reference),
    }


def insert_reference(connection: Connection, view_id: int, reference: Reference, digest: str) -> int:
    """Insert a reference with its encoding; returns its id."""
    reference_id: int = connection.execute(
        insert(gallery_references)
        .values(
            view_id=view_id, image_digest=digest, created_at=reference.created_at, origin=reference.origin
        )
        .returning(gallery_references.c.id)
    ).scalar_one()
    connection.execute(insert(encodings).values(encoding_row(reference_id, reference)))
    return reference_id


def insert_version(
    connection: Connection, view_id: int, members: Sequence[int], reason: str, author: str, now: datetime
) -> int:
    """Insert a version and make it the active one; returns its number."""
    last = connection.scalar(
        select(func.max(gallery_versions.c.number)).where(gallery_versions.c.view_id == view_id)
    )
    number = (last or 0) + 1
    version_id = connection.execute(
        insert(gallery_versions)
        .values(view_id=view_id, number=number, created_at=now, reason=reason, author=author)
        .returning(gallery_versions.c.id)
    ).scalar_one()
    if members:
        rows = [{"version_id": version_id, "reference_id": member} for member in members]
        connection.execute(insert(gallery_members), rows)
    connection.execute(update(views).where(views.c.id == view_id).values(gallery_version=number))
    return number


def known_references(connection: Connection, view_id: int, ids: Sequence[int]) -> list[int]:
    """The ids, each once, after a check that they are all references of this view.

    Raises:
        UnknownReference: One is not.
    """
    wanted = list(dict.fromkeys(ids))
    known = set(
        connection.scalars(
            select(gallery_references.c.id).where(
                gallery_references.c.view_id == view_id, gallery_references.c.id.in_(wanted)
            )
        )
    )
    unknown = [reference_id for reference_id in wanted if reference_id not in known]
    if unknown:
        raise UnknownReference(f"The view has no reference {', '.join(map(str, unknown))}.")
    return wanted


def member_ids(connection: Connection, view_id: int, number: int) -> list[int]:
    """References of one gallery version of a view, the oldest first; none if there is no such version."""
    return list(
        connection.scalars(
            select(gallery_members.c.reference_id)
            .join(gallery_versions, gallery_versions.c.id == gallery_members.c.version_id)
            .where(gallery_versions.c.view_id == view_id, gallery_versions.c.number == number)
            .order_by(gallery_members.c.reference_id)
        )
    )
