"""Hosts from settings: which cameras hang on which machine, and how that machine is to be treated."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from monitor.domain.addressee import Addressing
from monitor.domain.inhibition import Inhibition
from monitor.domain.ports import Clock
from monitor.domain.verdict import VerdictKind
from monitor.domain.view import ViewKey, ViewSpec
from monitor.net.address import AddressPolicy
from monitor.net.knock import Knocker
from monitor.service.doors import Endpoint
from monitor.service.host import HostPlan
from monitor.service.hosts import Hosts
from monitor.settings import CameraPlan
from monitor.settings.models import Host
from monitor.sources.kinds import source_kind
from monitor.store import Store
from monitor.usecases.hosts import HostIncidents, sit_out
from monitor.wiring.options import build_options

PORTS: Mapping[str, int] = {"http": 80, "https": 443, "rtsp": 554, "rtsps": 322}
"""Where a scheme is served unless the address says otherwise."""
_CAMERA_ADDRESSES = AddressPolicy(allow_loopback=True, allow_private=True)


def open_hosts(
    plans: Iterable[CameraPlan],
    store: Store,
    addressing: Addressing,
    clock: Clock,
    *,
    per_host: int,
    exceptions: Mapping[str, Host],
) -> Hosts:
    """What the service keeps of hosts, going on from the incidents that are open.

    Args:
        plans: Of all cameras.
        store: Where incidents are.
        addressing: Who is told of an incident.
        clock: Time.
        per_host: How many grabs a host bears at a time.
        exceptions: Hosts with settings of their own.

    Raises:
        StoreError: The database cannot be used.
        MonitorError: A camera's options cannot work.
    """

    def record_sit_out(key: ViewKey, slot: datetime, inhibition: Inhibition) -> None:
        sit_out(key, slot, inhibition, store, clock)

    hosts = Hosts(
        host_plans(plans, per_host, exceptions),
        HostIncidents(store, addressing, clock),
        Knocker(_CAMERA_ADDRESSES),
        store.views.bring_forward,
        record_sit_out,
        clock,
    )
    hosts.resume()
    return hosts


def host_plans(plans: Iterable[CameraPlan], per_host: int, exceptions: Mapping[str, Host]) -> list[HostPlan]:
    """The hosts that cameras hang on, by name.

    Raises:
        MonitorError: A camera's options cannot work.
    """
    specs: dict[str, list[ViewSpec]] = {}
    endpoints: dict[ViewKey, Endpoint] = {}
    for plan in plans:
        kind = source_kind(plan.source_kind)
        options = build_options(kind.options, plan.options)
        host = kind.host(options)
        watched = [spec for spec in plan.views if spec.enabled]
        if host is None or not watched:
            continue
        specs.setdefault(host, []).extend(watched)
        port = port_of(options)
        if port is not None:
            endpoints.update({spec.key: (host, port) for spec in watched})
    own = {_as_in_addresses(name): settings for name, settings in exceptions.items()}
    return [
        _host_plan(name, specs[name], endpoints, per_host, own.get(name, Host())) for name in sorted(specs)
    ]


def host_names(plans: Iterable[CameraPlan]) -> dict[ViewKey, str]:
    """The host that each view hangs on, for those that hang on one.

    Raises:
        MonitorError: A camera's options cannot work.
    """
    names: dict[ViewKey, str] = {}
    for plan in plans:
        kind = source_kind(plan.source_kind)
        host = kind.host(build_options(kind.options, plan.options))
        if host is not None:
            names.update({spec.key: host for spec in plan.views})
    return names


def port_of(options: Any) -> int | None:
    """The TCP port that a source with these options connects to, or None where that cannot be told."""
    parts = urlsplit(str(getattr(options, "url", "")))
    return parts.port or PORTS.get(parts.scheme)


def _host_plan(
    name: str, specs: list[ViewSpec], endpoints: Mapping[ViewKey, Endpoint], per_host: int, own: Host
) -> HostPlan:
    keys = tuple(spec.key for spec in specs)
    return HostPlan(
        name=name,
        views=keys,
        limit=own.limit or per_host,
        # As soon as the first of its cameras would have had an incident of its own.
        report_after_s=min(spec.policy.duration_needed_s(VerdictKind.OFFLINE) for spec in specs),
        endpoints={key: endpoints[key] for key in keys if key in endpoints},
        has_breaker=own.breaker,
    )


def _as_in_addresses(name: str) -> str:
    """A host's name as taking an address apart gives it: small letters, no brackets."""
    return name.strip("[]").lower()
