import click
import pytest

from monitor.cli.main import COMMANDS
from tests.docs.commands_page import page
from tests.docs.pages import ROOT


def test_the_page_of_commands_is_current() -> None:
    written = (ROOT / "docs/commands.md").read_text(encoding="utf-8")
    assert written == page(), "run: python -m tests.docs.commands_page > docs/commands.md"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_and_option_is_explained(name: str) -> None:
    command = COMMANDS[name].load()
    inner = command.commands.values() if isinstance(command, click.Group) else [command]
    for one in inner:
        assert one.help, one.name
        assert [p.name for p in one.params if isinstance(p, click.Option) and not p.help] == []
