"""What can be wrong with a database, and that each of it has a name."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import textwrap
import threading
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import text

from monitor.domain.errors import MonitorError
from monitor.store import (
    BadDatabaseUrl,
    DatabaseDamaged,
    DatabaseOutdated,
    DiskFull,
    Store,
    StoreError,
    StoreLocked,
    StoreUnavailable,
    WalUnavailable,
    open_store,
    sqlite,
)
from monitor.store.engine import Database
from monitor.store.sqlite import configure_connection, filesystem_of
from tests.postgres import PostgresServer
from tests.store.builders import KEY, NOW, TOLD, announce, observation, spec


@pytest.fixture
def sqlite_file(tmp_path: Path, migrated_sqlite: Path) -> Path:
    return Path(shutil.copy(migrated_sqlite, tmp_path / "monitor.db"))


def open_file(path: Path) -> Store:
    return open_store(f"sqlite:///{path}", path.parent / "images")


@pytest.mark.parametrize(
    "url", ["", "nonsense", "mysql://me:secret@host/db", "sqlite://", "sqlite:///:memory:"]
)
def test_a_url_that_we_cannot_use_is_refused_without_repeating_its_password(url: str, tmp_path: Path) -> None:
    with pytest.raises(BadDatabaseUrl) as failure:
        open_store(url, tmp_path)
    assert "secret" not in str(failure.value)
    assert isinstance(failure.value, MonitorError)


def test_sqlite_runs_with_write_ahead_log_foreign_keys_and_patience(sqlite_file: Path) -> None:
    database = Database(f"sqlite:///{sqlite_file}")
    with database.read() as connection:
        settings = {
            name: connection.scalar(text(f"PRAGMA {name}"))
            for name in ("journal_mode", "foreign_keys", "busy_timeout", "synchronous")
        }
    database.close()
    assert settings == {"journal_mode": "wal", "foreign_keys": 1, "busy_timeout": 15_000, "synchronous": 2}


def test_whoever_begins_while_another_program_makes_the_database_waits_for_it(tmp_path: Path) -> None:
    path = tmp_path / "monitor.db"
    other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    other.execute("CREATE TABLE made (x)")
    other.execute("BEGIN IMMEDIATE")
    over = threading.Timer(0.3, other.execute, ["COMMIT"])
    over.start()
    mine = sqlite3.connect(path)
    try:
        configure_connection(mine)
        assert mine.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
    finally:
        over.join()
        mine.close()
        other.close()


def test_sqlite_without_write_ahead_log_is_refused() -> None:
    # Stands in for a place without shared memory: the one database that can never have a write-ahead log.
    memory = sqlite3.connect(":memory:")
    with pytest.raises(WalUnavailable, match="'memory' instead of WAL"):
        sqlite.configure_connection(memory)
    memory.close()


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/srv/cameras/monitor.db", "nfs4"),
        ("/srv/local/x.db", "ext4"),
        ("/my disk/x.db", "cifs"),
        ("/x.db", "ext4"),
    ],
)
def test_the_file_system_below_a_path_is_that_of_the_deepest_mount(path: str, kind: str) -> None:
    mounts = (
        "/dev/sda1 / ext4 rw 0 0\nserver:/export /srv nfs4 rw 0 0\n/dev/sdb /srv/local ext4 rw 0 0\n"
        "//server/share /my\\040disk cifs rw 0 0\n"
    )
    assert filesystem_of(Path(path), mounts) == kind


def test_a_network_file_system_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mounts = tmp_path / "mounts"
    mounts.write_text(f"server:/export {tmp_path} nfs4 rw 0 0\n")
    monkeypatch.setattr(sqlite, "_MOUNTS", mounts)
    with pytest.raises(WalUnavailable, match=r"nfs4.*PostgreSQL"):
        open_file(tmp_path / "monitor.db")


def test_a_folder_that_does_not_exist_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable, match="nowhere"):
        open_file(tmp_path / "nowhere" / "monitor.db")


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    (tmp_path / "monitor.db").write_text("once upon a time " * 1000)
    with pytest.raises(DatabaseDamaged, match="not an SQLite database"):
        open_file(tmp_path / "monitor.db")


def test_a_damaged_database_is_named(sqlite_file: Path) -> None:
    content = bytearray(sqlite_file.read_bytes())
    content[4096:] = b"\xff" * (len(content) - 4096)
    sqlite_file.write_bytes(content)
    with pytest.raises(DatabaseDamaged):
        open_file(sqlite_file).views.all()


def test_a_database_that_vanishes_is_named_and_taken_up_again_when_it_is_back(sqlite_file: Path) -> None:
    aside = sqlite_file.with_suffix(".aside")
    with open_file(sqlite_file) as store:
        store.views.sync([spec()], NOW)
        sqlite_file.rename(aside)
        for call in (store.ping, store.views.all, lambda: store.record(observation(0), TOLD, announce)):
            with pytest.raises(StoreUnavailable, match="vanished"):
                call()
        aside.rename(sqlite_file)
        store.record(observation(0), TOLD, announce)


def test_a_database_that_is_locked_for_long_is_named(
    sqlite_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "BUSY_TIMEOUT_S", 0.05)
    with open_file(sqlite_file) as store:
        other = sqlite3.connect(sqlite_file, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreLocked, match="locked by another program"):
            store.views.sync([spec()], NOW)
        assert store.views.all() == []  # readers are not in the way of writers
        other.execute("ROLLBACK")
        other.close()
        store.views.sync([spec()], NOW)


def test_a_full_disk_is_named_and_the_store_goes_on_when_there_is_space(sqlite_file: Path) -> None:
    with open_file(sqlite_file) as store:
        store.views.sync([spec()], NOW)
        # The pool hands out the same connection again, as nobody else asks for one.
        with store._database.read() as connection:
            pages = connection.scalar(text("PRAGMA page_count"))
            connection.execute(text(f"PRAGMA max_page_count = {pages}"))
        with pytest.raises(DiskFull, match="full"):
            store.save_constancy(KEY, bytes(1_000_000))
        with store._database.read() as connection:
            connection.execute(text("PRAGMA max_page_count = 1000000"))
        store.save_constancy(KEY, bytes(1_000_000))


def test_a_database_without_its_tables_is_named(sqlite_file: Path) -> None:
    with open_file(sqlite_file) as store:
        with store._database.write() as connection:
            connection.execute(text("DROP TABLE labels"))
        with pytest.raises(DatabaseOutdated, match="monitor doctor"):
            store.labels.list()


@pytest.fixture
def public_folder() -> Iterator[Path]:
    """A folder whose parents everybody may enter, unlike pytest's own."""
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)
        Path(name).chmod(0o755)


@pytest.mark.parametrize(("file_mode", "folder_mode"), [(0o444, 0o555), (0o644, 0o700)])
def test_a_database_that_we_may_not_use_is_named(
    migrated_sqlite: Path, public_folder: Path, file_mode: int, folder_mode: int
) -> None:
    child = textwrap.dedent("""
        import os, sys
        from pathlib import Path
        from monitor.store import StoreUnavailable, open_store
        from tests.store.builders import NOW
        os.setgroups([]), os.setgid(65534), os.setuid(65534)
        try:
            with open_store(f"sqlite:///{sys.argv[1]}", Path(sys.argv[2])) as store:
                store.views.sync([], NOW)
        except StoreUnavailable as error:
            print("refused:", error)
    """)
    if os.geteuid() != 0:
        # Whoever is not root already has to ask for permission; nobody else can be the stranger here.
        child = child.replace("os.setgroups([]), os.setgid(65534), os.setuid(65534)", "")
        folder_mode &= 0o577
    database = Path(shutil.copy(migrated_sqlite, public_folder / "monitor.db"))
    database.chmod(file_mode)
    public_folder.chmod(folder_mode)
    done = subprocess.run(
        [sys.executable, "-c", child, database, public_folder / "images"],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert "refused:" in done.stdout, done.stderr


def test_a_server_that_is_not_there_is_named_without_the_password(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable, match="cannot be reached") as failure:
        open_store(f"postgresql://me:s3cret@/db?host={tmp_path}", tmp_path / "images")
    assert "s3cret" not in str(failure.value)
    assert "***" in str(failure.value)


def test_a_database_that_the_server_lacks_is_named(postgres_server: PostgresServer, tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable, match=r"does not exist|cannot be reached"):
        open_store(postgres_server.url("no_such_database"), tmp_path)


def kill_then_ask(store: Store, url: str, kill: str) -> None:
    with psycopg.connect(url, autocommit=True) as other, store._database.read() as connection:
        other.execute(kill.encode())
        connection.execute(text("SELECT 1"))


def test_a_broken_connection_is_named_and_replaced(postgres_url: str, tmp_path: Path) -> None:
    with open_store(postgres_url, tmp_path) as store:
        store.views.sync([spec()], NOW)
        kill = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'monitor'"
        with pytest.raises(StoreUnavailable, match="cannot be reached"):
            kill_then_ask(store, postgres_url, kill)
        store.record(observation(0), TOLD, announce)


def test_a_lock_in_postgresql_that_lasts_is_named(postgres_url: str, tmp_path: Path) -> None:
    with open_store(postgres_url + "&options=-c lock_timeout=50ms", tmp_path) as store:
        store.views.sync([spec()], NOW)
        with psycopg.connect(postgres_url) as other:
            other.execute("SELECT * FROM views FOR UPDATE")
            with pytest.raises(StoreLocked, match="locked by another program"):
                store.record(observation(0), TOLD, announce)
        store.record(observation(0), TOLD, announce)


def test_a_disk_full_at_the_server_is_named(postgres_url: str, tmp_path: Path) -> None:
    with (
        open_store(postgres_url, tmp_path) as store,
        pytest.raises(DiskFull),
        store._database.write() as connection,
    ):
        connection.execute(text("DO $$ BEGIN RAISE EXCEPTION 'no space' USING ERRCODE = '53100'; END $$"))


def test_what_has_no_name_of_its_own_is_still_an_error_of_the_store(store: Store) -> None:
    with pytest.raises(StoreError, match="refused a statement"), store._database.write() as connection:
        connection.execute(text("SELECT 1 FROM nothing WHERE"))


def test_more_threads_than_connections_wait_for_their_turn(store: Store) -> None:
    errors: list[BaseException] = []

    def read() -> None:
        try:
            for _ in range(5):
                store.load_watch(KEY)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=read) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []


def test_a_closed_store_leaves_no_connection_behind(store: Store, migrated_url: str) -> None:
    store.views.all()
    store.close()
    store.close()
    if migrated_url.startswith("postgresql"):
        query = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        with psycopg.connect(migrated_url, autocommit=True) as other:
            for _ in range(100):
                row = other.execute(query).fetchone()
                if row == (0,):
                    break
            assert row == (0,)
    else:
        path = Path(migrated_url.removeprefix("sqlite:///"))
        assert path not in {handle.resolve() for handle in Path("/proc/self/fd").iterdir()}
