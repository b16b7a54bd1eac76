"""The first run of a newcomer."""

from __future__ import annotations

from pathlib import Path

from tests.e2e.program import monitor


def test_the_demo_finds_the_flipped_and_the_moved_camera_and_no_other(tmp_path: Path) -> None:
    done = monitor("demo", "--dir", tmp_path / "demo", "--seconds", "60", timeout_s=240)
    assert done.code == 0, done.output + done.errors
    alerts = [line for line in done.output.splitlines() if "ALERT" in line]
    assert any("crossing" in line and "upside down" in line for line in alerts), done.output
    assert any("quay" in line for line in alerts), done.output
    assert done.output.count("quiet all day and night") == 4
