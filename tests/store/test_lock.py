from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import psycopg
import pytest

from monitor.store import DaemonAlreadyRunning, DaemonLockLost, Store, open_store

HOLDER = textwrap.dedent("""
    import sys, time
    from pathlib import Path
    from monitor.store import open_store
    with open_store(sys.argv[1], Path(sys.argv[2])) as store, store.hold_daemon_lock("the first"):
        print("held", flush=True)
        time.sleep(60)
""")


def test_a_second_daemon_is_refused_and_told_who_runs_until_that_one_is_killed(
    store: Store, migrated_url: str, images_dir: Path
) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, migrated_url, images_dir], stdout=subprocess.PIPE, text=True
    )
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(DaemonAlreadyRunning) as failure, store.hold_daemon_lock("the second"):
            pass
        assert f"process {holder.pid}" in str(failure.value)
        assert socket.gethostname()[:20] in str(failure.value)
        holder.send_signal(signal.SIGKILL)
        holder.wait(10)
        take_over(store)
    finally:
        holder.kill()
        holder.wait()
        assert holder.stdout is not None
        holder.stdout.close()


def take_over(store: Store) -> None:
    """Take the lock as soon as the dead holder's is gone; a database server may need a moment to notice."""
    deadline = time.monotonic() + 10
    while True:
        try:
            with store.hold_daemon_lock("the next") as lock:
                lock.verify()
                return
        except DaemonAlreadyRunning:
            assert time.monotonic() < deadline
            time.sleep(0.02)


def test_the_lock_is_free_again_after_the_block(store: Store, migrated_url: str, images_dir: Path) -> None:
    with (
        open_store(migrated_url, images_dir) as other,
        store.hold_daemon_lock("one"),
        pytest.raises(DaemonAlreadyRunning, match=str(os.getpid())),
        other.hold_daemon_lock("two"),
    ):
        pass
    take_over(store)


def test_a_lost_lock_is_noticed(store: Store, migrated_url: str) -> None:
    with store.hold_daemon_lock("me") as lock:
        lock.verify()
        if migrated_url.startswith("sqlite"):
            Path(migrated_url.removeprefix("sqlite:///") + ".lock").unlink()
        else:
            with psycopg.connect(migrated_url, autocommit=True) as other:
                other.execute("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'")
        with pytest.raises(DaemonLockLost, match="Restart"):
            lock.verify()


def test_the_store_works_while_the_lock_is_held(store: Store) -> None:
    with store.hold_daemon_lock("me") as lock:
        store.ping()
        assert store.views.all()
        lock.verify()
