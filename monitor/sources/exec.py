"""Pictures that a program prints: for cameras that speak no protocol of ours."""

from __future__ import annotations

import errno
import os
import re
import signal
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from monitor.domain.errors import FrameFault, SourceDenied, SourceError, SourceTimeout, SourceUnreachable
from monitor.domain.frame import Frame
from monitor.domain.ports import Clock
from monitor.net.redaction import conceal
from monitor.sources.command import GRACE_S, Command, Outcome, run_command
from monitor.sources.errors import InvalidOption
from monitor.sources.files import explain_os_error
from monitor.sources.pictures import MAX_BYTES, MAX_PIXELS, TARGET_LONG_SIDE, decode_picture

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_DENIED = (errno.EACCES, errno.EPERM)
_MISSING = (errno.ENOENT, errno.ENOTDIR)
# Shorter values are no secrets, and hiding them would blot out half of every line.
_SHORTEST_SECRET = 4
_MAX_LINE_CHARACTERS = 200


@dataclass(frozen=True, slots=True)
class ExecOptions:
    """Which program to run, and how.

    Attributes:
        command: The program and its arguments, handed over as they are: there is no shell. Every user of the
            machine can see them.
        working_dir: Where it runs; None leaves it where this program runs.
        environment: What it gets besides PATH, HOME and LANG; the place for secrets, and hidden.
        max_bytes: Of a picture; a program that prints more is killed.
        max_pixels: Of a picture.
        target_long_side: Pictures are decoded at 1/2, 1/4 or 1/8 while their long side keeps so many pixels.

    Raises:
        InvalidOption: They can never work.
    """

    command: tuple[str, ...]
    working_dir: Path | None = None
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    max_bytes: int = MAX_BYTES
    max_pixels: int = MAX_PIXELS
    target_long_side: int = TARGET_LONG_SIDE

    def __post_init__(self) -> None:
        if isinstance(self.command, str) or not self.command or not self.command[0]:
            raise InvalidOption(
                "`command` is no list of a program and its arguments.",
                "There is no shell: write each argument as an item of its own.",
            )
        if any("\0" in text for text in (*self.command, *self.environment.values())):
            raise InvalidOption("`command` or `environment` contains a zero byte.", "Leave it out.")
        for name in self.environment:
            if not _NAME.fullmatch(name):
                raise InvalidOption(
                    f"{name!r} is no name of an environment variable.",
                    "Use letters, digits and underscores.",
                )


class ExecSource:
    """Runs one program for each frame.

    Args:
        options: Which.
        clock: Gives the time of capture.
    """

    def __init__(self, options: ExecOptions, clock: Clock) -> None:
        self._options = options
        self._clock = clock
        self._command = Command(tuple(options.command), options.working_dir, options.environment)
        self._program = conceal(options.command[0], _secrets(options.environment))

    def grab(self, timeout_s: float) -> Frame:
        """The picture that the program prints.

        Raises:
            SourceUnreachable: It could not be started, ended with another exit code than 0, or was killed.
            SourceDenied: It may not be run.
            SourceTimeout: It did not end in time.
            FrameFault: What it printed is no usable picture, or too much, or nothing.
        """
        # Ending it takes a moment as well.
        limit_s = max(timeout_s - 2 * GRACE_S, timeout_s / 2)
        try:
            outcome = run_command(self._command, self._options.max_bytes, time.monotonic() + limit_s)
        except OSError as error:
            raise SourceUnreachable(
                f"No process can be started for {self._program}: {error.strerror}.",
                "See what fills this machine's memory, or its limit of processes or open files.",
            ) from error
        self._check(outcome, limit_s)
        return decode_picture(
            outcome.output,
            captured_at=self._clock.now(),
            max_bytes=self._options.max_bytes,
            max_pixels=self._options.max_pixels,
            target_long_side=self._options.target_long_side,
        )

    def close(self) -> None:
        """Nothing runs between grabs."""

    def _check(self, outcome: Outcome, limit_s: float) -> None:
        program = self._program
        if outcome.no_folder is not None and self._options.working_dir is not None:
            raise explain_os_error(self._options.working_dir, _os_error(outcome.no_folder))
        if outcome.not_started is not None:
            raise self._explain_start(outcome.not_started)
        if len(outcome.output) > self._options.max_bytes:
            raise FrameFault(
                f"The program {program} prints more than the {self._options.max_bytes:,} bytes allowed.",
                "It must print one picture and end. Lower the picture's quality, or raise `max_bytes`.",
            )
        complaint = self._quote(outcome.complaint)
        if outcome.out_of_time:
            raise SourceTimeout(
                f"The program {program} did not end within {limit_s:.1f} s{complaint}.",
                "Have it give up by itself sooner, or lengthen `timeout`.",
            )
        if outcome.exit_code != 0:
            raise self._explain_failure(outcome, complaint)
        if not outcome.output:
            raise FrameFault(
                f"The program {program} ended well, but printed nothing{complaint}.",
                "It must write the picture itself to its standard output, not to a file.",
            )

    def _explain_start(self, number: int) -> SourceError:
        program = self._program
        if number in _DENIED:
            return SourceDenied(
                f"The program {program} may not be run.",
                "Make it executable (chmod +x), and the folders above it accessible, for this program's user.",
            )
        if number in _MISSING:
            return SourceUnreachable(
                f"The program {program} is not found.",
                "Check its spelling and PATH; of a script, also the interpreter in its first line.",
            )
        return SourceUnreachable(
            f"The program {program} cannot be run: {os.strerror(number)}.",
            "A script must begin with a line such as #!/bin/sh; a binary must be made for this machine.",
        )

    def _explain_failure(self, outcome: Outcome, complaint: str) -> SourceError:
        remedy = "Run it by hand as the user of this program, with nothing but the same environment."
        if outcome.exit_code is not None:
            return SourceUnreachable(
                f"The program {self._program} failed with exit code {outcome.exit_code}{complaint}.", remedy
            )
        by = "" if outcome.signal is None else f" by {_name_signal(outcome.signal)}"
        return SourceUnreachable(f"The program {self._program} was killed{by}{complaint}.", remedy)

    def _quote(self, complaint: bytes) -> str:
        """Its first and last words on standard error, without secrets."""
        text = conceal(complaint.decode("utf-8", "replace"), _secrets(self._options.environment))
        lines = ["".join(filter(str.isprintable, line)).strip() for line in text.splitlines()]
        lines = [line[:_MAX_LINE_CHARACTERS] for line in lines if line]
        return f": {' … '.join(dict.fromkeys((lines[0], lines[-1])))}" if lines else ""


def _secrets(environment: Mapping[str, str]) -> Iterable[str]:
    return [value for value in environment.values() if len(value) >= _SHORTEST_SECRET]


def _os_error(number: int) -> OSError:
    return OSError(number, os.strerror(number))


def _name_signal(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
