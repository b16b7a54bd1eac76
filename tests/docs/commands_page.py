"""Makes `docs/commands.md` from the commands themselves: `python -m tests.docs.commands_page > docs/commands.md`."""

from __future__ import annotations

import inspect
from collections.abc import Iterator

import click

from monitor.cli.main import COMMANDS, main

TOP = """\
# Commands

<!-- Made by `python -m tests.docs.commands_page`. Change the commands in monitor/cli, not this file. -->

Options of `monitor` itself stand before the command: `monitor --config site.yaml status`. What each says of itself:
`monitor COMMAND --help`. Exit codes: 0 done and all is well, 1 done and the answer is bad news, 2 not done because
something must be corrected, 70 a fault of the program, 130 Ctrl-C; `monitor run` also 3 (work was abandoned) and 4
(another daemon took the database).
"""


def page() -> str:
    parts = [TOP, "\n".join(_table(main))]
    for name, entry in COMMANDS.items():
        command = entry.load()
        parts.append("\n".join(_chapter(f"monitor {name}", command, "##")))
        if isinstance(command, click.Group):
            inner = sorted(command.commands.items())
            parts += ["\n".join(_chapter(f"monitor {name} {sub}", made, "###")) for sub, made in inner]
    return "\n\n".join(part.rstrip("\n") for part in parts) + "\n"


def _chapter(name: str, command: click.Command, level: str) -> Iterator[str]:
    arguments = [
        p.make_metavar(click.Context(command)) for p in command.params if isinstance(p, click.Argument)
    ]
    yield f"{level} {name}"
    yield ""
    paragraphs, examples = [], []
    for paragraph in inspect.cleandoc(command.help or "").split("\n\n"):
        lines = paragraph.splitlines()
        examples += [line.removeprefix("Example: ") for line in lines if line.startswith("Example: ")]
        rest = "\n".join(line for line in lines if not line.startswith("Example: "))
        paragraphs += [rest] if rest else []
    yield "\n\n".join(paragraphs)
    if not isinstance(command, click.Group):
        yield ""
        yield "```sh"
        yield " ".join([name, *(["[OPTIONS]"] if _options(command) else []), *arguments])
        yield from examples
        yield "```"
    if _options(command):
        yield ""
        yield from _table(command)


def _options(command: click.Command) -> list[click.Option]:
    return [p for p in command.params if isinstance(p, click.Option) and p.help and "--version" not in p.opts]


def _table(command: click.Command) -> Iterator[str]:
    context = click.Context(command, info_name=command.name)
    yield "| option | meaning |"
    yield "|---|---|"
    for option in _options(command):
        record = option.get_help_record(context)
        assert record is not None, option
        names, meaning = (" ".join(cell.split()).replace("|", "\\|") for cell in record)
        yield f"| `{names}` | {meaning} |"


if __name__ == "__main__":
    click.echo(page(), nl=False)
