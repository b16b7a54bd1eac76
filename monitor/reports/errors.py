"""What can be wrong with writing a report."""

from __future__ import annotations

from monitor.domain.errors import MonitorError


class UnknownFormat(MonitorError):
    """No report can be written in this format."""


class FormatMissing(MonitorError):
    """A format needs a package that is not installed."""
