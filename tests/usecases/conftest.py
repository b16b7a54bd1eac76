"""A bench for every test: a real store in a folder of its own, copied from one that was made once."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.usecases.doubles import YARD, Bench, view_of


@pytest.fixture(scope="session")
def new_site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a site on which nothing is enrolled yet; only for copies."""
    folder = tmp_path_factory.mktemp("new-site")
    Bench(folder).store.close()
    return folder


@pytest.fixture(scope="session")
def enrolled_site(new_site: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same with the gate (place 1) and the yard (place 2) enrolled; only for copies."""
    folder = tmp_path_factory.mktemp("site") / "enrolled"
    shutil.copytree(new_site, folder)
    bench = Bench(folder)
    bench.enroll(view_of(1))
    bench.enroll(view_of(2), key=YARD)
    bench.store.close()
    return folder


def bench_in(folder: Path, template: Path) -> Iterator[Bench]:
    shutil.copytree(template, folder, dirs_exist_ok=True)
    bench = Bench(folder)
    yield bench
    bench.store.close()


@pytest.fixture
def bench(tmp_path: Path, new_site: Path) -> Iterator[Bench]:
    """A site on which nothing is enrolled yet."""
    yield from bench_in(tmp_path, new_site)


@pytest.fixture
def watched(tmp_path: Path, enrolled_site: Path) -> Iterator[Bench]:
    """A site with the gate (place 1) and the yard (place 2) enrolled."""
    yield from bench_in(tmp_path, enrolled_site)
