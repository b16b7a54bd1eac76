"""A bounded number of random histories, the same ones each time; `python -m tests.proofs model` makes others."""

from __future__ import annotations

from pathlib import Path

from hypothesis.stateful import run_state_machine_as_test

from tests.postgres import PostgresServer
from tests.proofs.model import histories_on_postgres, histories_on_sqlite
from tests.proofs.profiles import bounded


def test_no_history_loses_doubles_or_disorders_an_alert(tmp_path: Path) -> None:
    run_state_machine_as_test(histories_on_sqlite(tmp_path), settings=bounded(12))


def test_with_postgresql_it_is_the_same(postgres_server: PostgresServer) -> None:
    run_state_machine_as_test(histories_on_postgres(postgres_server), settings=bounded(3))
