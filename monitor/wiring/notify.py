"""Notifiers from settings, and who hears of what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from monitor.domain.ports import Clock, Notifier
from monitor.domain.verdict import VerdictKind
from monitor.domain.view import ViewSpec
from monitor.notifiers.kinds import NOTIFIER_KINDS
from monitor.settings import Settings
from monitor.settings.channels import NotifierSettings, Route
from monitor.wiring.options import build_options


def open_notifiers(settings: Settings, clock: Clock) -> Mapping[str, Notifier]:
    """Every enabled notifier by its name.

    Raises:
        MonitorError: Options of one cannot work.
    """
    return {channel.name: open_channel(channel, clock) for channel in settings.notifiers if channel.enabled}


def open_channel(channel: NotifierSettings, clock: Clock) -> Notifier:
    """One notifier, enabled or not.

    Raises:
        MonitorError: Its options cannot work.
    """
    kind = NOTIFIER_KINDS[channel.kind]
    return kind.open(build_options(kind.options, dict(channel)), clock)


class Routing:
    """Who hears of an incident; the `routes` of the use cases."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def use(self, settings: Settings) -> None:
        """Go on with other settings."""
        self._settings = settings

    def __call__(self, spec: ViewSpec, cause: VerdictKind | None) -> Sequence[str]:
        """Names of the notifiers to tell."""
        return [
            channel.name
            for channel in self._settings.notifiers
            if channel.enabled
            and (not channel.routes or any(_lets_through(route, spec, cause) for route in channel.routes))
        ]


def _lets_through(route: Route, spec: ViewSpec, cause: VerdictKind | None) -> bool:
    return (
        (not route.sites or spec.site in route.sites)
        and (not route.cameras or spec.key.camera in route.cameras)
        and (not route.tags or not set(route.tags).isdisjoint(spec.tags))
        # A recovery names the cause that it ends, so whoever heard of the beginning hears of the end.
        and (not route.causes or cause in route.causes)
    )
