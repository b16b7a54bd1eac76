"""What can be wrong with a schedule."""

from __future__ import annotations

from monitor.domain.errors import MonitorError


class BadSchedule(MonitorError, ValueError):
    """A schedule that can never be kept; also a `ValueError`, so that settings can report it beside their own."""
