"""Programs as sources: what may stand on a command line, and what becomes of the environment."""

import json
from pathlib import Path

import pytest

from monitor.settings import SettingsError, display, resolve, secrets_of
from monitor.sources.exec import ExecOptions
from monitor.wiring.options import build_options
from tests.settings.conftest import Load


def camera(**source: object) -> str:
    return json.dumps({"cameras": [{"name": "attic", "source": {"kind": "exec", **source}}]})


def test_a_program_runs_beside_the_configuration_file_unless_told_otherwise(
    load: Load, tmp_path: Path
) -> None:
    settings = load(camera(command=["./grab", "--channel", "3"]))
    (plan,) = resolve(settings)
    options = build_options(ExecOptions, plan.options)
    assert options.command == ("./grab", "--channel", "3")
    assert options.working_dir == tmp_path
    elsewhere = load(camera(command=["./grab"], working_dir="sub"))
    assert resolve(elsewhere)[0].options["working_dir"] == tmp_path / "sub"


def test_secrets_reach_the_program_and_nothing_that_is_shown(load: Load, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("file-canary\n")
    (tmp_path / "secret").chmod(0o600)
    settings = load(
        camera(
            command=["grab"],
            environment={"A": {"env": "CANARY"}, "B": {"file": "secret"}, "C": "plain-canary"},
        ),
        CANARY="environment-canary",
    )
    (plan,) = resolve(settings)
    options = build_options(ExecOptions, plan.options)
    assert options.environment == {"A": "environment-canary", "B": "file-canary", "C": "plain-canary"}
    assert {"environment-canary", "file-canary", "plain-canary"} <= secrets_of(settings)
    shown = f"{settings!r} {plan!r} {options!r} {display(settings, frozenset())}"
    assert "canary" not in shown.replace("CANARY", "")


@pytest.mark.parametrize(
    ("source", "place", "words"),
    [
        ({"command": "grab --channel 3"}, "command", "there is no shell"),
        ({"command": []}, "command", "at least 1"),
        ({"command": ["grab", {"env": "A"}]}, "command[1]", "hand secrets over in `environment`"),
        ({"command": ["grab", "rtsp://u:hunter2@cam/"]}, "command[1]", "hand user and password over"),
        ({"command": ["grab", "--url=http://u:hunter2@cam/"]}, "command[1]", "hand user and password over"),
        ({"command": ["grab", 3]}, "command[1]", "write a number in quotes"),
        ({"command": ["grab", "a\0b"]}, "command[1]", "without zero bytes"),
        ({"command": ["grab"], "environment": {"A-B": "x"}}, "environment", "letters, digits and underscores"),
        ({"command": ["grab"], "environment": {"A": {"env": "NOPE"}}}, "environment.A", "NOPE is not set"),
        ({"command": ["grab"], "environment": {"A": 3}}, "environment.A", "in quotes"),
    ],
)  # fmt: skip
def test_what_cannot_work_is_refused_at_its_place(
    load: Load, source: dict[str, object], place: str, words: str
) -> None:
    with pytest.raises(SettingsError) as caught:
        load(camera(**source))
    (problem,) = caught.value.problems
    assert problem.path.startswith(f"cameras[0].source.{place}")
    assert words in problem.message
    assert "hunter2" not in str(caught.value)
