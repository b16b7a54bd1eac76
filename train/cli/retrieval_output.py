"""How the commands that embed pictures speak: a bar while they work, and what they had to leave out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from train.retrieval.embed import Skipped

SHOWN = 10


@contextmanager
def told_progress() -> Iterator[Callable[[int], Callable[[], object]]]:
    """A bar with the time left on the terminal's error stream, nothing where that is no terminal.

    Yields:
        To be told how many pictures there are; what it returns is to be called after each.
    """
    errors = Console(stderr=True)
    columns = (TextColumn("embedding"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=errors, transient=True, disable=not errors.is_terminal) as bar:
        yield lambda total: partial(bar.advance, bar.add_task("", total=total))


def say_skipped(skipped: Sequence[Skipped]) -> None:
    """Name pictures that were left out, the first ten of them, on the error stream."""
    for skip in skipped[:SHOWN]:
        click.echo(f"skipped: {skip.reason}", err=True)
    if len(skipped) > SHOWN:
        click.echo(f"skipped: {len(skipped) - SHOWN} more", err=True)
