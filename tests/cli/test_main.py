import subprocess
import sys
import time

import click
import pytest
from click.testing import CliRunner

from monitor import __version__
from monitor.cli.main import COMMANDS, main


def run_python(*arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, *arguments], capture_output=True, text=True, timeout=60, check=False
    )


def test_help_lists_every_command_with_one_line() -> None:
    result = run_python("-m", "monitor", "--help")
    assert result.returncode == 0, result.stderr
    for name, entry in COMMANDS.items():
        assert f"  {name} " in result.stdout
        assert entry.help in result.stdout


def test_help_comes_at_once() -> None:
    def seconds() -> float:
        began = time.perf_counter()
        assert run_python("-m", "monitor", "--help").returncode == 0
        return time.perf_counter() - began

    assert min(seconds() for _ in range(5)) < 0.3


def test_help_imports_nothing_heavy() -> None:
    heavy = ["numpy", "pydantic", "yaml", "structlog", "sqlalchemy", "rich", "cv2", "onnxruntime"]
    code = (
        "import sys\nfrom click.testing import CliRunner\nfrom monitor.cli.main import main\n"
        "assert CliRunner().invoke(main, ['--help']).exit_code == 0\n"
        f"print([name for name in {heavy!r} if name in sys.modules])"
    )
    assert run_python("-c", code).stdout.strip() == "[]"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_in_the_table_exists_and_has_help(name: str) -> None:
    command = COMMANDS[name].load()
    assert isinstance(command, click.Command)
    assert command.help


def test_an_unknown_command_is_refused_with_a_hint() -> None:
    result = CliRunner().invoke(main, ["confg"])
    assert result.exit_code == 2
    assert "confg" in result.stderr


def test_the_version_is_printed() -> None:
    assert __version__ in CliRunner().invoke(main, ["--version"]).stdout
