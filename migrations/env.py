"""How Alembic reaches the database: over the store's connection, or over `-x url=…` by hand."""

from __future__ import annotations

from typing import Any, Literal

from alembic import context
from sqlalchemy.engine import Connection

from monitor.store.columns import UtcDateTime
from monitor.store.engine import Database
from monitor.store.tables import metadata


def render_item(kind: str, item: Any, _context: Any) -> str | Literal[False]:
    # A migration is history: it must not change when the program's own column types do.
    return "sa.DateTime(timezone=True)" if kind == "type" and isinstance(item, UtcDateTime) else False


def run(connection: Connection) -> None:
    # Batch mode, as SQLite cannot alter most of a table in place. The transaction is the caller's.
    context.configure(
        connection=connection, target_metadata=metadata, render_as_batch=True, render_item=render_item
    )
    context.run_migrations()


def run_by_hand() -> None:
    url = context.get_x_argument(as_dictionary=True).get("url")
    if url is None:
        raise SystemExit("name a database: alembic -c migrations/alembic.ini -x url=sqlite:///scratch.db …")
    database = Database(url)
    with database.write() as connection:
        run(connection)
    database.close()


handed_in = context.config.attributes.get("connection")
if handed_in is None:
    run_by_hand()
else:
    run(handed_in)
