"""What is wrong with a configuration file: every problem at once, each with its place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from monitor.domain.errors import MonitorError


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing to correct; never contains a secret.

    Attributes:
        line: Line in the file, counted from 1; 0 where the problem is about the file as a whole.
        column: Column in that line, counted from 1; 0 where `line` is 0.
        path: Keys from the top of the file, as in `cameras[2].source.url`; empty for the file as a whole.
        message: What was found and what was expected.
    """

    line: int
    column: int
    path: str
    message: str

    def __str__(self) -> str:
        place = f"line {self.line}, column {self.column}: " if self.line else ""
        subject = f"{self.path}: " if self.path else ""
        return f"{place}{subject}{self.message}"


class ConfigNotFound(MonitorError):
    """There is no configuration file in any of the places where one is looked for."""


class SettingsError(MonitorError):
    """A configuration file that cannot be used.

    Args:
        file: The file.
        problems: All that is wrong with it, at least one; kept in the order of the file.
    """

    def __init__(self, file: Path, problems: Sequence[Problem]) -> None:
        self.file = file
        self.problems = tuple(sorted(problems))
        count = "one problem" if len(self.problems) == 1 else f"{len(self.problems)} problems"
        lines = "".join(f"\n  {problem}" for problem in self.problems)
        super().__init__(
            f"{file} cannot be used, {count}:{lines}\n",
            "Correct the file; `monitor config validate` checks it again without starting anything.",
        )

    def __str__(self) -> str:
        return f"{self.problem}{self.remedy}"


def key_path(keys: Sequence[str | int]) -> str:
    """Spell a path for a person: `("cameras", 2, "url")` becomes `cameras[2].url`."""
    text = ""
    for key in keys:
        text += f"[{key}]" if isinstance(key, int) else f".{key}" if text else key
    return text
