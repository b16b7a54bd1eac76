"""What can be wrong with a notifier before anything is sent."""

from __future__ import annotations

from monitor.domain.errors import MonitorError


class BadNotifierOptions(MonitorError, ValueError):
    """A notifier cannot work with its options.

    Also a `ValueError`, so that validation of settings can report it beside its own findings.
    """


class BadTemplate(BadNotifierOptions):
    """A template is malformed, or makes no JSON of a message."""


class UnknownNotifierKind(MonitorError):
    """No notifier has options of that type."""
