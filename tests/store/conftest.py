"""The same store tests run over both databases: a test that asks for `store` or `store_url` runs twice."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from monitor.store import Store, open_store
from tests.store import builders


@pytest.fixture(params=["sqlite", "postgres"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a new, empty database of either kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'monitor.db'}"
    url: str = request.getfixturevalue("postgres_url")
    return url


@pytest.fixture
def images_dir(tmp_path: Path) -> Path:
    return tmp_path / "images"


@pytest.fixture
def store(store_url: str, images_dir: Path) -> Iterator[Store]:
    """A store that watches one view, `builders.KEY`, due at `builders.NOW`."""
    with open_store(store_url, images_dir) as opened:
        opened.views.sync([builders.spec()], builders.NOW)
        opened.views.schedule(builders.KEY, builders.NOW)
        yield opened


@pytest.fixture
def sqlite_store(tmp_path: Path, images_dir: Path) -> Iterator[Store]:
    """A store on SQLite alone, for what does not touch the database's dialect."""
    with open_store(f"sqlite:///{tmp_path / 'alone.db'}", images_dir) as opened:
        opened.views.sync([builders.spec()], builders.NOW)
        opened.views.schedule(builders.KEY, builders.NOW)
        yield opened
