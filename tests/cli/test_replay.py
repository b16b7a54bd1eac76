import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from monitor.cli.main import main
from monitor.store import open_store
from tests.cli.workplace import FLIP_AFTER, MINUTES, Recordings, Workplace


def replay(*arguments: object, code: int) -> Result:
    """Runs it without any configuration."""
    result = CliRunner().invoke(main, ["replay", *map(str, arguments)], env={"MONITOR_CONFIG": None})
    assert result.exit_code == code, (result.output, result.exception)
    assert "Traceback" not in result.output
    return result


def lines(result: Result) -> list[dict[str, Any]]:
    return [json.loads(line) for line in result.stdout.splitlines()]


@pytest.fixture
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder without a configuration."""
    monkeypatch.chdir(tmp_path)


@pytest.mark.usefixtures("nowhere")
def test_a_quiet_recording_is_silent(recordings: Recordings) -> None:
    result = replay("anything", recordings.folder / "good" / "gate", code=0)
    assert f"{MINUTES - 1} checks: {MINUTES - 1} ok." in result.stdout
    assert "No incident: nothing would have been reported." in result.stdout
    assert "is not configured: default thresholds" in result.stderr


@pytest.mark.usefixtures("nowhere")
def test_a_fault_of_the_recording_is_told_with_time_cause_displacement_and_file(
    recordings: Recordings,
) -> None:
    result = replay("yard", recordings.folder / "bad" / "yard", code=1)
    assert "2026-06-01 10:06:00  suspected      moved: 6.0 % right  [20260601T100600Z.jpg]" in result.stdout
    assert "2026-06-01 10:07:00  INCIDENT       moved: 6.0 % right  [20260601T100700Z.jpg]" in result.stdout
    assert "1 incident would have been reported:" in result.stdout


@pytest.mark.usefixtures("nowhere")
def test_injected_faults_are_found_and_how_soon_is_told(recordings: Recordings) -> None:
    injected = ("--inject", "flip@0.25", "--inject", "none@0.5", "--inject", "move:0.05,0@2026-06-01T10:09")
    found = lines(replay("gate", recordings.folder / "good" / "gate", "--json", *injected, code=0))
    flip, ended, move = (one for one in found if one["type"] == "fault")
    assert (flip["from"], flip["found_after_checks"], flip["found_after_s"]) == (
        "2026-06-01T10:03:00+00:00",
        2,
        60,
    )
    assert ended["found_after_checks"] == 2
    assert (move["expected"], move["found_after_checks"]) == ("moved", 2)
    finding = next(one for one in found if one.get("finds") == move["fault"])
    assert finding["verdict"]["displacement"]["dx"] == pytest.approx(0.05, abs=0.01)
    summary = found[-1]
    assert (summary["incidents"], summary["unexplained"], summary["missed"]) == (2, [], [])
    told = replay("gate", recordings.folder / "good" / "gate", *injected[:2], code=0).stdout
    assert "flip@0.25: found at check 2, 60 s after the first frame with it." in told


@pytest.mark.usefixtures("nowhere")
def test_a_fault_that_comes_too_late_to_be_found_is_missed(recordings: Recordings) -> None:
    result = replay("gate", recordings.folder / "good" / "gate", "--inject", "flip@0.95", code=1)
    assert "flip@0.95: MISSED in 1 check." in result.stdout


@pytest.mark.usefixtures("nowhere")
def test_the_end_of_a_fault_needs_a_recovery_where_an_incident_is_open(recordings: Recordings) -> None:
    quiet = recordings.folder / "good" / "gate"
    assert "none@0.5: no incident was open" in replay("gate", quiet, "--inject", "none@0.5", code=0).stdout
    injected = ("--inject", "flip@0.5", "--inject", "none@0.95")
    assert "none@0.95: NO RECOVERY in 1 check." in replay("gate", quiet, *injected, code=1).stdout


@pytest.mark.usefixtures("nowhere")
def test_an_incident_that_no_injected_fault_explains_is_listed(recordings: Recordings) -> None:
    result = replay("yard", recordings.folder / "bad" / "yard", "--inject", "mirror@0.9", code=1)
    assert "1 incident that no injected fault explains:" in result.stdout
    assert "moved: " in result.stdout


@pytest.mark.usefixtures("nowhere")
def test_an_interval_thins_the_frames_out_and_looks_sooner_when_in_doubt(recordings: Recordings) -> None:
    found = lines(replay("yard", recordings.folder / "bad" / "yard", "--json", "--interval", 180, code=1))
    checks = [one["at"][14:16] for one in found if one["type"] == "check"]
    # Enrolled from :00; every third minute, and from the suspicion at :07 on at the next frame there is.
    assert checks == ["01", "04", "07", "08", "11"]


@pytest.mark.usefixtures("nowhere")
def test_undated_files_can_be_spaced_out(recordings: Recordings, tmp_path: Path) -> None:
    for number in range(4):
        shutil.copyfile(recordings.good("gate", number), tmp_path / f"frame{number + 8}.jpg")
    found = lines(replay("gate", tmp_path, "--spacing", 60, "--json", code=0))
    files = [one["file"] for one in found if one["type"] == "check"]
    assert files == ["frame9.jpg", "frame10.jpg", "frame11.jpg"]


@pytest.mark.usefixtures("nowhere")
def test_unfit_and_unreadable_frames_are_not_enrolled(recordings: Recordings, tmp_path: Path) -> None:
    (tmp_path / "20260601T095900Z.jpg").write_bytes(b"\xff\xd8\xff broken")
    for minute in (0, 1):
        shutil.copyfile(recordings.good("gate", minute), tmp_path / recordings.good("gate", minute).name)
    assert "References: 20260601T100000Z.jpg." in replay("gate", tmp_path, code=0).stderr
    assert "only 2 are fit" in replay("gate", tmp_path, "--enroll-first", 3, code=2).stderr


@pytest.mark.usefixtures("nowhere")
def test_an_unreadable_frame_is_a_stream_fault_of_the_timeline(
    recordings: Recordings, tmp_path: Path
) -> None:
    shutil.copytree(recordings.folder / "good" / "gate", tmp_path / "in")
    (tmp_path / "in" / "20260601T100530Z.jpg").write_bytes(b"\xff\xd8\xff broken")
    found = lines(replay("gate", tmp_path / "in", "--json", code=0))
    assert found[-1]["verdicts"] == {"ok": MINUTES - 1, "stream_fault": 1}


def test_the_live_references_are_used_and_nothing_live_is_touched(site: Workplace) -> None:
    database = site.folder / "data" / "monitor.db"
    with open_store(f"sqlite:///{database}", site.folder / "data" / "images") as store:
        before = store.views.all()
    result = site.run("replay", "gate", site.recordings.folder / "bad" / "gate", code=1)
    assert "References: the 1 that gate has in use." in result.stderr
    assert f"{MINUTES} checks: {FLIP_AFTER} ok, {MINUTES - FLIP_AFTER} flipped 180." in result.stdout
    with open_store(f"sqlite:///{database}", site.folder / "data" / "images") as store:
        assert store.views.all() == before
        assert store.incidents.list() == []


def test_a_picture_can_be_named_as_the_reference(site: Workplace) -> None:
    reference = site.recordings.bad("gate")
    result = site.run(
        "replay", "gate", site.recordings.folder / "bad" / "gate", "--reference", reference, code=1
    )
    assert f"{FLIP_AFTER} flipped 180" in result.stdout


@pytest.mark.usefixtures("nowhere")
@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("--inject", "flip"), "does not say from when on"),
        (("--inject", "flip@soon"), "does not say from when on"),
        (("--inject", "flip@1.5"), "lies outside of the recording"),
        (("--inject", "flip@2025-01-01"), "lies outside of the recording"),
        (("--inject", "explode@0.5"), "There is no fault 'explode'"),
        (("--pattern", "*.gif"), "There are no pictures in"),
    ],
)
def test_what_cannot_be_meant_is_refused(
    recordings: Recordings, arguments: tuple[str, ...], problem: str
) -> None:
    assert problem in replay("gate", recordings.folder / "good" / "gate", *arguments, code=2).stderr


@pytest.mark.usefixtures("nowhere")
def test_a_missing_folder_is_named() -> None:
    assert "nothing-here does not exist" in replay("gate", "nothing-here", code=2).stderr
