"""The daemon, put together: the engine, the use cases and their adapters."""

from __future__ import annotations

import os
import re
import socket
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from random import Random

import structlog

from monitor.domain.alert import RetryPolicy
from monitor.domain.errors import UnknownView
from monitor.domain.incident import Observation
from monitor.domain.state import Change, Status, ViewState
from monitor.domain.verdict import PICTURELESS
from monitor.domain.view import ViewKey
from monitor.logs import Complaints
from monitor.service.engine import Service
from monitor.service.hosts import Hosts
from monitor.service.options import ServiceOptions
from monitor.service.reload import ReloadResult
from monitor.service.supervisor import Supervisor
from monitor.settings import Settings, diff, resolve, secrets_of
from monitor.store import RetentionPolicy, Store
from monitor.usecases.deliver import Deliverer, DeliveryOptions
from monitor.usecases.incidents import end_site_events
from monitor.usecases.observe import Check, Equipment, observe
from monitor.usecases.receivers import ReceiverHealth
from monitor.usecases.reencode import reencode
from monitor.usecases.tend import Tending, tend
from monitor.wiring.hosts import host_names, host_plans, open_hosts
from monitor.wiring.notify import open_notifiers, settings_digests
from monitor.wiring.pictures import picture_supply
from monitor.wiring.reports import report_jobs
from monitor.wiring.sight import read_picture
from monitor.wiring.site import Site

_log = structlog.get_logger(__name__)

SECONDS_A_DAY = 86_400.0
LEASE_MARGIN_S = 30.0
LOUD = frozenset({Change.OPENED, Change.CAUSE_CHANGED, Change.LOST_SIGHT})


class Reporter:
    """Says what checks find: every change of state, a lasting problem of a source and a remark on a camera once."""

    def __init__(self) -> None:
        self._complaints = Complaints(_log)
        self._remarked: dict[str, frozenset[str]] = {}

    def tell(self, key: ViewKey, check: Check) -> None:
        """Log what is worth a line."""
        name = str(key)
        if check.note == "not enrolled":
            self._complaints.complain(name, "view.not_enrolled", remedy=f"monitor enroll {key.camera}")
            return
        if check.error is not None:
            self._complaints.complain(name, f"source.{type(check.error).__name__}", reason=str(check.error))
        elif check.observation is not None:
            self._complaints.settle(name)
        seen = check.observation
        if seen is None:
            return
        self._remark(name, seen.verdict.remarks)
        if seen.transition is None:
            return
        transition, verdict = seen.transition, seen.verdict
        say = _log.warning if transition.change in LOUD else _log.info
        say(
            f"view.{transition.change.value}",
            view=name,
            verdict=verdict.kind.value,
            displacement=verdict.displacement.describe() if verdict.displacement else None,
            reason=transition.reason,
            incident=check.recorded.incident.id if check.recorded and check.recorded.incident else None,
        )

    def _remark(self, name: str, remarks: Sequence[str]) -> None:
        """Say remarks that the check before had not; the figures in them change without being news."""
        now = {re.sub(r"[\d,.]+", "", remark): remark for remark in remarks}
        known = self._remarked.get(name, frozenset())
        for told, remark in now.items():
            if told not in known:
                _log.info("view.remark", view=name, remark=remark)
        self._remarked[name] = frozenset(now)


def build_service(
    site: Site,
    equipment: Equipment,
    *,
    load_settings: Callable[[], Settings],
    watched: Sequence[Path],
    add_secrets: Callable[[frozenset[str]], None],
    supervisor: Supervisor | None = None,
    listener: Callable[[ViewKey, Check], None] | None = None,
) -> Service:
    """The engine with everything that it calls.

    Args:
        site: Opened.
        equipment: Of the checks.
        load_settings: Reads the configuration again, raising what is wrong with it.
        watched: Files whose change means a reload.
        add_secrets: Tells the logs of secrets that are new.
        supervisor: Told of readiness and life.
        listener: Called after every check, besides the log.
    """
    store, clock = site.store, site.clock
    reporter = Reporter()
    deliverer = Deliverer(
        store.deliveries,
        open_notifiers(site.settings, clock, picture_supply(site.settings, site.pictures)),
        clock,
        RetryPolicy(),
        Random(),  # noqa: S311 - spreads retries, guards nothing
        owner_name(),
        ReceiverHealth(store.receivers, clock, settings_digests(site.settings)),
        delivery_options(site.settings),
    )
    tending = Tending(
        store,
        site.routing,
        lambda: site.routing.reminders,
        clock,
        end_events=lambda: end_site_events(store, site.routing, clock),
    )
    service = site.settings.service
    hosts = open_hosts(
        resolve(site.settings, site.limits),
        store,
        site.routing,
        clock,
        per_host=service.per_host,
        exceptions=site.settings.hosts,
    )
    equipment = replace(equipment, inhibition=hosts.inhibition)
    reloader = _Reload(site, deliverer, hosts, load_settings, add_secrets)

    def check(key: ViewKey, slot: datetime) -> Observation | None:
        try:
            plan, source = site.cameras.plan(key), site.cameras.source(key)
        except UnknownView:
            return None  # left the configuration between being due and being looked at
        done = observe(key, slot, source, plan.timeout_s, equipment)
        reporter.tell(key, done)
        if listener is not None:
            listener(key, done)
        return done.observation

    return Service(
        due=store.views.due,
        observe=check,
        outbox=deliverer,
        tend=lambda: tend(tending),
        prune=lambda: store.retention.prune(clock.now(), retention(reloader.settings)),
        reload=reloader,
        hold_lock=lambda: store.hold_daemon_lock(owner_name()),
        clock=clock,
        options=ServiceOptions(
            workers=service.workers,
            troubled_workers=service.troubled_workers,
            start_spread_s=service.start_spread_s,
            drain_timeout_s=service.drain_timeout_s,
        ),
        watched=watched,
        supervisor=supervisor,
        known_troubled=[row.spec.key for row in store.views.all() if lacks_frames(row.state)],
        grabbers=site.grabbers.counters,
        hosts=hosts,
        chores=report_jobs(store, clock, lambda: reloader.settings),
    )


class _Reload:
    """Takes a new configuration over, all or nothing."""

    def __init__(
        self,
        site: Site,
        deliverer: Deliverer,
        hosts: Hosts,
        load_settings: Callable[[], Settings],
        add_secrets: Callable[[frozenset[str]], None],
    ) -> None:
        self.settings = site.settings
        self._site = site
        self._deliverer = deliverer
        self._hosts = hosts
        self._load = load_settings
        self._add_secrets = add_secrets

    def __call__(self) -> ReloadResult:
        new = self._load()
        self._add_secrets(secrets_of(new))
        changes = diff(self.settings, new)
        if not changes:
            return ReloadResult(True, "nothing changed")
        site = self._site
        # All that can fail comes first; from `sync` on the new configuration is in use.
        # Another bundle needs a restart: until then its predecessor's limits count.
        plans = resolve(new, site.limits)
        # Where the web server is reached is an option that needs a restart, and links must fit it.
        pictures = picture_supply(new.model_copy(update={"web": site.settings.web}), site.pictures)
        notifiers = open_notifiers(new, site.clock, pictures)
        # How many grabs a host bears is an option of the service, which needs a restart.
        hosts = host_plans(plans, site.settings.service.per_host, new.hosts)
        site.store.views.sync([spec for plan in plans for spec in plan.views], site.clock.now())
        site.cameras.use(plans)
        site.routing.use(new, host_names(plans))
        site.pictures.use(new)
        self._hosts.use(hosts)
        self._deliverer.use_notifiers(notifiers, settings_digests(new))
        self.settings = new
        parts = [
            f"{name} {', '.join(values)}"
            for name, values in (
                ("added", changes.added),
                ("removed", changes.removed),
                ("changed", changes.changed),
                ("notifiers", changes.notifiers),
                ("settings", changes.live),
                ("only after a restart:", changes.needs_restart),
            )
            if values
        ]
        return ReloadResult(True, "; ".join(parts))


def lacks_frames(state: ViewState) -> bool:
    """Whether a view's camera last gave no usable frame: its checks begin among the slow ones."""
    return state.status is Status.UNKNOWN or state.cause in PICTURELESS


def delivery_options(settings: Settings) -> DeliveryOptions:
    """A lease must outlast the slowest receiver's time limit, or that receiver is sent the same twice."""
    slowest_s = max((getattr(channel, "timeout_s", 0.0) for channel in settings.notifiers), default=0.0)
    return DeliveryOptions(lease_s=max(DeliveryOptions().lease_s, slowest_s + LEASE_MARGIN_S))


def retention(settings: Settings) -> RetentionPolicy:
    """How long things are kept, in the store's terms."""
    kept = settings.retention
    return RetentionPolicy(
        observations_days=kept.observations_s / SECONDS_A_DAY,
        resolved_incident_days=kept.incidents_s / SECONDS_A_DAY,
        evidence_days=kept.images_s / SECONDS_A_DAY,
    )


def refresh_encodings(store: Store, equipment: Equipment) -> None:
    """Encode what another bundle encoded, and say so."""
    done = reencode(store, equipment.encoder, read_picture)
    if done.references or done.problems:
        _log.info("references.reencoded", count=done.references, bundle=equipment.encoder.bundle_id)
    for problem in done.problems:
        _log.error("reference.not_reencoded", reason=problem)


def owner_name() -> str:
    """Names this process to others, on this machine or another."""
    return f"{socket.gethostname()}:{os.getpid()}"
