"""What can be wrong with a source before it is asked for a frame; `domain.errors` has what can be later."""

from __future__ import annotations

from monitor.domain.errors import MonitorError


class InvalidOption(MonitorError, ValueError):
    """An option of a source has a value that can never work.

    Also a `ValueError`, so that validation of settings can report it beside its own findings.
    """


class UnknownSourceKind(MonitorError):
    """A kind of source was named that does not exist."""


class UndatedFiles(MonitorError):
    """Recorded files cannot be put in order of time by their names."""
