"""One daemon to a database."""

from __future__ import annotations

import fcntl
import json
import os
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, Protocol

from sqlalchemy import text
from sqlalchemy.engine import Connection
from sqlalchemy.exc import SQLAlchemyError

from monitor.store.engine import Database
from monitor.store.errors import DaemonAlreadyRunning, DaemonLockLost
from monitor.store.faults import named_faults, named_file_fault

# Any number; PostgreSQL's advisory locks are per database, so it needs to differ from the migrations' only.
_DAEMON_LOCK = 4_917_061_202


class DaemonLock(Protocol):
    """A held lock."""

    def verify(self) -> None:
        """Make sure that it is still held; a daemon asks now and then.

        Raises:
            DaemonLockLost: It is not: another daemon may have started.
        """
        ...


@contextmanager
def hold_daemon_lock(database: Database, owner: str) -> Iterator[DaemonLock]:
    """Hold the lock against a second daemon on this database for as long as the block runs.

    It ends with the process, however that ends. SQLite: a locked file beside the database. PostgreSQL: a
    session-level advisory lock on a connection of its own, so it works from any number of machines; a pooler
    in transaction mode between them defeats it.

    Args:
        database: Which.
        owner: What a second daemon is told about this one, beside process number and host.

    Raises:
        DaemonAlreadyRunning: Somebody holds it; says who.
        StoreError: The database cannot be reached.
    """
    with ExitStack() as stack:
        if database.sqlite_path is not None:
            yield stack.enter_context(_file_lock(database.sqlite_path, owner))
        else:
            yield stack.enter_context(_advisory_lock(database, owner))


def _already_running(holder: str, where: str) -> DaemonAlreadyRunning:
    return DaemonAlreadyRunning(
        f"Another daemon works on {where}: {holder}.",
        "Stop it first, or give this one a database of its own.",
    )


class _FileLock:
    def __init__(self, file: IO[str], path: Path) -> None:
        self._file = file
        self._path = path

    def verify(self) -> None:
        """See `DaemonLock`."""
        try:
            same = self._path.stat().st_ino == os.fstat(self._file.fileno()).st_ino
        except OSError:
            same = False
        if not same:
            raise DaemonLockLost(f"The lock file {self._path} was deleted.", "Restart the daemon.")


@contextmanager
def _file_lock(database: Path, owner: str) -> Iterator[_FileLock]:
    path = database.with_name(database.name + ".lock")
    try:
        file = path.open("a+", encoding="utf-8")
    except OSError as error:
        raise named_file_fault(error, path) from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise _already_running(_describe(file.read()), str(database)) from None
        # The file stays afterwards: deleting it would let two daemons lock two files of the same name.
        file.truncate(0)
        json.dump({"owner": owner, "pid": os.getpid(), "host": socket.gethostname()}, file)
        file.flush()
        yield _FileLock(file, path)


def _describe(content: str) -> str:
    try:
        holder = json.loads(content)
        return f"process {holder['pid']} on {holder['host']} ({holder['owner']})"
    except (ValueError, KeyError, TypeError):
        return "a process that has not given its name yet"


class _AdvisoryLock:
    def __init__(self, connection: Connection, where: str) -> None:
        self._connection = connection
        self._where = where

    def verify(self) -> None:
        """See `DaemonLock`."""
        try:
            holder = self._connection.execute(_HOLDER).first()
        except SQLAlchemyError as error:
            raise self._lost() from error
        if holder is None or not holder.is_us:
            raise self._lost()

    def _lost(self) -> DaemonLockLost:
        return DaemonLockLost(
            f"{self._where}: The connection that held the lock against a second daemon broke.",
            "Restart the daemon.",
        )


# A 64-bit advisory key is shown as two halves, with objsubid 1.
_HOLDER = text(
    """
    SELECT a.pid = pg_backend_pid() AS is_us, a.application_name AS name
    FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
    WHERE l.locktype = 'advisory' AND l.granted
      AND l.objsubid = 1 AND l.classid = :high AND l.objid = :low
      AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
    """
).bindparams(high=_DAEMON_LOCK >> 32, low=_DAEMON_LOCK & 0xFFFFFFFF)


@contextmanager
def _advisory_lock(database: Database, owner: str) -> Iterator[_AdvisoryLock]:
    with ExitStack() as stack:
        with named_faults(database.where):
            connection = stack.enter_context(database.engine.connect())
            connection.execution_options(isolation_level="AUTOCOMMIT")
            # Not of the pool any more: nobody else gets it, and closing it ends the session and the lock.
            connection.detach()
            if not connection.scalar(text("SELECT pg_try_advisory_lock(:key)"), {"key": _DAEMON_LOCK}):
                holder = connection.execute(_HOLDER).first()
                raise _already_running(holder.name if holder else "one that just ended", database.where)
            # Whoever comes second reads this; PostgreSQL keeps 63 bytes of it.
            name = f"process {os.getpid()} on {socket.gethostname()} ({owner})"
            connection.execute(
                text("SELECT set_config('application_name', :name, false)"), {"name": name[:63]}
            )
        yield _AdvisoryLock(connection, database.where)
