"""The first run of a newcomer."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

from tests.e2e.program import monitor


def test_the_demo_finds_the_flipped_and_the_moved_camera_and_no_other(tmp_path: Path) -> None:
    done = monitor("demo", "--dir", tmp_path / "demo", "--seconds", "60", timeout_s=240)
    assert done.code == 0, done.output + done.errors
    alerts = [line for line in done.output.splitlines() if "ALERT" in line]
    assert any("crossing" in line and "upside down" in line for line in alerts), done.output
    assert any("quay" in line for line in alerts), done.output
    assert done.output.count("quiet all day and night") == 4


def test_ctrl_c_ends_the_demo_in_order(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "monitor", "demo", "--dir", tmp_path / "demo"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        # Tests that a shell started in the background ignore Ctrl-C, and so would their children.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    ) as demo:
        assert demo.stdout is not None
        said = ""
        for line in demo.stdout:
            said += line
            if "cameras quiet" in line:
                break
        demo.send_signal(signal.SIGINT)
        said += demo.stdout.read()
        assert demo.wait(60) == 0, said
    assert "Traceback" not in said
    assert "Now with your own cameras" in said
