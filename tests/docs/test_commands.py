"""Commands that the documentation and the program's own messages name must exist, with their options."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from monitor.cli.main import COMMANDS, main
from tests.docs.pages import ROOT, code_lines_of, pages
from train.cli.main import COMMANDS as TRAIN_COMMANDS

GLOBAL = {option for parameter in main.params for option in parameter.opts if option.startswith("--")}
END_OF_COMMAND = {"#", "|", "||", ">", ">>", "&", "&&", ";", "→"}


def words_after(line: str, program: str) -> Iterator[list[str]]:
    """The words of every call of a program in a line, up to where the call ends."""
    words = line.split()
    for index, word in enumerate(words):
        if word == program or word.endswith(f"bin/{program}"):
            call = []
            for following in words[index + 1 :]:
                if following in END_OF_COMMAND or following.startswith("#"):
                    break
                call.append(following)
            yield call


def objections(call: list[str]) -> str:
    """What is wrong with a call of `monitor`; empty when nothing is, or when it is no call."""
    words = list(call)
    while words and words[0].startswith("--"):
        if words[0] not in GLOBAL | {"--help"}:
            return f"no option {words[0]} of monitor"
        words = words[1:] if words[0] in ("--help", "--version") else words[2:]
    # A unit, a user or a service of this name may be meant; a command is one plain word.
    if not words or not re.fullmatch(r"[a-z]+", words[0]) or words[0] == "monitor":
        return ""
    if words[0] not in COMMANDS:
        return f"no command {words[0]}"
    options = {word.partition("=")[0] for word in words if re.match(r"--[a-z]", word)}
    if not options and len(words) == 1:
        return ""
    command, name, rest = COMMANDS[words[0]].load(), words[0], words[1:]
    while isinstance(command, click.Group) and rest:
        inner = command.commands.get(rest[0])
        if inner is None:
            return f"no command {name} {rest[0]}" if re.fullmatch(r"[a-z-]+", rest[0]) else ""
        command, name, rest = inner, f"{name} {rest[0]}", rest[1:]
    # Another mode of a command has options of its own.
    command = next(
        (mode for option, mode in getattr(command, "modes", {}).items() if option in options), command
    )
    options -= set(getattr(COMMANDS[words[0]].load(), "modes", {}))
    known = {
        option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)
    }
    unknown = sorted(options - known - {"--help"})
    return f"no option {', '.join(unknown)} of {name}" if unknown else ""


def wrong_calls(lines: Iterator[str]) -> list[str]:
    found = [(line, objections(call)) for line in lines for call in words_after(line, "monitor")]
    return [f"{line.strip()}: {objection}" for line, objection in found if objection]


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_every_command_of_a_page_exists_with_its_options(page: Path) -> None:
    assert wrong_calls(code_lines_of(page)) == []


@pytest.mark.parametrize(
    ("line", "objection"),
    [
        ("monitor frobnicate", "no command frobnicate"),
        ("monitor --config x.yaml status --jsno", "no option --jsno of status"),
        ("monitor config frobnicate", "no command config frobnicate"),
        ("monitor alerts silence frobnicate", "no command alerts silence frobnicate"),
        ("monitor alerts silence add --jsno", "no option --jsno of alerts silence add"),
        (".venv/bin/monitor status --json # --more", ""),
        ("sudo systemctl enable --now monitor", ""),
        ("docker compose exec monitor monitor enroll --all", ""),
    ],
)
def test_a_command_that_does_not_exist_is_noticed(line: str, objection: str) -> None:
    assert "; ".join(filter(None, map(objections, words_after(line, "monitor")))) == objection


def test_every_make_target_of_a_page_exists() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z]+):", makefile, re.MULTILINE))
    named = {
        (str(page.relative_to(ROOT)), target)
        for page in pages()
        for line in code_lines_of(page)
        for target in re.findall(r"^\s*make ([a-z]+)", line)
    }
    assert ("README.md", "run") in named
    assert ("README.md", "test") in named
    assert sorted((page, target) for page, target in named if target not in targets) == []


def training_calls() -> Iterator[tuple[list[str], str]]:
    """The words of every call of `python -m train` in the pages, with the line that it stands in."""
    for page in pages():
        for line in code_lines_of(page):
            for call in words_after(line, "-m"):
                if call[:1] == ["train"] and len(call) > 1:
                    yield call[1:], line


def training_objections(words: list[str]) -> str:
    """What is wrong with a call of `python -m train`; empty when nothing is."""
    if words[0] not in TRAIN_COMMANDS:
        return f"no command {words[0]}"
    command = TRAIN_COMMANDS[words[0]].load()
    known = {"--help"} | {option for parameter in command.params for option in parameter.opts}
    unknown = sorted({word.partition("=")[0] for word in words if word.startswith("--")} - known)
    return f"no option {', '.join(unknown)} of {words[0]}" if unknown else ""


def test_every_training_command_of_a_page_exists_with_its_options() -> None:
    found = [(line, training_objections(words)) for words, line in training_calls()]
    assert found
    assert [f"{line.strip()}: {objection}" for line, objection in found if objection] == []


def test_every_training_command_is_shown_on_a_page() -> None:
    shown = {words[0] for words, _ in training_calls()}
    assert sorted(set(TRAIN_COMMANDS) - shown) == []


@pytest.mark.parametrize("name", TRAIN_COMMANDS)
def test_every_training_command_has_help_and_an_example_that_is_right(name: str) -> None:
    command = TRAIN_COMMANDS[name].load()
    calls = [
        call[1:]
        for line in (command.help or "").splitlines()
        for call in words_after(line, "-m")
        if line.strip().startswith("Example: ") and call[:1] == ["train"]
    ]
    assert any(call[0] == name for call in calls)
    assert [objection for call in calls if (objection := training_objections(call))] == []


@pytest.mark.parametrize(
    ("words", "objection"),
    [
        (["frobnicate"], "no command frobnicate"),
        (["retrieve", "a.jpg", "--galery", "b"], "no option --galery of retrieve"),
        (["retrieve", "a.jpg", "--gallery=b"], ""),
    ],
)
def test_a_training_command_that_does_not_exist_is_noticed(words: list[str], objection: str) -> None:
    assert training_objections(words) == objection


def message_commands() -> Iterator[str]:
    """What stands between backticks, after `monitor`, in the texts of the program."""
    for path in sorted((ROOT / "monitor").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield from re.findall(r"`(monitor [a-z][^`]*)`", node.value)


def test_every_command_that_a_message_names_exists() -> None:
    assert wrong_calls(message_commands()) == []
