"""Silences: what people do not want to be told for a while."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, insert, or_, select, update

from monitor.domain.matcher import Matcher
from monitor.domain.severity import Severity
from monitor.domain.silence import Silence
from monitor.domain.verdict import VerdictKind
from monitor.store.engine import Database
from monitor.store.errors import UnknownSilence
from monitor.store.serial import to_json
from monitor.store.tables import silences


class Silences:
    """The room of the silences."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, silence: Silence) -> Silence:
        """Store a new one; it comes back with its number."""
        with self._database.write() as connection:
            row = connection.execute(
                insert(silences)
                .values(
                    matcher=to_json(silence.matcher),
                    author=to_json(silence.author),
                    comment=to_json(silence.comment),
                    created_at=silence.created_at,
                    starts_at=silence.starts_at,
                    ends_at=silence.ends_at,
                )
                .returning(silences)
            ).one()
            return _silence(row)

    def active(self, now: datetime) -> list[Silence]:
        """Those that count at this moment, the oldest first."""
        query = select(silences).where(
            silences.c.ends_at > now,
            silences.c.starts_at <= now,
            or_(silences.c.expired_at.is_(None), silences.c.expired_at > now),
        )
        with self._database.read() as connection:
            return [_silence(row) for row in connection.execute(query.order_by(silences.c.id))]

    def list(self, limit: int = 100) -> list[Silence]:
        """All of them, the newest first."""
        query = select(silences).order_by(silences.c.id.desc()).limit(limit)
        with self._database.read() as connection:
            return [_silence(row) for row in connection.execute(query)]

    def expire(self, number: int, by: str, now: datetime) -> Silence:
        """End one now; one that is over already stays as it is.

        Raises:
            UnknownSilence: There is none with this number.
        """
        with self._database.write() as connection:
            connection.execute(
                update(silences)
                .where(silences.c.id == number, silences.c.expired_at.is_(None), silences.c.ends_at > now)
                .values(expired_at=now, expired_by=to_json(by))
            )
            row = connection.execute(select(silences).where(silences.c.id == number)).first()
            if row is None:
                raise UnknownSilence(
                    f"There is no silence {number}.", "`monitor alerts silence list` has their numbers."
                )
            return _silence(row)


def _silence(row: Row[Any]) -> Silence:
    return Silence(
        id=row.id,
        matcher=_matcher(row.matcher),
        author=row.author,
        comment=row.comment,
        created_at=row.created_at,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        expired_at=row.expired_at,
        expired_by=row.expired_by,
    )


def _matcher(data: Mapping[str, Sequence[str]]) -> Matcher:
    return Matcher(
        cameras=tuple(data.get("cameras", ())),
        views=tuple(data.get("views", ())),
        sites=tuple(data.get("sites", ())),
        tags=tuple(data.get("tags", ())),
        causes=tuple(VerdictKind(cause) for cause in data.get("causes", ())),
        severities=tuple(Severity(severity) for severity in data.get("severities", ())),
    )
