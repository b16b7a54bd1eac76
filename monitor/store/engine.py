"""The connection to either database: transactions, their errors, and its name without the password."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, text
from sqlalchemy.engine import URL, Connection, make_url
from sqlalchemy.exc import ArgumentError

from monitor.store import sqlite
from monitor.store.errors import BadDatabaseUrl, StoreLocked, StoreUnavailable
from monitor.store.faults import named_faults

POOL_SIZE = 8
POOL_OVERFLOW = 24
POOL_TIMEOUT_S = 30.0
# How long a writer of this process waits for the others; far above what any transaction takes.
WRITER_TIMEOUT_S = 60.0
_POSTGRES_OPTIONS = (
    "-c lock_timeout=30s -c statement_timeout=120s -c idle_in_transaction_session_timeout=300s"
)


def parse_url(url: str) -> URL:
    """The URL with the driver that we use.

    Raises:
        BadDatabaseUrl: It is none, or not of SQLite (as a file) or PostgreSQL. Its password is not repeated.
    """
    remedy = "Use sqlite:///path/to/file.db or postgresql://user:password@host/database."
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise BadDatabaseUrl("The database URL cannot be understood.", remedy) from None
    backend = parsed.get_backend_name()
    if backend in ("postgresql", "postgres"):
        return parsed.set(drivername="postgresql+psycopg")
    if backend != "sqlite":
        raise BadDatabaseUrl(f"The database '{backend}' is not supported.", remedy)
    if parsed.database in (None, "", ":memory:"):
        raise BadDatabaseUrl("A database in memory is lost with the process.", remedy)
    return parsed.set(drivername="sqlite+pysqlite")


class Database:
    """One database, used from any number of threads.

    Args:
        url: `sqlite:///…` or `postgresql://…`.

    Raises:
        BadDatabaseUrl: The URL is of neither kind.
        WalUnavailable: SQLite on a network file system.
        StoreUnavailable: The folder for SQLite's file does not exist, or the driver is not installed.
    """

    def __init__(self, url: str) -> None:
        self._url = parse_url(url)
        self.where = self._url.render_as_string(hide_password=True)
        self.sqlite_path: Path | None = None
        if self._url.get_backend_name() == "sqlite":
            self.sqlite_path = Path(str(self._url.database)).absolute()
            sqlite.refuse_network_filesystem(self.sqlite_path)
        self._identity: tuple[int, int] | None = None
        # SQLite has one writer at a time. Queueing here is fair and instant; its own waiting polls, and can
        # starve.
        self._writer = threading.Lock()
        self._engine = self._create_engine()

    @property
    def engine(self) -> Engine:
        """The engine, for migrations."""
        return self._engine

    @property
    def is_sqlite(self) -> bool:
        """Whether this is SQLite; otherwise it is PostgreSQL."""
        return self.sqlite_path is not None

    def _create_engine(self) -> Engine:
        common: dict[str, Any] = {
            "pool_size": POOL_SIZE,
            "max_overflow": POOL_OVERFLOW,
            "pool_timeout": POOL_TIMEOUT_S,
            "hide_parameters": True,
        }
        if self.is_sqlite:
            engine = create_engine(self._url.set(database=str(self.sqlite_path)), **common)
            sqlite.prepare(engine)
            return engine
        url = self._url
        settings = {"connect_timeout": "10", "options": _POSTGRES_OPTIONS, "application_name": "monitor"}
        # What the URL says itself goes first.
        url = url.update_query_dict(
            {name: value for name, value in settings.items() if name not in url.query}
        )
        try:
            # Pre-ping: after a restart of the server the next transaction just works.
            return create_engine(url, pool_pre_ping=True, **common)
        except ImportError as error:
            raise StoreUnavailable(
                "The driver for PostgreSQL is not installed.",
                "Install it with: pip install 'psycopg[binary]'.",
            ) from error

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A transaction that reads: everything in it sees the same moment.

        Raises:
            StoreError: Named for what went wrong.
        """
        self._check_file()
        with named_faults(self.where), self._engine.connect() as connection:
            if not self.is_sqlite:
                connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            with connection.begin():
                yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that writes: committed at the end, rolled back on any error.

        Raises:
            StoreError: Named for what went wrong.
        """
        self._check_file()
        with named_faults(self.where):
            if not self.is_sqlite:
                with self._engine.begin() as connection:
                    yield connection
                return
            if not self._writer.acquire(timeout=WRITER_TIMEOUT_S):
                raise StoreLocked(
                    f"{self.where}: Too many changes wait for the database.", "Is its disk too slow?"
                )
            try:
                with self._engine.connect() as connection:
                    connection.execution_options(**{sqlite.WRITES: True})
                    with connection.begin():
                        yield connection
            finally:
                self._writer.release()

    def ping(self) -> None:
        """Ask the database for a sign of life.

        Raises:
            StoreError: There is none; named for what went wrong.
        """
        with self.read() as connection:
            connection.execute(text("SELECT 1"))

    def remember_file(self) -> None:
        """From now on the database file is this one; called when it surely exists."""
        if self.sqlite_path is not None:
            self._identity = sqlite.identity(self.sqlite_path)

    def _check_file(self) -> None:
        # SQLite goes on happily in a file that was deleted under it, and all is lost at the end.
        if self.sqlite_path is None or self._identity is None:
            return
        if sqlite.identity(self.sqlite_path) != self._identity:
            raise StoreUnavailable(
                f"The database file {self.sqlite_path} has vanished or was replaced.",
                "Put it back, or stop the monitor first and restart it with the new file.",
            )

    def close(self) -> None:
        """Close every connection; may be called twice."""
        self._engine.dispose()
