"""A host as configured, and what the service keeps of it in memory."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from monitor.domain.breaker import Breaker, BreakerPolicy
from monitor.domain.incident import Incident
from monitor.domain.inhibition import Inhibition
from monitor.domain.view import ViewKey
from monitor.service.doors import Endpoint

# Of the endpoints, those that accept connections.
Knock = Callable[[Collection[Endpoint]], Collection[Endpoint]]
# Has views looked at by these times at the latest.
BringForward = Callable[[Mapping[ViewKey, datetime]], None]
# Records that a view is not looked at this time, and why.
SitOut = Callable[[ViewKey, datetime, Inhibition], object]


class HostReports(Protocol):
    """Where incidents about hosts go; `monitor.usecases.hosts.HostIncidents` is one."""

    def begin(self, host: str, views: Sequence[ViewKey], down_s: float, reason: str) -> int:
        """Open one; its number. The same call may be made again."""
        ...

    def end(self, host: str, views: Sequence[ViewKey], reason: str) -> None:
        """End it, if one is open."""
        ...

    def open(self) -> Sequence[Incident]:
        """Those that are open."""
        ...


class Entry(StrEnum):
    """Whether a view may be looked at now."""

    GO = "go"
    WAIT = "wait"
    SIT_OUT = "sit_out"


@dataclass(frozen=True, slots=True)
class HostPlan:
    """One host as configured.

    Attributes:
        name: Its name or address, as its cameras' addresses have it.
        views: Its enabled views.
        limit: How many grabs it bears at a time.
        report_after_s: How long it must have been down before there is an incident about it.
        endpoints: Where views accept connections; those without one are not knocked for.
        has_breaker: Whether one incident stands for all of its cameras when none can be reached.
    """

    name: str
    views: tuple[ViewKey, ...]
    limit: int = 4
    report_after_s: float = 120.0
    endpoints: Mapping[ViewKey, Endpoint] = field(default_factory=dict)
    has_breaker: bool = True


@dataclass(frozen=True, slots=True)
class HostOptions:
    """Pace of what is done for hosts.

    Attributes:
        doubt_s: After the start nobody knows yet whether a host or a camera of it failed: so long, cameras of a host
            of which none has worked yet open no incidents of their own.
        members_per_s: When a host is back, its views are looked at no faster than this …
        return_spread_s: … but within this time.
        returns_per_s: Single views that are back are looked at no faster than this.
    """

    doubt_s: float = 90.0
    members_per_s: float = 2.0
    return_spread_s: float = 30.0
    returns_per_s: float = 20.0


@dataclass(slots=True)
class Host:
    """One host: its plan, and what happened since the start.

    Attributes:
        plan: As configured.
        known_since_s: Since when it is looked at, monotonic seconds.
        breaker: Where it stands.
        inside: The views that are being looked at, each with whether it is a troubled one.
        incident_id: The open incident about it, or None.
        trial: The one view that an open breaker lets through, or None.
        turns: Whose turn it is to be that view, the first the next.
    """

    plan: HostPlan
    known_since_s: float
    breaker: Breaker = field(default_factory=Breaker)
    inside: dict[ViewKey, bool] = field(default_factory=dict)
    incident_id: int | None = None
    trial: ViewKey | None = None
    turns: deque[ViewKey] = field(default_factory=deque)

    @property
    def policy(self) -> BreakerPolicy:
        """When it is believed to be down."""
        return BreakerPolicy(report_after_s=self.plan.report_after_s)

    @property
    def cameras(self) -> frozenset[str]:
        """Names of its cameras."""
        return frozenset(key.camera for key in self.plan.views)

    def take_plan(self, plan: HostPlan) -> None:
        """Go on with another plan."""
        self.plan = plan
        self.turns = deque(sorted(plan.views))
