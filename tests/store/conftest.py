"""The same store tests run over both databases: a test that asks for `store` or `store_url` runs twice."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from monitor.store import Store, open_store, upgrade
from tests.postgres import PostgresServer
from tests.store import builders

MIGRATED = "migrated_template"


@pytest.fixture(params=["sqlite", "postgres"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a new, empty database of either kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'monitor.db'}"
    url: str = request.getfixturevalue("postgres_url")
    return url


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated database file to copy, as most tests are not about migrations."""
    path = tmp_path_factory.mktemp("template") / "monitor.db"
    upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def migrated_postgres(postgres_server: PostgresServer) -> PostgresServer:
    """The server, with a migrated database to copy."""
    postgres_server.execute(f"CREATE DATABASE {MIGRATED}")
    upgrade(postgres_server.url(MIGRATED))
    return postgres_server


@pytest.fixture(params=["sqlite", "postgres"])
def migrated_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a new, migrated database of either kind."""
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("migrated_sqlite"), tmp_path / "monitor.db")
        yield f"sqlite:///{tmp_path / 'monitor.db'}"
        return
    server: PostgresServer = request.getfixturevalue("migrated_postgres")
    with server.database(template=MIGRATED) as url:
        yield url


@pytest.fixture
def images_dir(tmp_path: Path) -> Path:
    return tmp_path / "images"


@pytest.fixture
def store(migrated_url: str, images_dir: Path) -> Iterator[Store]:
    """A store that watches one view, `builders.KEY`, due at `builders.NOW`."""
    with open_store(migrated_url, images_dir) as opened:
        opened.views.sync([builders.spec()], builders.NOW)
        opened.views.schedule(builders.KEY, builders.NOW)
        yield opened
