"""Features of a gallery in an SQLite file: one row a picture, and its features once for every bundle."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import numpy as np
from sqlalchemy import (
    Column,
    Connection,
    LargeBinary,
    MetaData,
    String,
    Table,
    create_engine,
    delete,
    insert,
    select,
)
from sqlalchemy.exc import DatabaseError, IntegrityError
from sqlalchemy.pool import NullPool

from monitor.domain.errors import MonitorError
from train.retrieval.embed import Floats

VERSION = 1
BUSY_TIMEOUT_S = 30.0

metadata = MetaData()
pictures = Table(
    "pictures",
    metadata,
    Column("path", String, primary_key=True),
    Column("title", String, nullable=False),
    Column("style", String, nullable=False),
    Column("digest", String(64), nullable=False, index=True),
)
# By digest, so that a picture which only moved keeps its features. 32-bit floats, little-endian.
features = Table(
    "features",
    metadata,
    Column("bundle_id", String, primary_key=True),
    Column("digest", String(64), primary_key=True),
    Column("embedding", LargeBinary, nullable=False),
    Column("raw", LargeBinary),
)
notes = Table(
    "notes",
    metadata,
    Column("name", String, primary_key=True),
    Column("text", String, nullable=False),
)


class StoreError(MonitorError):
    """The stored gallery is damaged, in use, or cannot be written."""


class Row(NamedTuple):
    """One picture: path relative to the gallery with `/` between folders, title, style, SHA-256 of the file."""

    path: str
    title: str
    style: str
    digest: str


class GalleryStore:
    """The stored features. Every method is a transaction of its own, so that a kill loses what it was at, no more.

    Args:
        path: The SQLite file; made with its folder if it is not there.

    Raises:
        StoreError: By every method: the file is damaged, in use, or cannot be written. By the constructor also: it is
            no store of this version, or cannot be made.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(
                f"Cannot make {path.parent}: {error.strerror}.", "Give another folder with --store."
            ) from error
        # No pool: between transactions nothing holds the file.
        self._engine = create_engine(
            f"sqlite:///{path}", connect_args={"timeout": BUSY_TIMEOUT_S}, poolclass=NullPool
        )
        self._check()

    def known_digests(self, bundle_id: str) -> set[str]:
        """Of the pictures whose features by this bundle are stored."""
        with self._transaction() as connection:
            return set(connection.scalars(select(features.c.digest).where(features.c.bundle_id == bundle_id)))

    def add_features(self, bundle_id: str, rows: Mapping[str, tuple[Floats, Floats | None]]) -> None:
        """Store embedding (D,) and, if there is one, raw embedding (D,) by digest."""
        values = [
            {
                "bundle_id": bundle_id,
                "digest": digest,
                "embedding": _to_bytes(vector),
                "raw": None if raw is None else _to_bytes(raw),
            }
            for digest, (vector, raw) in rows.items()
        ]
        if values:
            with self._transaction() as connection:
                # Another command may have embedded the same picture meanwhile.
                connection.execute(insert(features).prefix_with("OR REPLACE"), values)

    def replace_pictures(self, rows: Sequence[Row]) -> int:
        """Make these the gallery's pictures, and drop features that none of them has.

        Returns:
            How many stored paths are gone.
        """
        with self._transaction() as connection:
            before = set(connection.scalars(select(pictures.c.path)))
            connection.execute(delete(pictures))
            connection.execute(insert(pictures), [row._asdict() for row in rows])
            connection.execute(delete(features).where(~features.c.digest.in_(select(pictures.c.digest))))
        return len(before - {row.path for row in rows})

    def read_features(self, bundle_id: str, digests: Sequence[str]) -> tuple[Floats, Floats | None]:
        """Embeddings (N, D) and, if all have one, raw embeddings (N, D) of pictures by digest.

        Raises:
            StoreError: Also: one is not there, or they differ in length.
        """
        wanted = select(features).where(features.c.bundle_id == bundle_id)
        with self._transaction() as connection:
            found = {row.digest: (row.embedding, row.raw) for row in connection.execute(wanted)}
        try:
            rows = [found[digest] for digest in digests]
            vectors = np.stack([np.frombuffer(vector, "<f4") for vector, _ in rows])
            if any(raw is None for _, raw in rows):
                return vectors, None
            return vectors, np.stack([np.frombuffer(raw, "<f4") for _, raw in rows])
        except (KeyError, ValueError) as error:
            raise self._damaged("features are missing or cut short") from error

    def read_note(self, name: str) -> str | None:
        """A note, None if there is none."""
        with self._transaction() as connection:
            return connection.scalar(select(notes.c.text).where(notes.c.name == name))

    def write_note(self, name: str, text: str) -> None:
        """Set a note."""
        with self._transaction() as connection:
            connection.execute(insert(notes).prefix_with("OR REPLACE"), {"name": name, "text": text})

    def _check(self) -> None:
        """See that the file can be used and, if it is new, make the tables."""
        with self._transaction() as connection:
            version = _number(connection, "PRAGMA user_version")
            empty = not _number(connection, "SELECT count(*) FROM sqlite_master")
            if version != VERSION and not (version == 0 and empty):
                raise StoreError(
                    f"{self._path} is not a gallery of this version of the program (its version: {version}).",
                    "Move it away: it is made again from the pictures.",
                )
            said = str(connection.exec_driver_sql("PRAGMA quick_check(1)").scalar_one())
            if said != "ok":
                raise self._damaged(said.splitlines()[-1])
            if empty:
                metadata.create_all(connection)
                connection.exec_driver_sql(f"PRAGMA user_version = {VERSION}")

    def _damaged(self, what: str) -> StoreError:
        return StoreError(
            f"The stored gallery {self._path} is damaged: {what}.",
            "Run the command again; if that does not help, delete the file: it is made again from the pictures.",
        )

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        """A connection that has the file for itself; the database's errors become ours."""
        try:
            with self._engine.begin() as connection:
                # At once and for writing: a second command waits here instead of failing when it comes to write.
                connection.exec_driver_sql("BEGIN IMMEDIATE")
                yield connection
        except IntegrityError as error:
            raise self._damaged(str(error.orig)) from error
        except DatabaseError as error:
            said = str(error.orig)
            if "locked" in said:
                raise StoreError(
                    f"Another command is using {self._path}.", "Wait for it, and try again."
                ) from error
            if any(word in said for word in ("unable to open", "readonly", "disk is full", "disk I/O")):
                raise StoreError(
                    f"Cannot write {self._path}: {said}.",
                    "See that the folder can be written and the disk is not full, or give another with --store.",
                ) from error
            raise self._damaged(said) from error


def _number(connection: Connection, question: str) -> int:
    return int(connection.exec_driver_sql(question).scalar_one())


def _to_bytes(vector: Floats) -> bytes:
    return vector.astype("<f4").tobytes()
