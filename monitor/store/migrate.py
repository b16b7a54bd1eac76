"""Bringing a database to the form that this version of the program works with."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

import monitor
from monitor.store.engine import Database
from monitor.store.errors import DatabaseOutdated, DatabaseTooNew, StoreError

# Any number; two programs that start at once take turns by it (PostgreSQL, transaction-level advisory lock).
_MIGRATION_LOCK = 4_917_061_201


def migrations_dir() -> Path:
    """Where the migration scripts lie: inside the installed package, or beside it in a checkout.

    Raises:
        StoreError: Neither is there; the installation is incomplete.
    """
    package = Path(monitor.__file__).parent
    for candidate in (package / "migrations", package.parent / "migrations"):
        if (candidate / "env.py").is_file():
            return candidate
    raise StoreError(
        "The database migrations are missing from this installation.", "Install the program again."
    )


def alembic_config() -> Config:
    """Alembic's configuration, made here so that no file needs to be found."""
    config = Config()
    config.set_main_option("script_location", str(migrations_dir()).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def newest_revision() -> str:
    """The revision that this version of the program works with."""
    head = ScriptDirectory.from_config(alembic_config()).get_current_head()
    assert head is not None, "migrations/versions is empty"
    return head


def current_revision(database: Database) -> str | None:
    """The revision of the database, or None for an empty one.

    Raises:
        StoreError: The database cannot be read.
    """
    with database.read() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def ensure_current(database: Database, *, migrate: bool) -> None:
    """Make sure that the database has the form that this program works with.

    Args:
        database: Which.
        migrate: Whether to bring an older or empty database up to date.

    Raises:
        DatabaseTooNew: A newer program made it.
        DatabaseOutdated: It is older, and `migrate` is false.
        StoreError: It cannot be read or written.
    """
    current = current_revision(database)
    if current == newest_revision():
        return
    _refuse_newer(current)
    if not migrate:
        raise DatabaseOutdated(
            f"{database.where}: The database is older than the program (at {current or 'nothing yet'}).",
            "Run `monitor doctor`, which brings it up to date, then start again.",
        )
    upgrade(database)


def upgrade(database: Database) -> None:
    """Run every missing migration, in one transaction: all or nothing. Safe to call from two programs at
    once.

    Raises:
        DatabaseTooNew: A newer program made the database.
        StoreError: It cannot be read or written.
    """
    with database.write() as connection:
        if not database.is_sqlite:
            connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": _MIGRATION_LOCK})
        # Asked again under the lock: somebody may have been faster.
        _refuse_newer(MigrationContext.configure(connection).get_current_revision())
        config = alembic_config()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def _refuse_newer(current: str | None) -> None:
    known = {script.revision for script in ScriptDirectory.from_config(alembic_config()).walk_revisions()}
    if current is not None and current not in known:
        raise DatabaseTooNew(
            f"A newer version of the program made the database (its revision '{current}' is unknown here).",
            f"Install the newer version again, or restore a backup made with {monitor.__version__} or older.",
        )
