from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from monitor.domain.day import DayPose, ViewDay
from monitor.domain.verdict import VerdictKind
from monitor.domain.view import ViewKey
from monitor.store import open_store
from tests.cli.workplace import Workplace

GATE = ViewKey("gate")
TODAY = datetime.now(UTC).date()


@pytest.fixture
def drifting(site: Workplace) -> Workplace:
    """`gate` slides to the right by 0.02 % of the view a day, for thirty days until yesterday."""
    data = site.folder / "data"
    with open_store(f"sqlite:///{data / 'monitor.db'}", data / "images") as store:
        anchor = store.report_data.references(GATE)[GATE][0].reference_id
        for back in range(1, 31):
            pose = DayPose(anchor, 100, 0.0002 * (31 - back))
            store.days.save(
                GATE, ViewDay(TODAY - timedelta(days=back), 100, {VerdictKind.OK: 100}, 1, (pose,))
            )
    return site


@pytest.mark.parametrize(
    ("name", "begins"), [("r.html", b"<!doctype"), ("r.pdf", b"%PDF"), ("r.csv", b"section,")]
)
def test_a_report_is_written_in_the_format_of_its_name(drifting: Workplace, name: str, begins: bytes):
    out = drifting.folder / name
    result = drifting.run("report", "--period", "week", "--out", out)
    assert out.read_bytes().startswith(begins)
    assert "2 views, 700 checks, 100.0 % with a usable picture." in result.stdout
    assert not list(drifting.folder.glob(".*.part"))


def test_a_report_of_the_past(drifting: Workplace):
    out = drifting.folder / "r.csv"
    drifting.run("report", "--period", "month", "--until", TODAY - timedelta(days=100), "--out", out)
    assert "checks,0" in out.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--out", "r.docx"), "does not say in which format"),
        (("--out", "r.html", "--site", "nowhere"), "There is no site nowhere"),
        (("--out", "r.html", "--until", "2999-01-01"), "lies ahead"),
        (("--out", "no/such/folder/r.html"), "cannot be written"),
    ],
)
def test_what_cannot_be_reported_is_said(site: Workplace, arguments: tuple[str, ...], message: str):
    assert message in site.run("report", *arguments, code=2).output


def test_drift_of_one_view_is_told_and_drawn(drifting: Workplace):
    said = drifting.run("drift", "gate").stdout
    assert "It lies 0.6 % right: 60 % of its tolerance." in said
    assert f"It leaves its tolerance: {TODAY + timedelta(days=19)}" in said
    assert said.count("•") > 5
    assert "-----" in said


def test_drift_of_all_views_is_a_table(drifting: Workplace):
    said = drifting.run("drift").stdout
    assert "0.60 % right" in said
    assert "0 of 7 days" in said


def test_drift_for_machines(drifting: Workplace):
    gate, yard = drifting.json("drift")
    assert (gate["course"], yard["course"]) == ("drifting", "untold")
    assert gate["slopes"]["dx"]["middle"] == pytest.approx(0.0002)
    assert gate["forecast"]["on"] == (TODAY + timedelta(days=19)).isoformat()
    assert len(gate["poses"]) == 30


def test_status_shows_drift_when_asked(drifting: Workplace):
    assert "drifts: " in drifting.run("status", "--drift").stdout
    assert "drifts: " not in drifting.run("status").stdout
    gate, _ = drifting.json("status", "--drift")
    assert gate["drift"]["days"] == 30
    assert "drift" not in drifting.json("status")[0]


def test_a_report_names_what_the_checks_of_the_past_days_found(site: Workplace):
    """Days not summed up yet are summed up first."""
    site.upload("gate", site.recordings.good("gate", 1), 1)
    site.run("check", "gate")
    out: Path = site.folder / "r.csv"
    result = site.run("report", "--out", out)
    assert "2 views" in result.stdout
