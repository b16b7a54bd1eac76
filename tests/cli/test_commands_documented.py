"""docs/commands.md knows every command and every option, and none that does not exist."""

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from monitor.cli.main import COMMANDS, main

DOCUMENT = Path(__file__).parents[2] / "docs" / "commands.md"


def commands() -> Iterator[tuple[str, click.Command]]:
    for name, entry in COMMANDS.items():
        command = entry.load()
        yield from with_parts(f"monitor {name}", command)
        for option, other in getattr(command, "modes", {}).items():
            yield f"monitor {name} {option}", other


def with_parts(name: str, command: click.Command) -> Iterator[tuple[str, click.Command]]:
    yield name, command
    if isinstance(command, click.Group):
        for part, subcommand in command.commands.items():
            yield from with_parts(f"{name} {part}", subcommand)


def sections() -> dict[str, str]:
    parts = re.split(r"^#{2,3} (monitor .+)$", DOCUMENT.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True)) | {"monitor": parts[0]}


def options(command: click.Command) -> set[str]:
    return {
        option
        for parameter in command.params
        if isinstance(parameter, click.Option)
        for option in (*parameter.opts, *parameter.secondary_opts)
        if option.startswith("--")
    }


ALL = dict(commands())


def test_every_command_has_a_section_and_every_section_a_command() -> None:
    assert set(sections()) == {*ALL, "monitor"}


@pytest.mark.parametrize("name", ALL)
def test_every_option_is_described_and_none_that_does_not_exist(name: str) -> None:
    described = set(re.findall(r"--[a-z][a-z-]+", sections()[name]))
    elsewhere = set().union(*(options(command) for command in ALL.values()), options(main))
    assert options(ALL[name]) <= described
    assert described <= elsewhere


@pytest.mark.parametrize("name", ALL)
def test_every_command_has_an_example(name: str) -> None:
    if not isinstance(ALL[name], click.Group):
        assert f"$ {name}" in sections()[name]


def test_the_options_of_the_program_itself_are_described() -> None:
    assert options(main) <= set(re.findall(r"--[a-z][a-z-]+", sections()["monitor"]))


@pytest.mark.parametrize("name", ALL)
def test_every_command_and_option_has_help(name: str) -> None:
    assert ALL[name].help
    assert all(parameter.help for parameter in ALL[name].params if isinstance(parameter, click.Option))
