"""When incidents of single views are one incident: a swapped pair of cameras, an event that a whole site sees."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from monitor.domain.incident import SUBJECT_LENGTH, Scope
from monitor.domain.site_event import SiteEventPolicy, SiteTrouble, is_site_event
from monitor.domain.verdict import VerdictKind
from monitor.domain.view import ViewKey


@dataclass(frozen=True, slots=True)
class Sight:
    """What an incident of one view says about where its pictures come from.

    Attributes:
        key: The view.
        cause: What is wrong.
        looks_like: Which other view its picture shows, or None.
    """

    key: ViewKey
    cause: VerdictKind
    looks_like: ViewKey | None = None


@dataclass(frozen=True, slots=True)
class Merge:
    """An incident that is to stand for those of single views.

    Attributes:
        scope: A pair's or a site's.
        subject: Names it among those of its scope.
        reason: Why, one sentence.
    """

    scope: Scope
    subject: str
    reason: str


def merge_of(
    mine: Sight,
    other: Sight | None = None,
    trouble: SiteTrouble | None = None,
    policy: SiteEventPolicy | None = None,
) -> Merge | None:
    """Whether a view's incident is part of something larger; of a pair rather than of a site, which says more.

    Args:
        mine: Of the incident that has opened or changed.
        other: Of the open incident of the view that it looks like, or None where that one has none.
        trouble: How the view's site stands, or None where nobody asked.
        policy: When a site's trouble is an event; None for never.
    """
    if other is not None and are_swapped(mine, other):
        return Merge(
            Scope.PAIR,
            pair_subject(mine.key, other.key),
            f"{mine.key} and {other.key} show each other's view.",
        )
    if trouble is not None and policy is not None and is_site_event(trouble, policy):
        reason = f"{trouble.changed} of {trouble.views} views changed within {policy.window_s:.0f} s."
        return Merge(Scope.SITE, trouble.site, reason)
    return None


def are_swapped(one: Sight, other: Sight) -> bool:
    """Whether each of two views shows what the other should."""
    return (
        one.cause is other.cause is VerdictKind.DIFFERENT_SCENE
        and one.looks_like == other.key
        and other.looks_like == one.key
        and one.key != other.key
    )


def pair_subject(one: ViewKey, other: ViewKey) -> str:
    """The name of a pair, whichever of both comes first."""
    first, second = sorted((one, other))
    subject = f"{first} + {second}"
    if len(subject) <= SUBJECT_LENGTH:
        return subject
    digest = hashlib.sha256(subject.encode()).hexdigest()[:16]
    return f"{subject[: SUBJECT_LENGTH - 20]}… {digest}"
