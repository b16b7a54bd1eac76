"""Single key presses from a terminal, without a window; whole lines where the input is no terminal."""

from __future__ import annotations

import os
import select
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Poll = Callable[[float], str | None]


@contextmanager
def keys_of(descriptor: int | None = None) -> Iterator[Poll]:
    """Within this context, the yielded function waits so many seconds for a key.

    It returns the letter in lower case, an empty string where none came, and None when there will be no more (end of
    input). From a pipe the first letter of each line counts. The terminal is as before afterwards, whatever happens.

    Args:
        descriptor: Of the input; standard input by default.
    """
    source = sys.stdin.fileno() if descriptor is None else descriptor
    if not os.isatty(source):
        yield _Lines(source).poll
        return
    # Only here: there is no such module on Windows, where everything else works.
    import termios
    import tty

    before = termios.tcgetattr(source)
    try:
        # Not raw: Ctrl-C shall still interrupt.
        tty.setcbreak(source)
        yield lambda wait_s: _key(source, wait_s)
    finally:
        termios.tcsetattr(source, termios.TCSADRAIN, before)


def _key(source: int, wait_s: float) -> str | None:
    if not select.select([source], [], [], wait_s)[0]:
        return ""
    try:
        read = os.read(source, 1)
    except OSError:
        return None
    # Ctrl-D ends it, as it ends any input.
    return None if read in (b"", b"\x04") else read.decode("ascii", "ignore").lower()


class _Lines:
    """Lines of a pipe, of which only the first letters matter."""

    def __init__(self, source: int) -> None:
        self._source = source
        self._pending = b""
        self._ended = False

    def poll(self, wait_s: float) -> str | None:
        if (
            b"\n" not in self._pending
            and not self._ended
            and select.select([self._source], [], [], wait_s)[0]
        ):
            read = os.read(self._source, 4096)
            self._ended = not read
            self._pending += read
        line, newline, rest = self._pending.partition(b"\n")
        if newline or (self._ended and line):
            self._pending = rest
            return line.strip()[:1].decode("ascii", "ignore").lower()
        return None if self._ended else ""
