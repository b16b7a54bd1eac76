"""From the errors of two databases to the few that an operator can act on."""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import exc

from monitor.store.errors import (
    DatabaseDamaged,
    DatabaseOutdated,
    DiskFull,
    StoreError,
    StoreLocked,
    StoreUnavailable,
)

_WAIT = (
    "It is tried again by itself; if it lasts, look for a backup or another program that holds the database."
)
_SPACE = "Free some space, or shorten how long observations and pictures are kept, then it goes on by itself."
_REACH = "Check that the database is running and the URL is right; the monitor goes on when it is back."
_PERMIT = "Make the database and its folder writable for the user that runs the monitor."
_DAMAGED = "Restore the newest backup; the damaged file may be set aside for inspection."
_OUTDATED = "Run `monitor doctor`, which brings it up to date, then start again."

_SQLITE_FAULTS: dict[int, tuple[type[StoreError], str, str]] = {
    sqlite3.SQLITE_BUSY: (StoreLocked, "The database is locked by another program.", _WAIT),
    sqlite3.SQLITE_LOCKED: (StoreLocked, "The database is locked.", _WAIT),
    sqlite3.SQLITE_FULL: (DiskFull, "The disk that holds the database is full.", _SPACE),
    sqlite3.SQLITE_READONLY: (StoreUnavailable, "The database is not writable.", _PERMIT),
    sqlite3.SQLITE_CANTOPEN: (StoreUnavailable, "The database file cannot be opened.", _PERMIT),
    sqlite3.SQLITE_PERM: (StoreUnavailable, "The database may not be opened.", _PERMIT),
    sqlite3.SQLITE_IOERR: (StoreUnavailable, "The disk that holds the database reports errors.", _REACH),
    sqlite3.SQLITE_NOTADB: (DatabaseDamaged, "The file is not an SQLite database.", _DAMAGED),
    sqlite3.SQLITE_CORRUPT: (DatabaseDamaged, "The database is damaged.", _DAMAGED),
}

# SQLSTATE codes of PostgreSQL, the longest prefix wins.
_POSTGRES_FAULTS: dict[str, tuple[type[StoreError], str, str]] = {
    "53100": (DiskFull, "The disk of the database server is full.", _SPACE),
    "53300": (StoreUnavailable, "The database server has no connection left for us.", _REACH),
    "55P03": (StoreLocked, "The database is locked by another program.", _WAIT),
    "57014": (StoreLocked, "The database did not answer in time.", _WAIT),
    "40": (StoreLocked, "The database gave way to another program.", _WAIT),
    "25006": (StoreUnavailable, "The database accepts no changes.", _PERMIT),
    "42501": (StoreUnavailable, "The database user may not do what is needed.", _PERMIT),
    "28": (StoreUnavailable, "The database refuses the user or the password.", _REACH),
    "3D": (StoreUnavailable, "The database does not exist on the server.", _REACH),
    "XX001": (DatabaseDamaged, "The database is damaged.", _DAMAGED),
    "XX002": (DatabaseDamaged, "The database is damaged.", _DAMAGED),
    "42P01": (DatabaseOutdated, "The database lacks a table.", _OUTDATED),
    "42703": (DatabaseOutdated, "The database lacks a column.", _OUTDATED),
}


@contextmanager
def named_faults(where: str) -> Iterator[None]:
    """Turn SQLAlchemy's errors into ours.

    Args:
        where: The database as a person may see it, without password.

    Raises:
        StoreError: In place of any `SQLAlchemyError`.
    """
    try:
        yield
    except exc.TimeoutError as error:
        raise StoreLocked(f"{where}: All connections to the database are in use.", _WAIT) from error
    except exc.DBAPIError as error:
        raise _named(error, where) from error
    except exc.StatementError as error:
        # No word of the database's: a value that a column type refuses, a mistake in the program.
        raise (error.orig or error) from error
    except exc.SQLAlchemyError as error:
        raise StoreError(f"{where}: The database work failed ({type(error).__name__}).") from error


def _named(error: exc.DBAPIError, where: str) -> StoreError:
    kind, problem, remedy = _sqlite_fault(error) or _postgres_fault(error) or (StoreError, "", "")
    if not problem:
        first_line = str(error.orig).partition("\n")[0]
        problem = f"The database refused a statement ({type(error.orig).__name__}: {first_line})."
    return kind(f"{where}: {problem}", remedy)


def _sqlite_fault(error: exc.DBAPIError) -> tuple[type[StoreError], str, str] | None:
    if not isinstance(error.orig, sqlite3.Error):
        return None
    if "no such table" in str(error.orig) or "no such column" in str(error.orig):
        return DatabaseOutdated, "The database lacks a table or column.", _OUTDATED
    code = getattr(error.orig, "sqlite_errorcode", None)
    # Extended codes carry the primary one in their low byte.
    return None if code is None else _SQLITE_FAULTS.get(code & 0xFF)


def _postgres_fault(error: exc.DBAPIError) -> tuple[type[StoreError], str, str] | None:
    if isinstance(error.orig, sqlite3.Error):
        return None
    state = getattr(error.orig, "sqlstate", None)
    for length in (5, 2):
        if state is not None and state[:length] in _POSTGRES_FAULTS:
            return _POSTGRES_FAULTS[state[:length]]
    # No SQLSTATE, or class 08 or 57: the connection never came about, or broke.
    lost = error.connection_invalidated or (isinstance(error, exc.OperationalError) and state is None)
    if lost or (state or "")[:2] in ("08", "57"):
        return StoreUnavailable, "The database cannot be reached.", _REACH
    return None


def named_file_fault(error: OSError, path: Path) -> StoreError:
    """The named error for a failed file operation on the database's or the images' folder."""
    # A file-size limit or a quota is, to an operator, a full disk too.
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return DiskFull(f"No space left to write {path}.", _SPACE)
    return StoreUnavailable(
        f"{path} cannot be used ({error.strerror or type(error).__name__}).",
        "Check that the folder exists and is writable for the user that runs the monitor.",
    )
