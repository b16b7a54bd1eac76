"""What can go wrong with grabbers for reasons of ours; what a camera does wrong is a `SourceError`."""

from __future__ import annotations

from monitor.domain.errors import MonitorError


class GrabbersUnavailable(MonitorError):
    """No grabber can be had: their server does not start, was killed, or may not fork."""


class SourceBroke(Exception):
    """A source raised in its grabber what no source may raise: a fault of the program.

    Args:
        problem: Type and text of what was raised.
        trace: The grabber's traceback; shown with this one's.
    """

    def __init__(self, problem: str, trace: str = "") -> None:
        super().__init__(problem)
        if trace:
            self.add_note(trace)
