"""Messages about incidents that stand for those of single views: a swapped pair, an event of a whole site."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from monitor.domain.alert import Alert, AlertKind
from monitor.domain.announcement import MEMBERS_NAMED
from monitor.domain.incident import Incident, Scope
from monitor.domain.verdict import VerdictKind
from monitor.domain.view import ViewSpec

_SITE_REMEDY = (
    "So many views do not change by themselves: look for what they share, such as the infrared light, the weather, "
    "power or the network. Views that are still wrong at the end are told one by one."
)


@dataclass(frozen=True, slots=True)
class MergedNews:
    """What there is to tell of such an incident.

    Attributes:
        at: When it happened.
        reason: Why it began or ended, one sentence.
        views: How many views it is about.
        causes: How many of them had which cause.
        supersedes: Incidents of single views that people had been told of before.
        left_open: How many views are not normal yet at its end, and are told by themselves from then on.
    """

    at: datetime
    reason: str
    views: int
    causes: Mapping[VerdictKind, int] = field(default_factory=dict)
    supersedes: tuple[int, ...] = ()
    left_open: int = 0


def merged_announcement(
    incident: Incident, specs: Sequence[ViewSpec], news: MergedNews, sequence: int
) -> Alert:
    """The alert for the start or the end of an incident about a site or a pair.

    Args:
        incident: With the time of its end, if it has ended.
        specs: Of its views, or of some where there are very many; at least one.
        news: What there is to tell.
        sequence: Number of the message within the incident.
    """
    is_over = incident.resolved_at is not None
    details: dict[str, Any] = {
        "cause": incident.cause.value,
        "reasons": [news.reason],
        "remedy": "" if is_over else merged_remedy(incident),
        "first_seen_at": incident.first_seen_at.isoformat(),
        "views": news.views,
        "causes": {cause.value: number for cause, number in news.causes.items()},
        "supersedes": list(news.supersedes),
        "left_open": news.left_open,
        "sites": sorted({spec.site for spec in specs}),
        "tags": sorted({tag for spec in specs for tag in spec.tags}),
    }
    return Alert(
        id=f"{incident.id}-{sequence}",
        kind=AlertKind.RESOLVED if is_over else AlertKind.OPENED,
        key=specs[0].key,
        site=specs[0].site,
        incident_id=incident.id,
        occurred_at=news.at,
        headline=_headline(incident, specs, news),
        details=details,
        scope=incident.scope,
        subject=incident.subject,
        members=tuple(spec.key for spec in specs[:MEMBERS_NAMED]),
        severity=incident.severity,
    )


def _headline(incident: Incident, specs: Sequence[ViewSpec], news: MergedNews) -> str:
    is_over = incident.resolved_at is not None
    if incident.scope is Scope.PAIR:
        names = " and ".join(str(spec.key) for spec in specs)
        if is_over:
            return f"Resolved: {names} show their own views again"
        told = ", ".join(str(number) for number in news.supersedes)
        return f"{names} are swapped{f' (instead of incident {told})' if told else ''}"
    if not is_over:
        cause = incident.cause.value.replace("_", " ")
        return f"Site {incident.subject}: {news.views} views changed together, most of them {cause}"
    rest = f"; {news.left_open} are told by themselves now" if news.left_open else ""
    return f"Resolved: Site {incident.subject} is back after {news.views} views had changed together{rest}"


def merged_remedy(incident: Incident) -> str:
    """What to do about an incident of a pair or a site, in one or two sentences."""
    if incident.scope is Scope.PAIR:
        return f"Each shows what the other should: swap the cables or the addresses of {incident.name}."
    return _SITE_REMEDY
