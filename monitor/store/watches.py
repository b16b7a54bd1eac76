"""Reading everything that a check of a view needs, as of one moment."""

from __future__ import annotations

from functools import cache
from typing import Any

from sqlalchemy import Row, Select, bindparam, delete, insert, select
from sqlalchemy.engine import Connection

from monitor.domain.reference import Reference
from monitor.domain.state import ViewState
from monitor.domain.view import ViewKey, ViewSpec
from monitor.store.cache import EncodingCache
from monitor.store.encodings import StoredEncoding, unpack
from monitor.store.engine import Database
from monitor.store.incidents import find_open_incident
from monitor.store.rows import Watch
from monitor.store.serial import from_json
from monitor.store.tables import (
    constancies,
    encodings,
    gallery_members,
    gallery_references,
    gallery_versions,
    views,
)
from monitor.store.views import find_view


class Watches:
    """Reads watches, and keeps the encodings read lately.

    Args:
        database: Where from.
        cache: Encodings read lately; a reference takes about 0.25 MB there.
    """

    def __init__(self, database: Database, cache: EncodingCache) -> None:
        self._database = database
        self._cache = cache

    def load(self, key: ViewKey) -> Watch:
        """The view's watch, in one read transaction.

        Raises:
            UnknownView: No view has this name.
            EncodingUnreadable: A reference's encoding is damaged.
        """
        with self._database.read() as connection:
            view = find_view(connection, key, views.c.spec, views.c.state, views.c.gallery_version)
            constancy = connection.scalar(_constancy(), {"of_view": view.id})
            incident = find_open_incident(connection, view.id)
            members = connection.execute(
                _members(), {"of_view": view.id, "version": view.gallery_version}
            ).all()
            found = self._encodings(connection, [row.encoding_id for row in members])
        return Watch(
            spec=from_json(ViewSpec, view.spec),
            state=from_json(ViewState, view.state),
            references=tuple(_reference(key, row, found[row.encoding_id]) for row in members),
            constancy=constancy,
            open_incident=incident,
        )

    def _encodings(self, connection: Connection, ids: list[int]) -> dict[int, StoredEncoding]:
        held = {encoding_id: self._cache.get(encoding_id) for encoding_id in ids}
        found = {encoding_id: encoding for encoding_id, encoding in held.items() if encoding is not None}
        missing = [encoding_id for encoding_id in ids if encoding_id not in found]
        if missing:
            query = select(encodings.c.id, encodings.c.content).where(encodings.c.id.in_(missing))
            for row in connection.execute(query):
                found[row.id] = unpack(row.content)
                self._cache.put(row.id, found[row.id])
        return found

    def save_constancy(self, key: ViewKey, content: bytes) -> None:
        """Keep what stays the same in the view's pictures, in place of what was kept before.

        Raises:
            UnknownView: No view has this name.
        """
        with self._database.write() as connection:
            view_id = find_view(connection, key, lock=True).id
            connection.execute(delete(constancies).where(constancies.c.view_id == view_id))
            connection.execute(insert(constancies).values(view_id=view_id, content=content))


# Statements of every check are made once: making them takes longer than running them.
@cache
def _constancy() -> Select[Any]:
    return select(constancies.c.content).where(constancies.c.view_id == bindparam("of_view"))


@cache
def _members() -> Select[Any]:
    return (
        select(
            gallery_references.c.id,
            gallery_references.c.image_digest,
            gallery_references.c.created_at,
            gallery_references.c.origin,
            encodings.c.id.label("encoding_id"),
        )
        .join(gallery_members, gallery_members.c.reference_id == gallery_references.c.id)
        .join(gallery_versions, gallery_versions.c.id == gallery_members.c.version_id)
        .join(encodings, encodings.c.reference_id == gallery_references.c.id)
        .where(
            gallery_versions.c.view_id == bindparam("of_view"),
            gallery_versions.c.number == bindparam("version"),
        )
        .order_by(gallery_references.c.id)
    )


def _reference(key: ViewKey, row: Row[Any], encoding: StoredEncoding) -> Reference:
    return Reference(
        id=row.id,
        key=key,
        image_digest=row.image_digest,
        created_at=row.created_at,
        origin=row.origin,
        upright=encoding.upright,
        turned=encoding.turned,
    )
