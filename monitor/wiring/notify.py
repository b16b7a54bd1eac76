"""Notifiers from settings, and who hears of what."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from pydantic import SecretStr

from monitor.domain.addressee import Addressee
from monitor.domain.grouping import Grouping
from monitor.domain.maintenance import MaintenanceWindow
from monitor.domain.matcher import Matter
from monitor.domain.muting import Muted, why_muted, why_view_muted
from monitor.domain.ports import Clock, Notifier
from monitor.domain.reminders import ReminderPolicy
from monitor.domain.silence import Silence
from monitor.domain.view import ViewKey, ViewSpec
from monitor.notifiers.kinds import NOTIFIER_KINDS
from monitor.notifiers.pictures import NO_PICTURES, PictureSupply
from monitor.settings import Settings
from monitor.settings.channels import NotifierSettings
from monitor.wiring.options import build_options

ActiveSilences = Callable[[datetime], Sequence[Silence]]


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


def settings_digests(settings: Settings) -> Mapping[str, str]:
    """A digest of every notifier's settings, secrets included, by which a change of them is seen."""
    return {
        channel.name: hashlib.sha256(repr(_uncovered(dict(channel))).encode()).hexdigest()
        for channel in settings.notifiers
    }


def _uncovered(value: object) -> object:
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    if isinstance(value, Mapping):
        return sorted((str(key), _uncovered(item)) for key, item in value.items())
    if isinstance(value, list | tuple):
        return [_uncovered(item) for item in value]
    return value


@dataclass(frozen=True, slots=True)
class Explanation:
    """Whether one notifier would hear of a matter, and why.

    Attributes:
        notifier: Its name.
        addressee: With its group and what holds it, or None when it does not hear of it.
        why_not: Why not, one clause for each rule that failed; empty when it hears of it.
        remind: Its reminders, or None.
    """

    notifier: str
    addressee: Addressee | None
    why_not: tuple[str, ...]
    remind: ReminderPolicy | None


class Routing:
    """Who hears of an incident, and whether now; the addressing of the use cases.

    Args:
        settings: The configuration.
        silences: Those that are active at a moment, asked each time; see `monitor.wiring.silences`.
        clock: Time.
        hosts: The hosts that views hang on, for groups by host.
    """

    def __init__(
        self,
        settings: Settings,
        silences: ActiveSilences,
        clock: Clock,
        hosts: Mapping[ViewKey, str] | None = None,
    ) -> None:
        self._silences = silences
        self._clock = clock
        self.use(settings, hosts)

    def use(self, settings: Settings, hosts: Mapping[ViewKey, str] | None = None) -> None:
        """Go on with other settings."""
        self._rules = _Rules(settings, hosts or {})

    @property
    def reminders(self) -> Mapping[str, ReminderPolicy]:
        """How insistent notifiers are, for those that remind."""
        return self._rules.reminders

    def __call__(self, matter: Matter) -> Sequence[Addressee]:
        """Every enabled notifier with a route that lets the matter through; all where it has no routes."""
        rules = self._rules
        hearing = [channel for channel in rules.channels if not _why_not(channel, matter)]
        if not hearing:
            return []
        muted = self.why_muted(matter)
        return [rules.addressee(channel, matter, muted) for channel in hearing]

    def why_muted(self, matter: Matter, at: datetime | None = None) -> Muted | None:
        """What holds a matter back now, or at another moment."""
        now = at or self._clock.now()
        return why_muted(matter, now, self._silences(now), self._rules.windows)

    def overlays(self, views: Iterable[ViewSpec]) -> Mapping[ViewKey, Muted]:
        """What may hold back views now, for those of which something is held back."""
        now = self._clock.now()
        silences = self._silences(now)
        windows = [window for window in self._rules.windows if window.span.open_until(now) is not None]
        if not silences and not windows:
            return {}
        found = ((view.key, why_view_muted(view, now, silences, windows)) for view in views)
        return {key: muted for key, muted in found if muted is not None}

    def explain(self, matter: Matter, at: datetime | None = None) -> list[Explanation]:
        """For every notifier of the configuration, whether it would hear of a matter, and why or why not."""
        rules, muted = self._rules, self.why_muted(matter, at)
        return [
            Explanation(
                channel.name,
                None if (reasons := _why_not(channel, matter)) else rules.addressee(channel, matter, muted),
                reasons,
                rules.reminders.get(channel.name),
            )
            for channel in rules.channels
        ]


class _Rules:
    """One configuration's, taken over as a whole."""

    def __init__(self, settings: Settings, hosts: Mapping[ViewKey, str]) -> None:
        self.channels = settings.notifiers
        self.windows: tuple[MaintenanceWindow, ...] = tuple(
            window.window(settings.defaults.time_zone) for window in settings.maintenance
        )
        self.reminders: Mapping[str, ReminderPolicy] = {
            channel.name: channel.remind.policy
            for channel in settings.notifiers
            if channel.enabled and channel.remind is not None
        }
        self._hosts = hosts

    def addressee(self, channel: NotifierSettings, matter: Matter, muted: Muted | None) -> Addressee:
        grouping = channel.group.grouping if channel.group is not None else Grouping()
        return Addressee(
            channel.name,
            grouping.key_of(matter, lambda key: self._hosts.get(key, "")),
            grouping.wait_s,
            "" if muted is None else muted.reason,
        )


def _why_not(channel: NotifierSettings, matter: Matter) -> tuple[str, ...]:
    """Why a notifier does not hear of a matter; empty when it does."""
    if not channel.enabled:
        return ("it is switched off in the configuration",)
    unmet = [route.matcher.unmet(matter) for route in channel.routes]
    if not unmet or not all(unmet):
        return ()
    return tuple(f"route {number}: other {', '.join(names)}" for number, names in enumerate(unmet, start=1))
