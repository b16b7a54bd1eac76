"""`monitor discover` against simulated devices on loopback."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from monitor.cli.main import main
from monitor.simulator import Beacon, OnvifShelf, SimulatedCamera, SimulatedClock, Site

CONFIG = "cameras: [{name: door, source: {kind: http, url: 'http://127.0.0.1:9/snap.jpg'}}]\n"


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    site = Site(
        [SimulatedCamera("gate", "street", 11)], SimulatedClock(datetime(2026, 6, 1, 12, tzinfo=UTC), 0)
    )
    with Beacon(OnvifShelf(site), 80, port=0) as beacon:
        yield beacon.port


def discover(folder: Path, *arguments: object, config: str | None = None, code: int = 0) -> Result:
    path = folder / "monitor.yaml"
    if config is not None:
        path.write_text(config)
    options = ("--config", str(path)) if config is not None else ()
    result = CliRunner().invoke(main, [*options, "discover", "--wait", "0.2", *map(str, arguments)])
    assert result.exit_code == code, result.output
    assert "Traceback" not in result.output
    return result


def test_devices_are_listed_with_the_next_step(
    tmp_path: Path, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # No configuration is needed.
    said = discover(tmp_path, "--address", f"127.0.0.1:{port}").stdout
    assert "Simulated gate" in said
    assert "Next: monitor add http://127.0.0.1:80/gate/onvif/device_service" in said


def test_cameras_that_are_configured_already_are_named(tmp_path: Path, port: int) -> None:
    said = discover(tmp_path, "--address", f"127.0.0.1:{port}", config=CONFIG).stdout
    assert "door" in said
    assert "Next:" not in said


def test_json_is_for_machines(tmp_path: Path, port: int) -> None:
    found = json.loads(discover(tmp_path, "--address", f"127.0.0.1:{port}", "--json", config=CONFIG).stdout)
    assert [device["name"] for device in found] == ["Simulated gate", "Simulated recorder"]
    assert found[1]["add"] == "127.0.0.1:80"
    assert found[0]["cameras"] == ["door"]


def test_a_broken_configuration_hinders_nothing(tmp_path: Path, port: int) -> None:
    result = discover(tmp_path, "--address", f"127.0.0.1:{port}", config="cameras: 7\n")
    assert "nothing is known of its cameras" in result.stderr
    assert "Simulated gate" in result.stdout


def test_silence_is_said_with_what_to_look_at(tmp_path: Path) -> None:
    said = discover(tmp_path, "--address", "127.0.0.1:9", config=CONFIG).stdout
    assert "No ONVIF device answered." in said


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("--address", "169.254.169.254"), "cloud metadata is served, which is never contacted"),
        (("--network", "10.0.0.0/8"), "at most 4,096"),
        (("--interface", "wlan77"), "There is no interface wlan77"),
        (("--interface", "lo", "--address", "127.0.0.1"), "leave out --address"),
    ],
)
def test_what_cannot_be_asked_is_refused(tmp_path: Path, arguments: tuple[str, ...], problem: str) -> None:
    assert problem in discover(tmp_path, *arguments, config=CONFIG, code=2).stderr
