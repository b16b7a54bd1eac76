import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner, Result

from monitor.cli.main import main
from monitor.settings import json_schema, load_settings, markdown

CANARY = 'c4n@ry/"it\'s" <ü>%41+\\end'
GOOD = """
sites: {north: {interval: 2m}}
cameras:
  - {name: gate, site: north, source: {kind: folder, path: in}}
  - {name: yard, source: {kind: http, url: "http://x/s.jpg", username: u, password: {env: CANARY}}}
notifiers: [{name: hook, kind: webhook, url: {env: HOOK}, secrets: [whsec_QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVo=]}]
"""
ENVIRON = {"CANARY": CANARY, "HOOK": "https://hook-canary.example/abc"}
CANARIES = (CANARY, json.dumps(CANARY)[1:-1], "c4n", "hook-canary", "QUJDREVG")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "monitor.yaml"
    path.write_text(GOOD, encoding="utf-8")
    return path


def run(*arguments: object, **environ: str) -> Result:
    return CliRunner().invoke(
        main, [str(argument) for argument in arguments], env={"MONITOR_CONFIG": None, **environ}
    )


def run_process(*arguments: object, **environ: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "monitor", *map(str, arguments)],
        capture_output=True, text=True, timeout=60, check=False,
        env={"PATH": os.environ["PATH"], "PYTHONIOENCODING": "utf-8", **environ},
    )  # fmt: skip


def test_a_valid_file_is_summed_up(file: Path) -> None:
    result = run_process("--config", file, "config", "validate", **ENVIRON)
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout == f"{file} is valid: 2 cameras, 2 views, 1 notifier.\n"


def test_every_problem_is_listed_with_its_line_on_standard_error(file: Path) -> None:
    file.write_text(GOOD.replace("site: north", "sight: north").replace("kind: folder", "kind: foldr"))
    result = run_process("--config", file, "config", "validate", **ENVIRON)
    assert (result.returncode, result.stdout) == (2, "")
    assert "2 problems" in result.stderr
    assert "line 4, column 18: cameras[0].sight: unknown key; did you mean site?" in result.stderr
    assert (
        "cameras[0].source.kind: found 'foldr', expected exec, folder, http, mjpeg, rtsp, usb, video"
        in result.stderr
    )
    assert "Traceback" not in result.stderr


def test_a_missing_secret_is_a_problem_like_any_other(file: Path) -> None:
    result = run("--config", file, "config", "validate", HOOK="https://x/")
    assert result.exit_code == 2
    assert "the environment variable CANARY is not set" in result.stderr


def test_without_a_file_the_places_and_the_remedy_are_named(tmp_path: Path) -> None:
    result = run("--config", tmp_path / "none.yaml", "config", "validate")
    assert result.exit_code == 2
    assert "none.yaml" in result.stderr
    assert "monitor init" in result.stderr


def test_the_file_may_be_named_by_the_environment(file: Path) -> None:
    assert run("config", "validate", MONITOR_CONFIG=str(file), **ENVIRON).exit_code == 0


def test_a_secret_file_open_to_all_is_warned_about(file: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text(CANARY)
    secret.chmod(0o644)
    file.write_text(GOOD.replace("{env: CANARY}", "{file: secret}"))
    result = run("--config", file, "config", "validate", **ENVIRON)
    assert result.exit_code == 0
    assert "chmod o-r" in result.stderr


@pytest.mark.parametrize(
    "arguments", [["show"], ["show", "--json"], ["show", "yard"], ["show", "yard", "--json"], ["validate"]]
)
@pytest.mark.parametrize("level", ["debug", "error"])
def test_no_secret_is_ever_shown(file: Path, arguments: list[str], level: str) -> None:
    result = run("--config", file, "--log-level", level, "config", *arguments, **ENVIRON)
    assert result.exit_code == 0, result.output
    for canary in CANARIES:
        assert canary not in result.stdout + result.stderr


def test_no_secret_is_shown_when_the_file_is_wrong_in_many_places(file: Path) -> None:
    quoted = json.dumps(CANARY)
    file.write_text(
        f"cameras: [{{name: a, source: {quoted}, password: {quoted}}}]\ndatabase: {{url: {quoted}}}\nx: {quoted}\n"
    )
    result = run_process("--config", file, "--log-level", "debug", "config", "show", **ENVIRON)
    assert result.returncode == 2
    for canary in CANARIES:
        assert canary not in result.stdout + result.stderr


def test_show_prints_a_configuration_with_all_defaults(file: Path) -> None:
    shown = yaml.safe_load(run("--config", file, "config", "show", **ENVIRON).stdout)
    assert shown["service"]["workers"] == 8
    assert shown["retention"]["observations"] == "90d"
    assert shown["cameras"][1]["source"]["password"] == "[secret]"


def test_show_of_a_camera_prints_what_results_for_it(file: Path) -> None:
    (plan,) = json.loads(run("--config", file, "config", "show", "gate", "--json", **ENVIRON).stdout)
    assert plan["views"][0]["interval"] == "2m"
    assert plan["options"]["path"].endswith("/in")


def test_show_of_an_unknown_camera_is_refused(file: Path) -> None:
    result = run("--config", file, "config", "show", "gatt", **ENVIRON)
    assert result.exit_code == 2
    assert "no camera gatt" in result.stderr


def test_the_schema_needs_no_configuration() -> None:
    assert json.loads(run_process("config", "schema").stdout) == json_schema()
    assert run("config", "schema", "--format", "markdown").stdout == markdown()


def test_a_difference_is_told_by_its_effect(file: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.yaml"
    other.write_text(GOOD.replace("2m", "3m").replace("yard", "lawn") + "service: {workers: 2}\n")
    lines = run("--config", file, "config", "diff", other, **ENVIRON).stdout.splitlines()
    assert lines == [
        "cameras added: lawn",
        "cameras removed: yard",
        "cameras changed: gate",
        "settings that need a restart: service",
    ]
    assert run("--config", file, "config", "diff", file, **ENVIRON).stdout == "No difference.\n"


def test_what_show_prints_is_what_was_read(file: Path) -> None:
    shown = yaml.safe_load(run("--config", file, "config", "show", **ENVIRON).stdout)
    shown["cameras"][1]["source"]["password"] = {"env": "CANARY"}
    shown["notifiers"][0] |= {
        "url": {"env": "HOOK"},
        "secrets": ["whsec_QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVo="],
    }
    again = file.with_name("again.yaml")
    again.write_text(yaml.safe_dump(shown))
    assert load_settings(again, ENVIRON).cameras == load_settings(file, ENVIRON).cameras
