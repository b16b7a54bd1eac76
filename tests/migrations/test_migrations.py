from __future__ import annotations

import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text

import monitor
from monitor.store import DatabaseOutdated, DatabaseTooNew, open_store, upgrade
from monitor.store.engine import Database
from monitor.store.migrate import alembic_config, current_revision, migrations_dir, newest_revision
from monitor.store.tables import metadata


@pytest.fixture
def database(empty_url: str) -> Iterator[Database]:
    opened = Database(empty_url)
    yield opened
    opened.close()


def set_revision(database: Database, revision: str) -> None:
    with database.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = :revision"), {"revision": revision})


def test_the_migrated_schema_is_that_of_the_tables(empty_url: str, database: Database) -> None:
    upgrade(empty_url)
    with database.read() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
        found = set(inspect(connection).get_table_names())
    assert found == {*metadata.tables, "alembic_version"}


def test_partial_indexes_and_checks_are_there_as_well(empty_url: str, database: Database) -> None:
    upgrade(empty_url)
    with database.read() as connection:
        indexes = {index["name"]: index for index in inspect(connection).get_indexes("incidents")}
        checks = [check["name"] for check in inspect(connection).get_check_constraints("labels")]
    assert indexes["uq_incidents_open"]["unique"]
    where = next(
        value for name, value in indexes["uq_incidents_open"]["dialect_options"].items() if "where" in name
    )
    assert "resolved_at IS NULL" in str(where)
    assert checks == ["ck_labels_one_subject"]


def test_migrating_down_to_nothing_and_up_again_works(empty_url: str, database: Database) -> None:
    upgrade(empty_url)
    with database.write() as connection:
        config = alembic_config()
        config.attributes["connection"] = connection
        command.downgrade(config, "base")
    with database.read() as connection:
        assert set(inspect(connection).get_table_names()) <= {"alembic_version"}
    upgrade(empty_url)
    assert current_revision(database) == newest_revision()


def test_every_migration_has_one_successor_and_can_be_undone() -> None:
    scripts = ScriptDirectory.from_config(alembic_config())
    assert len(scripts.get_heads()) == 1
    for script in scripts.walk_revisions():
        assert "def downgrade" in Path(script.path).read_text()


def test_a_newer_database_is_refused_with_what_to_do(
    empty_url: str, database: Database, tmp_path: Path
) -> None:
    upgrade(empty_url)
    set_revision(database, "9999")
    for call in (
        lambda: open_store(empty_url, tmp_path),
        lambda: open_store(empty_url, tmp_path, migrate=False),
        lambda: upgrade(empty_url),
    ):
        with pytest.raises(DatabaseTooNew, match=r"newer version.*'9999'.*Install the newer version"):
            call()


def test_an_empty_database_is_refused_when_it_may_not_be_migrated(empty_url: str, tmp_path: Path) -> None:
    with pytest.raises(DatabaseOutdated, match="monitor doctor"):
        open_store(empty_url, tmp_path, migrate=False)
    upgrade(empty_url)
    open_store(empty_url, tmp_path, migrate=False).close()


def test_programs_that_start_together_migrate_once(
    empty_url: str, tmp_path: Path, database: Database
) -> None:
    errors: list[BaseException] = []

    def start() -> None:
        try:
            open_store(empty_url, tmp_path).close()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=start) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert current_revision(database) == newest_revision()


def test_a_failed_migration_leaves_the_database_as_it_was(
    empty_url: str, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def break_off(*_: object) -> None:
        raise RuntimeError("the power went")

    monkeypatch.setattr("alembic.runtime.migration.HeadMaintainer.update_to_step", break_off)
    with pytest.raises(RuntimeError, match="power"):
        upgrade(empty_url)
    monkeypatch.undo()
    with database.read() as connection:
        assert inspect(connection).get_table_names() == []
    upgrade(empty_url)


def test_the_scripts_are_found_in_an_installed_package_too(tmp_path: Path) -> None:
    import shutil

    package = tmp_path / "monitor"
    shutil.copytree(Path(monitor.__file__).parent / "store", package / "store")
    shutil.copytree(Path(monitor.__file__).parent / "domain", package / "domain")
    shutil.copy(monitor.__file__, package / "__init__.py")
    shutil.copytree(migrations_dir(), package / "migrations")
    child = textwrap.dedent("""
        import sys
        from pathlib import Path
        from monitor.store import open_store
        from monitor.store.migrate import migrations_dir
        open_store(f"sqlite:///{sys.argv[1]}", Path(sys.argv[2])).close()
        print(migrations_dir())
    """)
    done = subprocess.run(
        [sys.executable, "-P", "-c", child, tmp_path / "monitor.db", tmp_path / "images"],
        capture_output=True, text=True, timeout=60, check=False, cwd=tmp_path, env={"PYTHONPATH": str(tmp_path)},
    )  # fmt: skip
    assert done.stdout.strip() == str(package / "migrations"), done.stderr
