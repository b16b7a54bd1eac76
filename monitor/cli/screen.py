"""What commands show: tables and sentences on standard output, progress on standard error, JSON for machines."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from monitor.cli.invocation import Invocation

if TYPE_CHECKING:  # rich takes 0.1 s to import, and `monitor --help` needs none of it
    from rich.console import Console

# Wide enough that no row of a table is broken: whoever reads from a pipe wants one line a row.
PIPE_WIDTH = 1000
STYLES = {"bad": "red", "doubt": "yellow", "good": "green", "quiet": "dim", "strong": "bold", "": ""}


class Screen:
    """Writes what a command has to say, without secrets.

    Args:
        run: The invocation, for its redaction.
        as_json: Whether standard output is for machines; sentences then go to standard error.
    """

    def __init__(self, run: Invocation, as_json: bool = False) -> None:
        self._run = run
        self._bar_is_shown = False
        self.errors = _console(stderr=True)
        self.output = self.errors if as_json else _console(stderr=False)

    def say(self, text: str = "", mood: str = "") -> None:
        """One sentence or more, in the colour of a mood (see `STYLES`)."""
        self._print(self._paper(), text, mood)

    def note(self, text: str, mood: str = "quiet") -> None:
        """A remark beside the result, on standard error."""
        self._print(self.errors, text, mood)

    def table(self, columns: Sequence[str], rows: Iterable[Sequence[str | tuple[str, str]]]) -> None:
        """A table; a cell is its text, or a pair of text and mood."""
        from rich import box
        from rich.table import Table
        from rich.text import Text

        shown = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, header_style="bold")
        for column in columns:
            shown.add_column(column, overflow="fold")
        for row in rows:
            cells = [(cell, "") if isinstance(cell, str) else cell for cell in row]
            shown.add_row(*(Text(self._run.redact(text), STYLES[mood]) for text, mood in cells))
        self._paper().print(shown)

    def json(self, value: Any, indent: int | None = None) -> None:
        """A JSON value on standard output; without an indent it takes one line."""
        sys.stdout.write(json.dumps(self.clean(value), ensure_ascii=False, indent=indent) + "\n")
        sys.stdout.flush()

    @contextmanager
    def progress(self, label: str, total: int | None) -> Iterator[Callable[[], None]]:
        """A progress bar with the time left on standard error; gives what moves it on by one."""
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        columns = (TextColumn("{task.description}", markup=False), BarColumn(bar_width=30))
        bar = Progress(
            *columns,
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            console=self.errors,
            transient=True,
            # Else rich would send to standard error what is meant for a pipe.
            redirect_stdout=False,
        )
        with bar:
            task = bar.add_task(label, total=total)
            self._bar_is_shown = True
            try:
                yield lambda: bar.advance(task)
            finally:
                self._bar_is_shown = False

    def _print(self, paper: Console, text: str, mood: str) -> None:
        from rich.text import Text

        # A style given to `print` would colour a progress bar below, too.
        paper.print(Text(self._run.redact(text), STYLES[mood]), soft_wrap=True)

    def _paper(self) -> Console:
        """Where sentences go: on one terminal, through the console that keeps the bar below them."""
        same_terminal = self._bar_is_shown and self.errors.is_terminal and self.output.is_terminal
        return self.errors if same_terminal else self.output

    def clean(self, value: Any) -> Any:
        """A JSON value without the secrets of the configuration."""
        if isinstance(value, str):
            return self._run.redact(value)
        if isinstance(value, Mapping):
            return {str(name): self.clean(item) for name, item in value.items()}
        if isinstance(value, list | tuple):
            return [self.clean(item) for item in value]
        return value


def _console(*, stderr: bool) -> Console:
    from rich.console import Console

    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() else PIPE_WIDTH
    return Console(stderr=stderr, markup=False, emoji=False, highlight=False, width=width)
