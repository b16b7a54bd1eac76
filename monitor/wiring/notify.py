"""Notifiers from settings, and who hears of what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from monitor.domain.addressee import Addressee
from monitor.domain.matcher import Matter
from monitor.domain.ports import Clock, Notifier
from monitor.notifiers.kinds import NOTIFIER_KINDS
from monitor.notifiers.pictures import NO_PICTURES, PictureSupply
from monitor.settings import Settings
from monitor.settings.channels import NotifierSettings
from monitor.wiring.options import build_options


def open_notifiers(
    settings: Settings, clock: Clock, pictures: PictureSupply = NO_PICTURES
) -> Mapping[str, Notifier]:
    """Every enabled notifier by its name.

    Raises:
        MonitorError: Options of one cannot work.
    """
    return {
        channel.name: open_channel(channel, clock, pictures)
        for channel in settings.notifiers
        if channel.enabled
    }


def open_channel(channel: NotifierSettings, clock: Clock, pictures: PictureSupply = NO_PICTURES) -> Notifier:
    """One notifier, enabled or not.

    Raises:
        MonitorError: Its options cannot work.
    """
    kind = NOTIFIER_KINDS[channel.kind]
    return kind.open(build_options(kind.options, dict(channel)), clock, pictures)


class Routing:
    """Who hears of an incident; the addressing of the use cases."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def use(self, settings: Settings) -> None:
        """Go on with other settings."""
        self._settings = settings

    def __call__(self, matter: Matter) -> Sequence[Addressee]:
        """Every enabled notifier with a route that lets the matter through; all where it has no routes."""
        return [
            Addressee(channel.name)
            for channel in self._settings.notifiers
            if channel.enabled
            and (not channel.routes or any(route.matcher.fits(matter) for route in channel.routes))
        ]
