import json
import sqlite3
import subprocess
import sys

from monitor.store import open_store
from tests.cli.workplace import FLIP_AFTER, Workplace


def test_a_site_that_is_as_it_should_be_ends_with_0(site: Workplace) -> None:
    found = site.json("check")
    assert [(view["camera"], view["verdict"]["kind"], view["state"]) for view in found] == [
        ("gate", "ok", "ok"),
        ("yard", "ok", "ok"),
    ]


def test_a_flipped_and_a_moved_camera_end_with_1_and_are_named(site: Workplace) -> None:
    for camera in ("gate", "yard"):
        site.upload(camera, site.recordings.bad(camera), FLIP_AFTER)
    said = site.run("check", code=1).stdout
    assert "flipped 180" in said
    assert "moved: 6.0 % right" in said
    assert "suspect" in said


def test_only_the_cameras_named_are_looked_at(site: Workplace) -> None:
    site.upload("yard", site.recordings.bad("yard"), FLIP_AFTER)
    assert [view["camera"] for view in site.json("check", "gate")] == ["gate"]
    assert site.json("history", "yard") == []


def test_nothing_new_gives_the_verdict_of_before(site: Workplace) -> None:
    site.upload("gate", site.recordings.bad("gate"), FLIP_AFTER)
    site.json("check", "gate", code=1)
    found = site.json("check", "gate", code=1)[0]
    assert found["verdict"]["kind"] == "flipped_180"
    assert "nothing new" in found["note"]
    assert len(site.json("history", "gate")) == 1


def test_a_camera_without_pictures_is_offline(site: Workplace) -> None:
    for file in (site.folder / "in" / "gate").iterdir():
        file.unlink()
    found = site.json("check", "gate", code=1)[0]
    assert found["verdict"]["kind"] == "offline"


def test_a_view_that_is_not_enrolled_says_how_to(bare: Workplace) -> None:
    assert "Run `monitor enroll gate`." in bare.run("check", "gate", code=1).stdout


def test_a_folder_read_file_by_file_is_looked_at_where_it_is_now(site: Workplace) -> None:
    text = site.config.read_text().replace("path: in/gate", "path: in/gate, mode: all")
    site.config.write_text(text)
    site.upload("gate", site.recordings.bad("gate"), FLIP_AFTER)
    assert site.json("check", "gate", code=1)[0]["verdict"]["kind"] == "flipped_180"


def test_it_works_beside_a_daemon(site: Workplace) -> None:
    url = f"sqlite:///{site.folder / 'data' / 'monitor.db'}"
    with open_store(url, site.folder / "data" / "images") as store, store.hold_daemon_lock("a test"):
        assert site.json("check", "gate")[0]["verdict"]["kind"] == "ok"


def test_alerts_are_queued_for_the_daemon(site: Workplace) -> None:
    for minute in (FLIP_AFTER, FLIP_AFTER + 1):
        site.upload("gate", site.recordings.bad("gate", minute), minute)
        said = site.run("check", "gate", code=1)
    assert "1 alert queued; `monitor run` sends them." in said.stderr


def test_json_of_a_process_is_on_standard_output_alone_and_evidence_is_there_on_demand(
    site: Workplace,
) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "monitor", "--config", site.config, "check", "--json", "--evidence"],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)[0]["verdict"]["evidence"]["support"] > 0


def test_a_database_from_the_future_is_refused(site: Workplace) -> None:
    with sqlite3.connect(site.folder / "data" / "monitor.db") as database:
        database.execute("UPDATE alembic_version SET version_num = 'of_2099'")
    database.close()
    refused = site.run("check", code=2)
    assert "newer version" in refused.stderr
