"""When so many views of a site change together that it is the site: an infrared switch, a storm, a power cut."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SiteEventPolicy:
    """When changes of many views of a site are told as one.

    Attributes:
        at_least: So many views must have changed; 0 tells each by itself, always …
        share: … and this share of the site's views …
        window_s: … within this time. As long after the latest, one more view that changes is told by itself again.
    """

    at_least: int = 5
    share: float = 0.3
    window_s: float = 120.0

    def __post_init__(self) -> None:
        if self.at_least < 0 or not 0.0 <= self.share <= 1.0 or self.window_s < 0:
            raise ValueError("at_least and window must not be below 0, and share lies between 0 and 1")

    def needed(self, views: int) -> int:
        """How many of a site's views must have changed."""
        return max(self.at_least, math.ceil(self.share * views - 1e-9))


@dataclass(frozen=True, slots=True)
class SiteTrouble:
    """How a site stands.

    Attributes:
        site: Its name.
        views: How many of its views are watched.
        changed: How many of these became suspect or an alert lately.
    """

    site: str
    views: int
    changed: int


def is_site_event(trouble: SiteTrouble, policy: SiteEventPolicy) -> bool:
    """Whether so many views changed together that it is not the cameras."""
    return 0 < policy.at_least <= trouble.changed and trouble.changed >= policy.needed(trouble.views)


def ends_below(needed: int) -> int:
    """A site event is over when fewer views than this are in trouble: half of what it took to begin it."""
    return max(1, math.ceil(needed / 2))
