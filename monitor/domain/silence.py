"""A person's word that something is not to be told for a while, with its reason."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from monitor.domain.errors import MonitorError
from monitor.domain.matcher import Matcher


class BadSilence(MonitorError):
    """A silence that would silence everything, nothing, or for no reason."""


@dataclass(frozen=True, slots=True)
class Silence:
    """What is not told, from when to when, and why.

    Attributes:
        id: Of the stored row; 0 until it is stored.
        matcher: Which incidents are meant.
        author: Who asked for it.
        comment: Why.
        created_at: When it was asked for, aware UTC.
        starts_at: From when on it counts.
        ends_at: Until when, exclusive.
        expired_at: When somebody ended it before its time, or None.
        expired_by: Who did, or None.

    Raises:
        BadSilence: It names nothing at all, ends before it begins, or says no reason.
    """

    id: int
    matcher: Matcher
    author: str
    comment: str
    created_at: datetime
    starts_at: datetime
    ends_at: datetime
    expired_at: datetime | None = None
    expired_by: str | None = None

    def __post_init__(self) -> None:
        if self.matcher.is_empty:
            raise BadSilence(
                "A silence must say what it silences.",
                "Name cameras, sites, tags or causes; `*` is every camera.",
            )
        if not self.ends_at > self.starts_at:
            raise BadSilence("A silence must end after it begins.", "Give a duration such as 2h.")
        if not self.comment.strip():
            raise BadSilence(
                "A silence needs a reason, for those who wonder later.", "Say it with --comment."
            )

    @property
    def ends_really_at(self) -> datetime:
        """When it ends, or was ended."""
        return self.ends_at if self.expired_at is None else min(self.ends_at, self.expired_at)

    def is_active(self, now: datetime) -> bool:
        """Whether it counts at this moment."""
        return self.starts_at <= now < self.ends_really_at
