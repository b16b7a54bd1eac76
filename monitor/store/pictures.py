"""Which pictures the database refers to."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select, union_all
from sqlalchemy.engine import Connection

from monitor.store.tables import gallery_references, incidents, observations

_COLUMNS = (
    gallery_references.c.image_digest,
    incidents.c.frame_digest,
    incidents.c.latest_digest,
    observations.c.image_digest,
)


def used_pictures(connection: Connection, digests: Sequence[str]) -> set[str]:
    """Those of the digests that something refers to."""
    query = union_all(*(select(column).where(column.in_(digests)) for column in _COLUMNS))
    return set(connection.scalars(query))
