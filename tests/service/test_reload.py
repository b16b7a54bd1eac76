from __future__ import annotations

from pathlib import Path

import pytest
from structlog.testing import capture_logs

from monitor.domain.errors import MonitorError
from monitor.service.reload import Reloader, ReloadResult
from monitor.service.supervisor import Supervisor


class BadFile(MonitorError):
    """Stands for the settings' own error."""


class Configuration:
    """The file, and what is in use of it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.in_use = path.read_text()

    def reload(self) -> ReloadResult:
        text = self.path.read_text()
        if text == "bug":
            raise ZeroDivisionError
        if text == "bad":
            raise BadFile("cameras.0.source: unknown key 'ulr'.", "Did you mean 'url'?")
        self.in_use = text
        return ReloadResult(True, f"now {text}")


@pytest.fixture
def configuration(tmp_path: Path) -> Configuration:
    path = tmp_path / "monitor.yaml"
    path.write_text("first")
    return Configuration(path)


@pytest.fixture
def reloader(configuration: Configuration) -> Reloader:
    return Reloader(configuration.reload, [configuration.path], Supervisor())


def test_without_a_reason_nothing_is_read(reloader: Reloader):
    assert reloader.turn() is None


def test_a_changed_file_is_taken_up_by_itself(reloader: Reloader, configuration: Configuration):
    configuration.path.write_text("second")
    assert [reloader.turn(), reloader.turn(), reloader.turn()] == [
        None,
        ReloadResult(True, "now second"),
        None,
    ]
    assert configuration.in_use == "second"


def test_asking_reads_even_an_unchanged_file_and_only_once(reloader: Reloader, configuration: Configuration):
    configuration.path.write_text("second")
    reloader.ask()
    assert reloader.turn() == ReloadResult(True, "now second")
    assert [reloader.turn(), reloader.turn()] == [None, None]


@pytest.mark.parametrize(("text", "expected"), [("bad", "Did you mean 'url'?"), ("bug", "ZeroDivisionError")])
def test_a_bad_file_is_said_once_and_the_old_one_stays_in_use(
    reloader: Reloader, configuration: Configuration, text: str, expected: str
):
    configuration.path.write_text(text)
    with capture_logs() as lines:
        results = [reloader.turn() for _ in range(10)]
    assert [result.accepted for result in results if result] == [False]
    assert [line["event"] for line in lines if "problem" in line] == ["config.refused"]
    assert expected in reloader.problem
    assert configuration.in_use == "first"
    configuration.path.write_text("third")
    reloader.turn()
    reloader.turn()
    assert configuration.in_use == "third"
    assert reloader.problem == ""
