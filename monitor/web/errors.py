"""What keeps the web server from working."""

from __future__ import annotations

from monitor.domain.errors import MonitorError


class LinkKeyUnusable(MonitorError):
    """The key that signs links can neither be read nor made."""
