"""How preparation fails: at once where nothing can be done, with a list where single items are no good."""

from __future__ import annotations

from collections.abc import Callable

from monitor.domain.errors import MonitorError

SHOWN_AT_MOST = 20


class PreparationError(MonitorError):
    """Data cannot be prepared as asked."""


class Problems:
    """Collects what was skipped and why; a strict one refuses the first item instead.

    Args:
        strict: Raise at the first problem.
    """

    def __init__(self, strict: bool = False) -> None:
        self.lines: list[str] = []
        self._strict = strict

    def __len__(self) -> int:
        return len(self.lines)

    def add(self, problem: str) -> None:
        """Note that an item is skipped.

        Raises:
            PreparationError: These problems are strict.
        """
        if self._strict:
            raise PreparationError(problem, "Correct it, or run without --strict to skip such items.")
        self.lines.append(problem)

    def tell(self, say: Callable[[str], None]) -> None:
        """Say the first of them one by one, and how many there are."""
        for line in self.lines[:SHOWN_AT_MOST]:
            say(f"skipped: {line}")
        if len(self.lines) > SHOWN_AT_MOST:
            say(f"… and {len(self.lines) - SHOWN_AT_MOST} more")
        if self.lines:
            say(f"{len(self.lines)} skipped in all")
