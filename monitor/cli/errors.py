"""How the command line ends when something is wrong.

Exit codes, the same for every command; `run` adds those of the daemon (`monitor.service.engine`):

| code | meaning |
|---|---|
| 0 | done, and nothing is wrong |
| 1 | done, and the answer is bad news: a view is not ok, two pictures do not match |
| 2 | not done: wrong usage, configuration, or surroundings; the message says what to do |
| 70 | not done: a fault of the program itself |
| 130 | interrupted with Ctrl-C |
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO, Any

import click

from monitor.domain.errors import MonitorError

OK = 0
BAD_NEWS = 1
REFUSED = 2
FAULT = 70
INTERRUPTED = 130

Redact = Callable[[str], str]


class Refusal(click.ClickException):
    """Carries an error's message to the terminal: one red paragraph, and what to do in plain type.

    Args:
        problem: What is wrong.
        remedy: What to do, or nothing.
        exit_code: How the process ends.
    """

    def __init__(self, problem: str, remedy: str = "", exit_code: int = REFUSED) -> None:
        super().__init__(problem)
        self.problem = problem
        self.remedy = remedy
        self.exit_code = exit_code  # type: ignore[misc]  # click reads it from the instance

    def show(self, file: IO[Any] | None = None) -> None:
        """Write to standard error, or to `file`."""
        separator = "" if not self.remedy or self.problem.endswith("\n") else " "
        text = click.style(self.problem, fg="red") + separator + self.remedy
        click.echo(text, file=file, err=file is None)


@contextmanager
def explained(redact: Redact) -> Iterator[None]:
    """Turn errors into what a person at a terminal can use.

    Args:
        redact: Applied to everything that is shown.

    Raises:
        Refusal: In place of any error that is not click's own.
    """
    try:
        yield
    except MonitorError as error:
        raise Refusal(redact(error.problem), redact(error.remedy)) from None
    except KeyboardInterrupt:
        raise Refusal("Interrupted.", exit_code=INTERRUPTED) from None
    except (click.exceptions.Exit, click.Abort, click.ClickException, BrokenPipeError):
        raise
    except Exception as error:  # the last resort: nobody is helped by a traceback on the terminal
        problem = redact(f"The program failed: {type(error).__name__}: {error}".rstrip(": "))
        # After the line above, which sets up the logs if nothing else has.
        logging.getLogger("monitor.cli").debug("a fault of the program", exc_info=error)
        raise Refusal(
            problem,
            "This is a fault of the monitor, not of your configuration. `monitor --log-level debug …` shows "
            "where it happened; please report that.",
            exit_code=FAULT,
        ) from None
