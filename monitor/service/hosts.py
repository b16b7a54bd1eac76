"""What is kept of the machines that cameras hang on: how many grabs they bear, whether they are up, who waits for them.

A recorder has many cameras behind one address. It dislikes many connections at a time, and when it dies, all of its
cameras are gone at once: that is one incident, and no reason to ask each of them again and again.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterable
from dataclasses import replace
from datetime import datetime, timedelta

import structlog

from monitor.domain import breaker as rules
from monitor.domain.beats import share_of
from monitor.domain.breaker import Breaker, Decision, Step
from monitor.domain.errors import MonitorError
from monitor.domain.incident import Observation
from monitor.domain.inhibition import Inhibition
from monitor.domain.ports import Clock
from monitor.domain.verdict import VerdictKind
from monitor.domain.view import ViewKey
from monitor.service.doors import Doors, Endpoint
from monitor.service.faults import Faults
from monitor.service.host import (
    BringForward,
    Entry,
    Host,
    HostOptions,
    HostPlan,
    HostReports,
    Knock,
    SitOut,
)

_log = structlog.get_logger(__name__)

# Those of `SourceError`'s kinds that say nothing came over the network, by the name under which a verdict keeps them.
NETWORK_FAULTS = frozenset({"SourceUnreachable", "SourceTimeout"})
UNREACHABLE = "SourceUnreachable"
NOT_CONFIGURED = "Its cameras are not watched together any more."


class Hosts:
    """Decides before each check whether its host bears it, and learns from each what the host is like.

    Safe to call from several threads. Events of hosts (a check's outcome, a knock) are worked through one at a time,
    because some of them write to the database, and what is written must be in their order; admitting never waits for
    that.

    Args:
        plans: The hosts; views of none are always let in.
        reports: Where incidents about hosts go.
        knock: Finds out who accepts connections.
        bring_forward: Has views looked at earlier.
        sit_out: Records a check that is not made.
        clock: Time.
        options: Pace.
    """

    def __init__(
        self,
        plans: Iterable[HostPlan],
        reports: HostReports,
        knock: Knock,
        bring_forward: BringForward,
        sit_out: SitOut,
        clock: Clock,
        options: HostOptions | None = None,
    ) -> None:
        self._reports = reports
        self._knock = knock
        self._bring_forward = bring_forward
        self._sit_out = sit_out
        self._clock = clock
        self._options = options or HostOptions()
        self._events = threading.Lock()
        self._lock = threading.Lock()
        self._hosts: dict[str, Host] = {}
        self._of_view: dict[ViewKey, Host] = {}
        self._inside: dict[ViewKey, Host] = {}
        self._doors = Doors()
        self._faults: Faults[str] = Faults()
        self._take_plans(plans)

    def resume(self) -> None:
        """Go on with the incidents that are open from before the start; those of hosts that are gone end.

        Raises:
            StoreError: The database cannot be used.
        """
        with self._events:
            for incident in self._reports.open():
                host = self._hosts.get(incident.subject)
                if host is None or not host.plan.has_breaker:
                    self._reports.end(incident.subject, (), NOT_CONFIGURED)
                    continue
                with self._lock:
                    host.breaker = rules.known_down(self._clock.monotonic_s())
                    host.incident_id = incident.id

    def use(self, plans: Iterable[HostPlan]) -> None:
        """Go on with other plans; the incident of a host that is gone ends."""
        with self._events:
            gone = self._take_plans(plans)
            released = [host for host in self._hosts.values() if not host.plan.has_breaker]
            for host in (*gone, *released):
                if host.breaker.is_reported:
                    self._record(host, lambda name: self._reports.end(name, (), NOT_CONFIGURED))
                self._set(host, Breaker())

    def admit(self, key: ViewKey, *, is_troubled: bool) -> Entry:
        """Whether the view may be looked at now; after `GO`, `release` must follow.

        Troubled views get half of their host's places: dead channels of a recorder would else take all of them, each
        for as long as its time limit, and nobody would look at the living ones.
        """
        with self._lock:
            host = self._of_view.get(key)
            if host is None:
                return Entry.GO
            if host.breaker.is_open and host.trial != key:
                return Entry.SIT_OUT
            if len(host.inside) >= host.plan.limit:
                return Entry.WAIT
            if is_troubled and sum(host.inside.values()) >= max(1, host.plan.limit // 2):
                return Entry.WAIT
            host.inside[key] = is_troubled
            self._inside[key] = host
            return Entry.GO

    def release(self, key: ViewKey) -> None:
        """The look at a view that was let in is over, or was not taken."""
        with self._lock:
            host = self._inside.pop(key, None)
            if host is not None:
                host.inside.pop(key, None)

    def sit_out(self, key: ViewKey, slot: datetime) -> None:
        """Record that the view is not looked at for this due time.

        Raises:
            MonitorError: Nothing was recorded, and the view stays due.
        """
        inhibition = self.inhibition(key)
        if inhibition is not None:
            self._sit_out(key, slot, inhibition)

    def inhibition(self, key: ViewKey) -> Inhibition | None:
        """What stands for an incident of the view's own, should it give no frame."""
        with self._lock:
            host = self._of_view.get(key)
            if host is None:
                return None
            if host.breaker.is_open:
                return Inhibition(f"recorder {host.plan.name} is unreachable", host.incident_id)
            has_breaker = host.plan.has_breaker and len(host.cameras) >= host.policy.cameras
            known_s = self._clock.monotonic_s() - host.known_since_s
            if has_breaker and host.breaker.worked_s is None and known_s < self._options.doubt_s:
                return Inhibition(f"no camera of {host.plan.name} has worked yet", certain=False)
            return None

    def note(self, key: ViewKey, observation: Observation | None) -> None:
        """Learn from a check that was made; None where there was nothing to judge."""
        with self._events:
            host = self._of_view.get(key)
            if host is None:
                return
            was_trial = host.trial == key
            with self._lock:
                host.trial = None if was_trial else host.trial
            if observation is None:
                if was_trial:  # it told nothing: the next one need not wait
                    self._set(host, replace(host.breaker, tried_s=None))
                return
            self._follow(host, self._judge(host, key, observation))

    def knock(self) -> None:
        """Find out which silent ports answer again, and have a look where they do."""
        with self._lock:
            down = [host for host in self._hosts.values() if host.breaker.is_open]
            tried = self._doors.endpoints().union(*(host.plan.endpoints.values() for host in down))
        answering = frozenset(self._knock(tried)) if tried else frozenset()
        with self._events:
            with self._lock:
                begun = self._doors.knocked(tried, answering)
            for host in down:
                if host.breaker.is_open:
                    self._knocked(host, answering, frozenset(begun))
            back = {key for keys in begun.values() for key in keys if not self._is_spared(key)}
            self._look_soon(back, len(back) / self._options.returns_per_s)

    def _judge(self, host: Host, key: ViewKey, observation: Observation) -> Decision:
        fault = observation.verdict.evidence.get("fault")
        now_s = self._clock.monotonic_s()
        is_away = observation.verdict.kind is VerdictKind.OFFLINE and fault in NETWORK_FAULTS
        endpoint = host.plan.endpoints.get(key)
        with self._lock:
            if is_away and endpoint is not None:
                self._doors.wait(key, endpoint, refused=fault == UNREACHABLE)
            elif not is_away:
                self._doors.leave(key)
        if not host.plan.has_breaker:
            return Decision(host.breaker)
        if is_away:
            return rules.failed(host.breaker, key.camera, host.cameras, now_s, host.policy)
        return rules.worked(host.breaker, key.camera, now_s)

    def _knocked(self, host: Host, answering: frozenset[Endpoint], begun: frozenset[Endpoint]) -> None:
        """An open breaker after a knock: still down, or time for a trial."""
        endpoints = host.plan.endpoints
        now_s = self._clock.monotonic_s()
        reachable = [key for key in host.turns if key not in endpoints or endpoints[key] in answering]
        if not reachable:
            self._follow(host, rules.unanswered(host.breaker, now_s, host.policy))
            return
        is_back = not begun.isdisjoint(endpoints.values())
        if not is_back and not rules.may_try(host.breaker, now_s, host.policy):
            return
        chosen = reachable[0]
        host.turns.remove(chosen)
        host.turns.append(chosen)
        with self._lock:
            host.trial = chosen
            host.breaker = rules.tried(host.breaker, now_s)
        self._look_soon([chosen], 0.0)

    def _follow(self, host: Host, decision: Decision) -> None:
        """Do what follows of an event; where it cannot be recorded, the event has not happened and comes again."""
        name, now_s = host.plan.name, self._clock.monotonic_s()
        match decision.step:
            case Step.REPORT:
                self._set(host, decision.breaker)
                down_s = rules.down_s(decision.breaker, now_s)
                self._record(host, lambda host_name: self._report(host, host_name, down_s, decision.reason))
                return
            case Step.RESTORED:
                ended = self._record(
                    host, lambda host_name: self._reports.end(host_name, host.plan.views, decision.reason)
                )
                if not ended:
                    return
                host.incident_id = None
        self._set(host, decision.breaker)
        if decision.step is Step.TRIPPED:
            _log.warning("host.spared", host=name, cameras=len(host.cameras), reason=decision.reason)
        elif decision.step in (Step.CLOSED, Step.RESTORED):
            _log.info("host.answers", host=name, cameras=len(host.cameras), reason=decision.reason)
            pace_s = len(host.plan.views) / self._options.members_per_s
            self._look_soon(host.plan.views, min(pace_s, self._options.return_spread_s))

    def _report(self, host: Host, name: str, down_s: float, reason: str) -> None:
        number = self._reports.begin(name, host.plan.views, down_s, reason)
        with self._lock:
            host.incident_id = number
            host.breaker = rules.reported(host.breaker)
        _log.error("host.unreachable", host=name, cameras=len(host.cameras), incident=number, reason=reason)

    def _record(self, host: Host, write: Callable[[str], None]) -> bool:
        try:
            write(host.plan.name)
        except MonitorError as error:
            if self._faults.report(host.plan.name, error):
                _log.error("host.not_recorded", host=host.plan.name, reason=str(error))
            return False
        self._faults.clear(host.plan.name)
        return True

    def _look_soon(self, keys: Collection[ViewKey], within_s: float) -> None:
        """Have views looked at, spread over some seconds by their names."""
        now = self._clock.now()
        times = {key: now + timedelta(seconds=share_of(str(key)) * within_s) for key in keys}
        if not times:
            return
        try:
            self._bring_forward(times)
        except MonitorError as error:
            # They are looked at when they are due; that is later, but nothing is lost.
            _log.warning("host.look_delayed", views=len(times), reason=str(error))

    def _is_spared(self, key: ViewKey) -> bool:
        host = self._of_view.get(key)
        return host is not None and host.breaker.is_open

    def _set(self, host: Host, breaker: Breaker) -> None:
        with self._lock:
            host.breaker = breaker

    def _take_plans(self, plans: Iterable[HostPlan]) -> list[Host]:
        """Take over plans; hosts that are not among them any more."""
        by_name = {plan.name: plan for plan in plans}
        with self._lock:
            gone = [host for name, host in self._hosts.items() if name not in by_name]
            hosts = {
                name: self._hosts.get(name) or Host(plan, self._clock.monotonic_s())
                for name, plan in by_name.items()
            }
            for name, host in hosts.items():
                host.take_plan(by_name[name])
            before, self._of_view = (
                self._of_view,
                {key: host for host in hosts.values() for key in host.plan.views},
            )
            for key in before.keys() - self._of_view.keys():
                self._doors.leave(key)
            self._hosts = hosts
            return gone
