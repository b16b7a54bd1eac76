"""Rules of an incident's life that its view's state does not decide."""

from __future__ import annotations

from datetime import datetime, timedelta

from monitor.domain.incident import Incident
from monitor.domain.verdict import VerdictKind


def goes_on(ended: Incident, cause: VerdictKind, at: datetime, within_s: float) -> bool:
    """Whether a view's trouble is that of an incident that ended a while ago, and not a new one.

    Args:
        ended: The view's latest incident, which is over.
        cause: What is wrong now.
        at: Since when.
        within_s: How long ago the end may be; 0 makes every incident a new one.
    """
    if ended.resolved_at is None or ended.cause is not cause:
        return False
    # A clock that was set back puts the end into the future; far ahead it says nothing about now.
    return abs(at - ended.resolved_at) < timedelta(seconds=within_s)
