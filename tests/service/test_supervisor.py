from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from monitor.service.supervisor import Supervisor


@pytest.fixture
def listener(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(str(tmp_path / "notify"))
        listener.settimeout(5.0)
        yield listener


def read(listener: socket.socket) -> dict[str, str]:
    return dict(line.split("=", 1) for line in listener.recv(4096).decode().splitlines())


def test_a_real_socket_hears_of_the_whole_life(listener: socket.socket, tmp_path: Path):
    supervisor = Supervisor.from_environment({"NOTIFY_SOCKET": str(tmp_path / "notify")})
    supervisor.ready("running")
    assert read(listener) == {"READY": "1", "STATUS": "running"}
    supervisor.alive("5 checks")
    assert read(listener) == {"WATCHDOG": "1", "STATUS": "5 checks"}
    supervisor.reloading()
    message = read(listener)
    assert message["RELOADING"] == "1"
    assert abs(int(message["MONOTONIC_USEC"]) / 1e6 - time.clock_gettime(time.CLOCK_MONOTONIC)) < 5.0
    supervisor.stopping("finishing 2 checks")
    assert read(listener) == {"STOPPING": "1", "STATUS": "finishing 2 checks"}


def test_abstract_addresses_work():
    name = f"monitor-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind("\0" + name)
        listener.settimeout(5.0)
        Supervisor("@" + name).ready("running")
        assert read(listener)["READY"] == "1"


def test_a_status_of_several_lines_cannot_forge_messages(listener: socket.socket, tmp_path: Path):
    Supervisor(str(tmp_path / "notify")).ready("a\nSTOPPING=1")
    assert read(listener) == {"READY": "1", "STATUS": "a STOPPING=1"}


def test_nobody_listening_is_no_fault(tmp_path: Path):
    Supervisor().ready("running")
    Supervisor(str(tmp_path / "nobody")).ready("running")


def test_the_heartbeat_file_is_renewed_and_its_absence_no_fault(tmp_path: Path):
    file = tmp_path / "heartbeat"
    Supervisor(heartbeat_file=file).alive("5 checks")
    assert file.read_text() == "5 checks\n"
    Supervisor(heartbeat_file=tmp_path / "missing" / "heartbeat").alive("5 checks")


@pytest.mark.parametrize(
    ("environment", "within_s"),
    [
        ({}, None),
        ({"NOTIFY_SOCKET": "/run/x"}, None),
        ({"NOTIFY_SOCKET": "/run/x", "WATCHDOG_USEC": "30000000"}, 15.0),
        ({"NOTIFY_SOCKET": "/run/x", "WATCHDOG_USEC": "30000000", "WATCHDOG_PID": str(os.getpid())}, 15.0),
        ({"NOTIFY_SOCKET": "/run/x", "WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "1"}, None),
        ({"NOTIFY_SOCKET": "/run/x", "WATCHDOG_USEC": "soon"}, None),
        ({"WATCHDOG_USEC": "30000000"}, None),
    ],
)
def test_the_wanted_interval_is_half_the_limit(environment: dict[str, str], within_s: float | None):
    assert Supervisor.from_environment(environment).heartbeat_within_s == within_s
