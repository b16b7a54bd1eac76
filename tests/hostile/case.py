"""One row of the table of hostile peers: what a peer does, and what must come of it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

CANARY = "c4nary"
"""Woven into every user name, password, token, path and query of the rows; no error may repeat it."""
GRAB_TIMEOUT_S = 1.0
WITHIN_S = GRAB_TIMEOUT_S + 1.0
"""The bound for a row, generous for a machine that does other things as well."""


@dataclass(frozen=True)
class HostileCase:
    """What one peer does to one kind of source.

    Attributes:
        name: What the peer does, as a phrase; unique within its kind. It stands in docs/sources.md.
        kind: The kind of source, as in `SOURCE_KINDS`.
        serve: Runs the peer; gives its address (a URL, or a path), and ends it. May call `pytest.skip` with a reason.
        options: The source's options for that address, secrets with `CANARY` in them.
        expected: The error of the last grab; None: it must give a frame.
        within_s: All grabs together end within so many seconds of wall-clock time.
        said: What the error's text must contain.
        grabs: So many grabs by one source; those before the last may fail or not.
        timeout_s: Of each grab.
    """

    name: str
    kind: str
    serve: Callable[[], AbstractContextManager[str]]
    options: Callable[[str], Any]
    expected: type[Exception] | None
    within_s: float = WITHIN_S
    said: str = ""
    grabs: int = 1
    timeout_s: float = GRAB_TIMEOUT_S

    def __str__(self) -> str:
        return f"{self.kind}: {self.name}"
