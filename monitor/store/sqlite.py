"""What makes SQLite fit for several threads and for years: WAL, immediate writers, a local disk."""

from __future__ import annotations

import os
import sqlite3
import time
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event
from sqlalchemy.engine import Connection

from monitor.store.errors import StoreUnavailable, WalUnavailable
from monitor.store.faults import named_file_fault

BUSY_TIMEOUT_S = 15.0
_SWITCH_AGAIN_S = 0.01
# Marks a connection that is going to write; see `_begin`.
WRITES = "monitor_writes"
# WAL needs memory shared between processes, which these do not offer, and their locks are not to be relied
# on.
NETWORK_FILESYSTEMS = frozenset(
    {
        "nfs",
        "nfs4",
        "cifs",
        "smb",
        "smb2",
        "smb3",
        "smbfs",
        "9p",
        "afs",
        "ceph",
        "lustre",
        "beegfs",
        "gpfs",
        "davfs",
    }
    | {"fuse.sshfs", "fuse.glusterfs", "fuse.ceph", "fuse.s3fs", "fuse.rclone", "fuse.davfs", "fuse.juicefs"}
)
_MOUNTS = Path("/proc/self/mounts")


def prepare(engine: Engine) -> None:
    """Set up every connection that `engine` opens, and the way it begins transactions."""
    event.listen(engine, "connect", configure_connection)
    event.listen(engine, "begin", _begin)


def configure_connection(connection: sqlite3.Connection, _record: Any = None) -> None:
    """Set up one new connection.

    Raises:
        WalUnavailable: The database cannot have a write-ahead log.
    """
    # The driver's own BEGIN comes too late (before the first write) and is never IMMEDIATE; `_begin` does it.
    connection.isolation_level = None
    # First of all, as everything after it may meet a lock.
    connection.execute(f"PRAGMA busy_timeout = {int(BUSY_TIMEOUT_S * 1000)}")
    mode = _switch_to_wal(connection)
    if mode != "wal":
        raise WalUnavailable(
            f"SQLite offers journal mode '{mode}' instead of WAL for this database.",
            "Put the database file on a local disk, or use PostgreSQL.",
        )
    connection.execute("PRAGMA foreign_keys = ON")
    # FULL, not NORMAL: after a power cut an alert that was sent must not be numbered anew for something else.
    connection.execute("PRAGMA synchronous = FULL")


def _switch_to_wal(connection: sqlite3.Connection) -> str:
    """The journal mode after it. Programs that begin on a new database switch at once; for this alone SQLite does not
    wait by itself, as it holds a lock already while it asks for a stronger one.
    """
    deadline_s = time.monotonic() + BUSY_TIMEOUT_S
    while True:
        try:
            return str(connection.execute("PRAGMA journal_mode = WAL").fetchone()[0])
        except sqlite3.OperationalError as error:
            # Whatever the extended code says besides.
            is_busy = error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY
            if not is_busy or time.monotonic() > deadline_s:
                raise
            time.sleep(_SWITCH_AGAIN_S)


def _begin(connection: Connection) -> None:
    # A writer that starts as a reader cannot wait for another writer: it fails with "database is locked" at
    # once.
    immediate = connection.get_execution_options().get(WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")


def refuse_network_filesystem(path: Path) -> None:
    """Check where a database is going to lie.

    Raises:
        WalUnavailable: On a network file system.
        StoreUnavailable: Its folder does not exist, or may not be entered.
    """
    try:
        exists = path.parent.is_dir()
    except OSError as error:
        raise named_file_fault(error, path.parent) from error
    if not exists:
        raise StoreUnavailable(
            f"The folder {path.parent} for the database does not exist.", "Create it, or correct the URL."
        )
    try:
        mounts = _MOUNTS.read_text(errors="replace")
    except OSError:  # not Linux; `configure_connection` still verifies WAL
        return
    kind = filesystem_of(path, mounts)
    if kind in NETWORK_FILESYSTEMS:
        raise WalUnavailable(
            f"{path} lies on a network file system ({kind}), where SQLite loses data.",
            "Put the database file on a local disk, or use PostgreSQL.",
        )


def filesystem_of(path: Path, mounts: str) -> str:
    """The type of the file system that holds `path`, from the text of /proc/mounts; empty when unknown."""
    resolved = path.resolve()
    best: tuple[int, str] = (-1, "")
    for line in mounts.splitlines():
        fields = line.split(" ")
        if len(fields) < 3:
            continue
        # Spaces in mount points are written as octal escapes.
        point = Path(fields[1].replace("\\040", " "))
        depth = len(point.parts)
        # Of mounts on the same point the last one is on top.
        if depth >= best[0] and (resolved == point or point in resolved.parents):
            best = (depth, fields[2])
    return best[1]


def identity(path: Path) -> tuple[int, int] | None:
    """Device and inode of the database file, or None when it is not there."""
    try:
        status = os.stat(path)  # noqa: PTH116 - on the path of every transaction
    except OSError:
        return None
    return status.st_dev, status.st_ino
