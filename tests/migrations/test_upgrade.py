"""Databases of earlier versions, with rows in them: nothing in them is lost, and they are used as if they were new."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from sqlalchemy import text

from monitor.domain.alert import Alert
from monitor.domain.incident import Scope
from monitor.domain.view import ViewKey, ViewSpec
from monitor.store import DeliveryStatus, open_store, upgrade
from monitor.store.engine import Database
from monitor.store.migrate import alembic_config
from monitor.store.serial import to_json
from tests.store import builders
from tests.store.builders import at

GATE, NORTH = ViewKey("gate"), ViewKey("ptz", "north")
NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
# The views, incidents and what hangs on them, as the first version wrote them.
ROWS: dict[str, list[dict[str, Any]]] = {
    "views": [
        {
            "id": number, "camera": key.camera, "view": key.view, "enabled": True, "gallery_version": 0,
            "spec": json.dumps(to_json(ViewSpec(key))), "state": json.dumps({"status": "alert"}),
            "next_due_at": NOW, "created_at": NOW,
        }
        for number, key in enumerate((GATE, NORTH), 1)
    ],
    "incidents": [
        {
            "id": number, "view_id": view, "cause": "offline", "opened_at": NOW, "first_seen_at": NOW,
            "last_seen_at": NOW, "resolved_at": resolved_at, "comment": "on the way", "verdict": "{}", "alerts": 1,
        }
        for number, view, resolved_at in ((1, 1, NOW), (2, 1, None), (3, 2, None))
    ],
    "observations": [
        {
            "id": 1, "view_id": 1, "slot": NOW, "checked_at": NOW, "verdict": '{"kind": "offline", "confidence": 1}',
            "status": "alert", "timings_ms": "{}", "incident_id": 2, "alerts": 1,
        }
    ],
    "deliveries": [
        {
            "id": "log:2-1", "notifier": "log", "incident_id": 2, "sequence": 1, "status": "pending", "attempts": 0,
            "next_attempt_at": NOW, "created_at": NOW, "detail": "", "fence": 0,
            "alert": json.dumps(
                {
                    "id": "2-1", "kind": "incident.opened", "key": {"camera": "gate", "view": "main"},
                    "site": "default", "incident_id": 2, "occurred_at": NOW.isoformat(),
                    "headline": "gate is offline", "details": {},
                }
            ),
        }
    ],
    "labels": [{"id": 1, "incident_id": 1, "correct": True, "author": "ada", "created_at": NOW}],
}  # fmt: skip


@pytest.fixture
def first_version(empty_url: str) -> str:
    """The URL of a database as the first version left it."""
    database = Database(empty_url)
    with database.write() as connection:
        config = alembic_config()
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
    with database.write() as connection:
        for table, rows in ROWS.items():
            for row in rows:
                values = {name: _bound(value, is_sqlite=database.is_sqlite) for name, value in row.items()}
                names = ", ".join(f'"{name}"' for name in values)
                marks = ", ".join(f":{name}" for name in values)
                connection.execute(text(f"INSERT INTO {table} ({names}) VALUES ({marks})"), values)
            if not database.is_sqlite and isinstance(rows[-1]["id"], int):
                # The rows brought their numbers along; the next one is to be counted on from there.
                connection.execute(
                    text(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), {len(rows)})")
                )
    database.close()
    return empty_url


def _bound(value: Any, *, is_sqlite: bool) -> Any:
    return f"{value:%Y-%m-%d %H:%M:%S.%f}" if is_sqlite and isinstance(value, datetime) else value


def test_incidents_keep_everything_that_hangs_on_them_and_know_what_they_are_about(
    first_version: str, tmp_path: Path
) -> None:
    upgrade(first_version)
    with open_store(first_version, tmp_path / "images") as store:
        found = {one.id: one for one in store.incidents.list()}
        assert {number: (one.scope, one.subject, one.members) for number, one in found.items()} == {
            1: (Scope.VIEW, "gate", (GATE,)),
            2: (Scope.VIEW, "gate", (GATE,)),
            3: (Scope.VIEW, "ptz/north", (NORTH,)),
        }
        assert found[2].comment == "on the way"
        (delivery,) = store.deliveries.list()
        assert (delivery.status, delivery.alert.scope) == (DeliveryStatus.PENDING, Scope.VIEW)
        assert [label.incident_id for label in store.labels.list()] == [1]
        (seen,) = store.history.observations(GATE)
        assert seen.incident_id == 2
        # The work goes on: the open incident ends, and a new one may begin.
        ended = store.record(builders.recovered(60, key=GATE), (), builders.announce)
        assert ended.incident is not None
        assert (ended.incident.id, ended.incident.resolved_at) == (2, at(61))
        again = store.record(builders.opened(120, key=GATE), (), builders.announce)
        assert again.incident is not None
        assert again.incident.id not in found


def test_going_back_leaves_incidents_of_views_and_forgets_those_of_hosts(
    first_version: str, tmp_path: Path
) -> None:
    with open_store(first_version, tmp_path / "images") as store:
        store.group_incidents.begin(
            Scope.HOST, "10.0.0.5", [GATE, NORTH], builders.verdict().kind,
            first_seen_at=NOW, now=NOW, addressees=builders.told("log"),
            announce=lambda one, number: Alert(f"{one.id}-{number}", "incident.opened", GATE, "", one.id, NOW, ""),  # type: ignore[arg-type]
        )  # fmt: skip
        assert len(store.incidents.open()) == 3
    database = Database(first_version)
    with database.write() as connection:
        config = alembic_config()
        config.attributes["connection"] = connection
        command.downgrade(config, "0001")
    with database.read() as connection:
        assert connection.execute(text("SELECT id FROM incidents ORDER BY id")).scalars().all() == [1, 2, 3]
        assert connection.execute(text("SELECT count(*) FROM deliveries")).scalar() == 1
    database.close()
