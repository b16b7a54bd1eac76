from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from monitor.service.engine import EXIT_ABANDONED, EXIT_GAVE_WAY
from monitor.service.options import ServiceOptions

UNIT = Path(__file__).parents[2] / "deploy" / "monitor.service"
MOST_EXPOSED = 20  # of 100, as systemd-analyze counts; below 3.0 it says "OK"
needs_systemd = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd-analyze")


def keys() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in UNIT.read_text().splitlines():
        if line and not line.startswith(("#", "[")):
            key, _, value = line.partition("=")
            found.setdefault(key, []).append(value)
    return found


def seconds(text: str) -> float:
    return float(text.removesuffix("s"))


def test_the_service_manager_is_told_of_readiness_life_and_reload():
    unit = keys()
    assert unit["Type"] == ["notify"]
    assert unit["ExecReload"] == ["/bin/kill -HUP $MAINPID"]
    assert unit["ExecStart"][0].endswith(" run")
    assert unit["User"] == ["monitor"]


def test_its_time_limits_leave_room_for_those_of_the_daemon():
    unit, options = keys(), ServiceOptions()
    assert seconds(unit["TimeoutStopSec"][0]) > options.drain_timeout_s + 10
    assert seconds(unit["WatchdogSec"][0]) > options.stalled_after_s
    assert seconds(unit["WatchdogSec"][0]) > 2 * options.heartbeat_every_s


def test_its_exit_codes_are_those_of_the_daemon():
    unit = keys()
    assert unit["SuccessExitStatus"] == [str(EXIT_ABANDONED)]
    assert unit["RestartPreventExitStatus"] == [str(EXIT_GAVE_WAY)]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("NoNewPrivileges", "yes"),
        ("ProtectSystem", "strict"),
        ("ProtectHome", "yes"),
        ("PrivateTmp", "yes"),
        ("CapabilityBoundingSet", ""),
        ("SystemCallArchitectures", "native"),
        ("RestrictNamespaces", "yes"),
    ],
)
def test_it_is_locked_in(key: str, value: str):
    assert keys()[key] == [value]


@needs_systemd
def test_systemd_itself_finds_nothing_wrong_with_it(tmp_path: Path):
    # The program and its user are not installed where tests run.
    text = UNIT.read_text().replace("/opt/monitor/bin/monitor", "/bin/true")
    text = text.replace("User=monitor", "User=root").replace("Group=monitor", "Group=root")
    copy = tmp_path / UNIT.name
    copy.write_text(text)
    done = subprocess.run(
        ["systemd-analyze", "verify", str(copy)], capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


@needs_systemd
def test_systemd_itself_finds_it_well_protected():
    command = ["systemd-analyze", "security", "--offline=true", f"--threshold={MOST_EXPOSED}", str(UNIT)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    if "unrecognized option" in done.stderr:
        pytest.skip("this systemd-analyze cannot judge a file")
    assert done.returncode == 0, done.stdout[-500:]
