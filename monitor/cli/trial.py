"""Trying out cameras that are about to be added: logging in, choosing profiles, a first picture of each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, TypeVar

import click

from monitor.cli.account import Account, ask_for_account
from monitor.cli.errors import Refusal
from monitor.cli.words import span
from monitor.domain.errors import MonitorError, SourceDenied
from monitor.onvif.errors import DeviceDenied

if TYPE_CHECKING:
    from monitor.cli.invocation import Invocation
    from monitor.cli.screen import Screen
    from monitor.domain.frame import Frame
    from monitor.domain.ports import Clock
    from monitor.onvif.device import Device
    from monitor.onvif.profiles import Profile
    from monitor.wiring.newcomer import Offer

T = TypeVar("T")

CLOCK_IS_OFF = timedelta(minutes=2)
"""From here on a wrong clock is worth a remark: the times in the camera's own pictures are wrong as well."""
_ATTEMPTS = 2
"""A person may mistype once; after a few failures many cameras lock the account."""


class NoTestPicture(MonitorError):
    """No address that a new camera offers gave a picture; nothing was written."""


class Trial:
    """Asks cameras, and a person for credentials where a camera wants some.

    Args:
        run: The invocation, with its settings read.
        screen: What is said.
        clock: Time.
        account: The account to begin with.
        may_ask: Whether somebody is there to be asked.
    """

    def __init__(
        self, run: Invocation, screen: Screen, clock: Clock, account: Account, *, may_ask: bool
    ) -> None:
        self.account = account
        self._run = run
        self._screen = screen
        self._clock = clock
        self._may_ask = may_ask

    def complete_account(self) -> None:
        """Ask for the password of an account that was given without one.

        Raises:
            Refusal: Nobody is there to be asked.
        """
        if self.account.username is None or self.account.password is not None:
            return
        if not self._may_ask:
            raise Refusal(
                "There is nobody to be asked for the password with --yes.",
                "Give --password-env VARIABLE or --password-file FILE.",
            )
        self.account = ask_for_account(self._run, self.account)

    def find_device(self, address: str) -> Device:
        """The device at an address, logged in with what is known.

        Raises:
            NetError, OnvifError: There is none.
        """
        from monitor.wiring.newcomer import find_device

        with self._screen.progress(f"Asking {address}", None):
            device = find_device(address, self._clock)
        device.log_in(self.account.login)
        return device

    def introduce(self, device: Device) -> str:
        """Say who a device is and what time it has; its model.

        Raises:
            NetError, OnvifError: It does not let us in, or stops answering.
        """
        told = self._admitted(device.information, DeviceDenied, device)
        firmware = f", firmware {told.firmware}" if told.firmware else ""
        self._screen.say(f"{told}{firmware} at {device.address}")
        ahead = device.clock_ahead
        if ahead is None:
            self._screen.note("It does not tell its time.", "doubt")
        elif abs(ahead) >= CLOCK_IS_OFF:
            which = "ahead of" if ahead > timedelta(0) else "behind"
            self._screen.note(f"Its clock is {span(abs(ahead))} {which} ours: set up NTP there.", "doubt")
        return told.model

    def profiles(self, device: Device) -> tuple[Profile, ...]:
        """What a device offers.

        Raises:
            NetError, OnvifError: It does not say.
        """
        return self._admitted(device.profiles, DeviceDenied, device)

    def first_picture(self, offers: Iterable[Offer | MonitorError]) -> tuple[Offer, Frame]:
        """The first offer that holds what it promises, and its frame.

        Raises:
            NoTestPicture: None does; each has been said why.
        """
        for offer in offers:
            if isinstance(offer, MonitorError):
                self._screen.note(str(offer), "doubt")
                continue
            if offer.replaced_host:
                self._screen.note(
                    f"It says that its {offer.label.partition(' ')[0]} is at {offer.replaced_host}; asked where the "
                    "device itself is instead (--keep-host leaves it at that).",
                    "doubt",
                )
            try:
                return offer, self.look(offer.url, offer.main_url)
            except MonitorError as error:
                self._screen.note(f"No picture from the {offer.label}: {error}", "doubt")
        raise NoTestPicture(
            "No address of this camera gave a picture, and nothing was written.",
            "See above for what each said; or give the address that its manual names with --url.",
        )

    def look(self, url: str, main_url: str | None = None) -> Frame:
        """One frame from an address, or from the main stream behind it.

        Raises:
            MonitorError: None came.
        """
        from monitor.wiring.newcomer import look, source_entry

        def try_it() -> Frame:
            entry = source_entry(url, self.account.username, self.account.password, main_url)
            return look(entry, self._run.settings, self._run.environ)

        return self._admitted(try_it, SourceDenied)

    def _admitted(self, call: Callable[[], T], denial: type[MonitorError], device: Device | None = None) -> T:
        """What a call gives, with credentials asked for where it is denied."""
        for _ in range(_ATTEMPTS if self._may_ask and self.account.reference is None else 0):
            try:
                return call()
            except denial as error:
                self._screen.note(str(error), "doubt")
            self.account = ask_for_account(self._run, Account())
            if device is not None:
                device.log_in(self.account.login)
        return call()


def choose(
    profiles: Sequence[Profile],
    wanted: str | None,
    screen: Screen,
    *,
    everything: bool,
    may_ask: bool,
) -> list[Sequence[Profile]]:
    """The profiles to try, by video source: all sources, that of a named profile, or the only one.

    Raises:
        Refusal: There are several, and none was chosen.
    """
    from monitor.onvif.profiles import by_source

    sources = by_source(profiles)
    _show(sources, screen)
    if wanted is None and everything:
        return list(sources.values())
    if wanted is None and len(sources) == 1:
        return list(sources.values())
    if wanted is None and may_ask:
        wanted = click.prompt("Which profile? (--all takes one of every video source)", err=True)
    if wanted is None:
        raise Refusal(
            f"It has {len(sources)} video sources.", "Take them all with --all, or choose one with --profile."
        )
    named = [profile for profile in profiles if wanted in (profile.token, profile.name)]
    if not named:
        raise Refusal(
            f"There is no profile “{wanted}”.", "Choose one of those listed, by profile or by name."
        )
    return [named[:1]]


def _show(sources: Mapping[str, Sequence[Profile]], screen: Screen) -> None:
    rows = [
        (profile.token, profile.name, profile.source, profile.size, profile.codec or "–")
        for profiles in sources.values()
        for profile in profiles
    ]
    screen.table(("profile", "name", "video source", "size", "codec"), rows)
