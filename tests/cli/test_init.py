import stat
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from monitor.cli.main import main
from monitor.settings import example_text


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def test_init_writes_the_example_and_says_what_to_do_next(tmp_path: Path) -> None:
    path = tmp_path / "site" / "cameras.yaml"
    result = run("init", path)
    assert result.exit_code == 0, result.output
    assert path.read_text(encoding="utf-8") == example_text()
    assert f"monitor --config {path} config validate" in result.stdout


def test_what_init_writes_is_valid(tmp_path: Path) -> None:
    run("init", tmp_path)
    result = run("--config", tmp_path / "monitor.yaml", "config", "validate")
    assert result.exit_code == 0, result.output


def test_init_without_a_path_writes_into_the_working_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = run("init")
    assert (tmp_path / "monitor.yaml").is_file()
    assert "monitor config validate" in result.stdout, "found by itself there, so it need not be named"


def test_only_its_owner_may_read_it(tmp_path: Path) -> None:
    run("init", tmp_path)
    assert stat.S_IMODE((tmp_path / "monitor.yaml").stat().st_mode) == 0o600


def test_an_existing_file_is_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "monitor.yaml"
    path.write_text("mine")
    for argument in (path, tmp_path):
        result = run("init", argument)
        assert result.exit_code == 2
        assert "exists already" in result.stderr
    assert path.read_text() == "mine"


def test_a_dangling_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "monitor.yaml").symlink_to(tmp_path / "elsewhere")
    assert run("init", tmp_path / "monitor.yaml").exit_code == 2
    assert not (tmp_path / "elsewhere").exists()


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    result = run("init", tmp_path / "file" / "monitor.yaml")
    assert result.exit_code == 2
    assert "cannot be written" in result.stderr
