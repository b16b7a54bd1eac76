"""Which alerts to one notifier belong together, so that they go out as one message."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from monitor.domain.matcher import Matter
from monitor.domain.view import ViewKey

PLAIN_TRAITS = ("site", "camera", "cause", "severity", "host")
NAMED_TRAITS = ("tag", "label")
LONGEST_KEY = 400
"""Characters; the database has no room for more."""

HostOf = Callable[[ViewKey], str]
"""The host that a view's camera hangs on; empty where there is none."""


@dataclass(frozen=True, slots=True)
class Grouping:
    """How alerts are put together.

    Attributes:
        by: Traits that must be alike: `site`, `camera`, `cause`, `severity`, `host`, `tag:NAME` (whether views have the
            tag), `label:NAME` (what the label says). None puts nothing together.
        wait_s: How long the first of a group waits for others.
    """

    by: tuple[str, ...] = ()
    wait_s: float = 0.0

    def key_of(self, matter: Matter, host_of: HostOf) -> str:
        """Names the group that a matter belongs to, in words; empty where nothing is put together."""
        key = ", ".join(f"{trait} {_joined(_values(trait, matter, host_of))}" for trait in self.by)
        if len(key) <= LONGEST_KEY:
            return key
        # Cut to fit, and still another for other matters.
        digest = hashlib.sha256(key.encode()).hexdigest()[:16]
        return f"{key[: LONGEST_KEY - len(digest) - 1]}…{digest}"


def is_trait(text: str) -> bool:
    """Whether alerts can be put together by this."""
    kind, separator, name = text.partition(":")
    return bool(name) if separator and kind in NAMED_TRAITS else text in PLAIN_TRAITS


def _values(trait: str, matter: Matter, host_of: HostOf) -> Iterable[str]:
    kind, _, name = trait.partition(":")
    views = matter.views
    match kind:
        case "site":
            return (view.site for view in views)
        case "camera":
            return (view.key.camera for view in views)
        case "host":
            return (host_of(view.key) for view in views)
        case "tag":
            return ("yes" if name in view.tags else "no" for view in views)
        case "label":
            return (view.labels.get(name, "") for view in views)
        case "cause":
            return (matter.cause.value,)
        case _:
            return (matter.severity.value,)


def _joined(values: Iterable[str]) -> str:
    return "+".join(sorted(set(values))) or "none"
