from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from monitor.cli import main as cli
from monitor.cli.invocation import Invocation, pass_run
from monitor.domain.errors import UnfitReference

SECRET = "s3cret-in-an-error"
FAILURES = {
    "refused": UnfitReference("The view gate has no reference.", "Enroll it with `monitor enroll gate`."),
    "broken": RuntimeError(f"http://u:{SECRET}@x failed"),
    "interrupted": KeyboardInterrupt(),
    "usage": click.UsageError("wrong option"),
}


@click.command()
@click.argument("failure")
@pass_run
def failing(run: Invocation, failure: str) -> None:
    """Fail in a chosen way."""
    if failure == "broken":
        assert run.settings.cameras
    if failure == "bad news":
        raise click.exceptions.Exit(1)
    if failure in FAILURES:
        raise FAILURES[failure]


@pytest.fixture(autouse=True)
def _with_a_failing_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli, "COMMANDS", {"fail": cli.Entry(f"{__name__}:failing", "Fail.")})


def run(failure: str, *options: str, color: bool = False) -> Result:
    return CliRunner().invoke(cli.main, [*options, "fail", failure], color=color)


@pytest.fixture
def config(tmp_path: Path) -> str:
    path = tmp_path / "monitor.yaml"
    path.write_text(
        f"cameras: [{{name: a, source: {{kind: http, url: 'http://x/', username: u, password: {SECRET}}}}}]\n"
    )
    return str(path)


@pytest.mark.parametrize(
    ("failure", "code"), [("none", 0), ("bad news", 1), ("refused", 2), ("usage", 2), ("interrupted", 130)]
)
def test_the_exit_code_says_how_it_ended(failure: str, code: int) -> None:
    assert run(failure).exit_code == code


def test_an_error_is_one_paragraph_with_its_remedy_on_standard_error() -> None:
    result = run("refused")
    assert result.stdout == ""
    assert result.stderr == "The view gate has no reference. Enroll it with `monitor enroll gate`.\n"


def test_the_problem_is_red_where_colours_are_shown() -> None:
    assert run("refused", color=True).stderr.startswith("\x1b[31mThe view gate has no reference.\x1b[0m")


def test_a_fault_of_the_program_is_short_and_without_secrets(config: str) -> None:
    result = run("broken", "--config", config)
    assert result.exit_code == 70
    assert "The program failed: RuntimeError: http://[secret]@x failed" in result.stderr
    assert "Traceback" not in result.stderr
    assert SECRET not in result.stderr


def test_the_log_shows_where_the_fault_happened(config: str) -> None:
    result = run("broken", "--config", config, "--log-level", "debug")
    assert "Traceback" in result.stderr
    assert "test_errors.py" in result.stderr
    assert SECRET not in result.stderr
