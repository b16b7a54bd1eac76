"""One family of errors. Each says what is wrong and what to do about it; the command line prints exactly that."""

from __future__ import annotations

from monitor.domain.verdict import VerdictKind


class MonitorError(Exception):
    """Something that an operator can act on.

    Args:
        problem: What is wrong, in one sentence, without secrets.
        remedy: What to do about it; may be empty where the problem says it all.
    """

    def __init__(self, problem: str, remedy: str = "") -> None:
        super().__init__(problem, remedy)
        self.problem = problem
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.problem} {self.remedy}".strip()


class SourceError(MonitorError):
    """No usable frame came from a camera. `verdict` is what this means for the view."""

    verdict = VerdictKind.OFFLINE


class SourceUnreachable(SourceError):
    """Nothing answers: connection refused, name unknown, folder or device missing."""


class SourceUnwilling(SourceUnreachable):
    """Something answers, and has no picture for us: another status than 200, a redirect. The machine itself is up."""


class SourceTimeout(SourceError):
    """The source did not deliver a whole frame within its time limit."""


class SourceDenied(SourceError):
    """The source answers but does not let us in: wrong credentials, unreadable file."""


class SourceStale(SourceError):
    """The source is there, but has produced nothing new for longer than it may."""


class FrameFault(SourceError):
    """Bytes came, but they are no usable picture: not an image, truncated, too large, torn."""

    verdict = VerdictKind.STREAM_FAULT


class UnknownView(MonitorError):
    """A camera or view was named that is not configured."""


class UnfitReference(MonitorError):
    """The frames offered as references are not fit to be compared with."""
