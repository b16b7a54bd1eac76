"""From a network nobody knows to a view that is watched, as a user would go about it."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.program import ROOT, monitor, until

PASSWORD = "tr0ub4dor-and-3"
SCRIPT = f"""\
cameras:
  - {{name: gate, kind: street, seed: 7000, size: [480, 360], username: viewer, password: {PASSWORD}, auth: digest}}
  - {{name: yard, kind: car_park, seed: 7002, size: [480, 360], username: viewer, password: {PASSWORD}, auth: basic}}
"""


@pytest.fixture
def said(tmp_path: Path) -> Iterator[str]:
    """What a simulated site of ONVIF devices says of itself, while it runs."""
    script, log = tmp_path / "script.yaml", tmp_path / "simulate.log"
    script.write_text(SCRIPT)
    command = ["simulate", "--onvif", "--discovery-port", "0", "--speed", "1", "--script", str(script)]
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-u", "-m", "monitor", *command], stdout=output, stderr=output, cwd=ROOT
        )
    try:
        until(lambda: process.poll() is not None or "Simulated time" in log.read_text(), log.read_text)
        yield log.read_text()
    finally:
        process.terminate()
        process.wait(20)


def test_cameras_are_discovered_added_and_enrolled(said: str, tmp_path: Path) -> None:
    config = tmp_path / "monitor.yaml"
    config.write_text("# Mine.\ndata_dir: data\ncameras: []  # none yet\n")
    password = tmp_path / "password"
    password.touch(0o600)
    password.write_text(PASSWORD)
    port = re.search(r"on port (\d+)", said)
    assert port, said

    found = monitor("--config", config, "discover", "--address", f"127.0.0.1:{port[1]}", "--wait", "0.5")
    assert found.code == 0, found.errors
    assert "Simulated gate" in found.output
    next_step = re.search(r"Next: monitor (add \S+)", found.output)
    assert next_step, found.output
    recorder = re.search(r"127\.0\.0\.1:\d+(?=  +Simulated recorder)", found.output)
    assert recorder, found.output

    account = ("--yes", "--username", "viewer", "--password-file", password)
    outputs = [found]
    for arguments in (
        (*next_step[1].split(), "--name", "gate", *account),
        ("add", recorder[0], "--all", *account),
        ("config", "validate"),
        ("enroll", "--all"),
    ):
        outputs.append(monitor("--config", config, *arguments))
        assert outputs[-1].code == 0, (arguments, outputs[-1])
    assert "ch1: camera gate has this address already; left alone." in outputs[2].output
    assert "2 cameras, 2 views" in outputs[3].output
    assert "2 views enrolled, 0 failed." in outputs[4].output
    assert config.read_text().startswith("# Mine.\ndata_dir: data\ncameras:  # none yet\n  - name: gate\n")

    written = [done.output + done.errors for done in outputs]
    written += [
        path.read_bytes().decode("latin-1")
        for path in tmp_path.rglob("*")
        if path.is_file() and path.name not in (password.name, "script.yaml")
    ]
    assert not any(PASSWORD in text for text in written), "the password stands where it does not belong"
