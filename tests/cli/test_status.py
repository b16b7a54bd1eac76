from datetime import UTC, datetime, timedelta

from monitor.store import open_store
from tests.cli.workplace import Workplace


def test_the_table_shows_where_every_view_stands(site: Workplace) -> None:
    number = site.raise_incident()
    lines = site.run("status").stdout.splitlines()
    gate = next(line for line in lines if line.startswith("gate"))
    assert "alert" in gate
    assert "flipped 180" in gate
    assert str(number) in gate
    assert "ok" in next(line for line in lines if line.startswith("yard"))


def test_json_has_state_cause_displacement_and_references(site: Workplace) -> None:
    site.upload("yard", site.recordings.bad("yard"), 6)
    site.run("check", code=1)
    gate, yard = site.json("status")
    assert (gate["state"], gate["references"], gate["incident"]) == ("ok", 1, None)
    assert (yard["state"], yard["cause"]) == ("suspect", "moved")
    assert abs(yard["last_verdict"]["displacement"]["dx"] - 0.06) < 0.01
    assert yard["last_verdict"]["displacement"]["words"].startswith("6")


def test_a_camera_that_is_new_in_the_configuration_is_shown_and_nothing_is_written(site: Workplace) -> None:
    text = site.config.read_text().replace(
        "notifiers:", "  - {name: hall, source: {kind: folder, path: in/hall}}\nnotifiers:"
    )
    site.config.write_text(text)
    shown = site.run("status")
    assert "hall" in shown.stdout
    assert "monitor enroll --all" in shown.stderr
    with open_store(
        f"sqlite:///{site.folder / 'data' / 'monitor.db'}", site.folder / "data" / "images"
    ) as store:
        assert [row.spec.key.camera for row in store.views.all()] == ["gate", "yard"]


def test_a_view_that_nobody_looks_at_is_named_late(site: Workplace) -> None:
    site.run("check")
    assert "Is `monitor run` running?" not in site.run("status").stderr
    _age(site, timedelta(hours=2))
    assert "gate, yard. Is `monitor run` running?" in site.run("status").stderr


def _age(site: Workplace, by: timedelta) -> None:
    """As if everything had happened so much earlier."""
    import sqlite3

    with sqlite3.connect(site.folder / "data" / "monitor.db") as database:
        past = (datetime.now(UTC) - by).timestamp()
        kind = database.execute("SELECT typeof(last_checked_at), last_checked_at FROM views").fetchone()
        value = past * 1e6 if kind[0] == "integer" else _like(kind[1], datetime.now(UTC) - by)
        database.execute("UPDATE views SET last_checked_at = ?, next_due_at = ?", (value, value))
    database.close()


def _like(example: str, at: datetime) -> str:
    return at.strftime("%Y-%m-%d %H:%M:%S.%f") if " " in example else at.isoformat()
