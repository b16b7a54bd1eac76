import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import pytest

from monitor.cli import examinations
from monitor.settings import load_settings
from tests.cli.workplace import Workplace
from tests.notifiers.receiver import Receiver


def levels(site: Workplace, code: int, *options: str) -> dict[str, str]:
    return {found["area"]: found["level"] for found in site.json("doctor", *options, code=code)}


def now_in_folder(site: Workplace) -> None:
    """As if the pictures had just come."""
    for camera in ("gate", "yard"):
        picture = next((site.folder / "in" / camera).iterdir())
        picture.rename(picture.with_name(f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}.jpg"))


def test_everything_is_looked_at_and_found_well(site: Workplace) -> None:
    now_in_folder(site)
    assert levels(site, 0) == {
        "configuration": "ok",
        "database": "ok",
        "disk": "ok",
        "clock": "ok",
        "network": "ok",
        "camera gate": "ok",
        "camera yard": "ok",
        "notifier log": "ok",
        "deliveries": "ok",
    }
    said = site.run("doctor").stdout
    assert "All is ready." in said
    assert "2 views, 2 enrolled" in said
    assert "320 × 240" in said


def test_old_pictures_are_warned_of(site: Workplace) -> None:
    assert levels(site, 0)["camera gate"] == "warn"
    assert "set `max_age`" in site.run("doctor").stdout


def test_a_missing_camera_and_a_damaged_bundle_fail_with_advice(site: Workplace) -> None:
    (site.folder / "broken.bundle").write_bytes(b"PK\x03\x04 not really")
    text = site.config.read_text().replace("in/yard", "in/nowhere") + "\nbundle: broken.bundle\n"
    site.config.write_text(text)
    result = site.run("doctor", code=1)
    assert "FAIL  camera yard:" in result.stdout
    assert "Check its spelling" in result.stdout
    assert "FAIL  network:" in result.stdout
    assert "2 of 9 examinations failed." in result.stdout


def test_a_database_from_the_future_fails(site: Workplace) -> None:
    with sqlite3.connect(site.folder / "data" / "monitor.db") as database:
        database.execute("UPDATE alembic_version SET version_num = 'of_2099'")
    database.close()
    assert levels(site, 1)["database"] == "fail"


def test_receivers_are_reached_without_sending_anything(site: Workplace, receiver: Receiver) -> None:
    assert levels(site, 0)["notifier hook"] == "ok"
    assert receiver.requests == []


def test_a_test_alert_is_sent_on_demand(site: Workplace, receiver: Receiver) -> None:
    result = site.run("doctor", "--send-test")
    assert [request.verified()["type"] for request in receiver.requests] == ["test"]
    assert "Test alert: accepted (answered 204 No Content)." in result.stdout


def test_a_receiver_that_is_down_or_forbidden_fails_and_stays_secret(
    site: Workplace, receiver: Receiver
) -> None:
    text = site.config.read_text()
    site.config.write_text(text.replace("allow_private: true", "allow_private: false"))
    forbidden = site.run("doctor", code=1)
    assert "an address of this machine itself, which is refused" in forbidden.stdout
    port = receiver.url.split(":")[2].split("/")[0]
    site.config.write_text(text.replace(f":{port}/", ":9/"))
    down = site.run("doctor", code=1)
    assert "The receiver cannot be reached" in down.stdout
    assert "s3cret" not in forbidden.output + down.output


@pytest.mark.usefixtures("_logs_as_before")
def test_the_clock_is_compared_with_the_database_servers(site: Workplace, postgres_url: str) -> None:
    site.config.write_text(site.config.read_text() + f"\ndatabase: {{url: '{postgres_url}'}}\n")
    found = examinations.clock(load_settings(site.config, {}))
    assert found.level is examinations.Level.OK
    assert "the database's" in found.text


def test_a_folder_that_cannot_be_written_fails(site: Workplace, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    site.config.write_text(site.config.read_text().replace("data_dir: data", "data_dir: file/data"))
    found = {one["area"]: one for one in site.json("doctor", code=1)}
    assert found["disk"]["level"] == "fail"
    assert "data_dir" in found["disk"]["advice"]
