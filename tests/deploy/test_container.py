"""The texts of the image and the compose file; no container engine is at hand to run them."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
import yaml

from monitor.service.options import ServiceOptions

ROOT = Path(__file__).parents[2]
DOCKERFILE = ROOT / "deploy" / "Dockerfile"
COMPOSE = ROOT / "deploy" / "compose.yaml"


def instructions() -> list[tuple[str, str]]:
    """(instruction, arguments), continuation lines joined, comments left out."""
    text = re.sub(r"^\s*#.*\n", "", DOCKERFILE.read_text(), flags=re.MULTILINE).replace("\\\n", " ")
    return [
        (name, rest.strip()) for name, _, rest in (line.partition(" ") for line in text.splitlines() if line)
    ]


def last(name: str) -> str:
    return [arguments for instruction, arguments in instructions() if instruction == name][-1]


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(COMPOSE.read_text())
    return found


def test_the_image_is_slim_built_in_two_stages_and_runs_as_a_user_without_rights():
    names = [name for name, _ in instructions()]
    assert names.count("FROM") == 2
    assert "slim" in last("ARG")
    user, _, group = last("USER").partition(":")
    assert int(user) >= 1000
    assert int(group) >= 1000
    after_last_from = instructions()[len(names) - 1 - names[::-1].index("FROM") :]
    assert [a for i, a in after_last_from if i == "COPY"] == ["--from=build /opt/monitor /opt/monitor"]


def test_everything_that_the_image_copies_is_there_and_let_through():
    ignore = (ROOT / "deploy" / "Dockerfile.dockerignore").read_text().splitlines()
    assert "*" in ignore
    for name, arguments in instructions():
        if name == "COPY" and "--from" not in arguments:
            for source in shlex.split(arguments)[:-1]:
                assert f"!{source}" in ignore
                assert (ROOT / source).exists(), f"{source} is copied into the image and missing here"


def test_signals_reach_the_daemon_and_not_a_shell():
    assert json.loads(last("ENTRYPOINT")) == ["monitor"]
    assert json.loads(last("CMD"))[-3:] == ["run", "--heartbeat-file", "/run/monitor/heartbeat"]
    assert last("STOPSIGNAL") == "SIGTERM"


@pytest.mark.parametrize(("age_s", "healthy"), [(1, True), (55, True), (70, False), (None, False)])
def test_the_health_check_looks_at_the_age_of_the_last_sign_of_life(
    tmp_path: Path, age_s: float | None, healthy: bool
):
    heartbeat = tmp_path / "heartbeat"
    if age_s is not None:
        heartbeat.write_text("5 checks\n")
        os.utime(heartbeat, (time.time() - age_s,) * 2)
    command = json.loads(last("HEALTHCHECK").partition(" CMD ")[2])
    command[-1] = command[-1].replace("/run/monitor/heartbeat", shlex.quote(str(heartbeat)))
    done = subprocess.run(command, capture_output=True, timeout=10)
    assert (done.returncode == 0) is healthy


def test_the_monitor_waits_for_its_database_and_may_do_nothing_more_than_it_needs(compose: dict[str, Any]):
    monitor = compose["services"]["monitor"]
    assert monitor["depends_on"] == {"database": {"condition": "service_healthy"}}
    assert monitor["read_only"] is True
    assert monitor["cap_drop"] == ["ALL"]
    assert monitor["security_opt"] == ["no-new-privileges:true"]
    assert float(monitor["stop_grace_period"].removesuffix("s")) > ServiceOptions().drain_timeout_s + 10
    user = last("USER").partition(":")[0]
    assert any(f"uid={user}" in mount for mount in monitor["tmpfs"] if mount.startswith("/run/monitor"))


def test_the_configuration_is_mounted_as_a_folder(compose: dict[str, Any]):
    (mount,) = [volume for volume in compose["services"]["monitor"]["volumes"] if "/etc/monitor" in volume]
    assert mount.split(":")[1] == "/etc/monitor"


def test_the_database_is_postgres_with_a_health_check_and_out_of_reach(compose: dict[str, Any]):
    database = compose["services"]["database"]
    assert database["image"].startswith("postgres:")
    assert database["healthcheck"]["test"][:2] == ["CMD", "pg_isready"]
    assert "ports" not in database
    assert compose["networks"][database["networks"][0]] == {"internal": True}


def test_no_secret_is_in_an_environment_and_every_reference_is_declared(compose: dict[str, Any]):
    for service in compose["services"].values():
        assert not any(
            "PASSWORD" in name and not name.endswith("_FILE") for name in service.get("environment", {})
        )
        assert set(service["secrets"]) <= set(compose["secrets"])
        assert set(service["networks"]) <= set(compose["networks"])
        named = {volume.split(":")[0] for volume in service["volumes"] if not volume.startswith((".", "/"))}
        assert named <= set(compose["volumes"])
