"""One device: who it is, what time it has, which profiles it offers, and where their pictures are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from xml.etree.ElementTree import Element

from monitor.domain.ports import Clock
from monitor.onvif.addresses import PictureAddress, picture_address, service_address
from monitor.onvif.conversation import TIMEOUT_S, Conversation
from monitor.onvif.errors import DeviceFault, NoOnvifDevice
from monitor.onvif.markup import NO_DEVICE_REMEDY, element, printable, text_at
from monitor.onvif.profiles import MOST_PROFILES, Profile, media1_profile, media2_profile
from monitor.onvif.soap import Login

_DEVICE = "http://www.onvif.org/ver10/device/wsdl"
_MEDIA1 = "http://www.onvif.org/ver10/media/wsdl"
_MEDIA2 = "http://www.onvif.org/ver20/media/wsdl"
_SCHEMA = "http://www.onvif.org/ver10/schema"
_PLAUSIBLE_YEARS = range(1970, 2106)


@dataclass(frozen=True, slots=True)
class DeviceInformation:
    """What a device says of itself, fit to be shown; empty where it says nothing."""

    manufacturer: str = ""
    model: str = ""
    firmware: str = ""
    serial: str = ""

    def __str__(self) -> str:
        return " ".join(filter(None, (self.manufacturer, self.model))) or "a device without a name"


class Device:
    """A device, asked when something of it is wanted.

    Args:
        address: Of its device service, as from `device_address`.
        clock: Time here.
        timeout_s: For each question.
    """

    def __init__(self, address: str, clock: Clock, timeout_s: float = TIMEOUT_S) -> None:
        self.address = address
        self.clock_ahead: timedelta | None = None
        self._clock = clock
        self._conversation = Conversation(clock, timeout_s=timeout_s)
        self._services: dict[str, str] | None = None

    def log_in(self, login: Login | None) -> None:
        """Ask in this account's name from now on."""
        self._conversation.login = login

    def read_clock(self) -> None:
        """Take down in `clock_ahead` how far its clock is ahead of ours; asked without credentials.

        What is asked from then on bears the device's own time, as it wants to see it. One that tells no time leaves
        `clock_ahead` at None, and is believed to have ours.

        Raises:
            NetError, OnvifError: There is no ONVIF device.
        """
        answer = self._conversation.ask(
            self.address, f'<GetSystemDateAndTime xmlns="{_DEVICE}"/>', anonymous=True
        )
        if not answer.tag.endswith("GetSystemDateAndTimeResponse"):
            raise NoOnvifDevice(
                f"{self.address} answers another question than it was asked.", NO_DEVICE_REMEDY
            )
        told = _moment(answer.find("{*}SystemDateAndTime/{*}UTCDateTime"))
        self.clock_ahead = None if told is None else told - self._clock.now()
        self._conversation.clock_offset = self.clock_ahead or timedelta(0)

    def information(self) -> DeviceInformation:
        """Who it is.

        Raises:
            NetError, OnvifError: It does not say.
        """
        answer = self._ask(_DEVICE, "GetDeviceInformation")
        told = [
            printable(text_at(answer, f"{{*}}{name}"))
            for name in ("Manufacturer", "Model", "FirmwareVersion", "SerialNumber")
        ]
        return DeviceInformation(*told)

    def profiles(self) -> tuple[Profile, ...]:
        """The profiles that have a video source, in the device's order.

        The second media service is asked first: the first one conceals H.265.

        Raises:
            NetError, OnvifError: It does not say, or has none.
        """
        found: tuple[Profile, ...] = ()
        if _MEDIA2 in self._services_by_name():
            kinds = element("Type", "VideoSource") + element("Type", "VideoEncoder")
            try:
                answer = self._ask(_MEDIA2, "GetProfiles", kinds)
                found = _profiles(answer, media2_profile)
            except DeviceFault:
                found = ()  # Announced and not working: the first service must do.
        if not found and _MEDIA1 in self._services_by_name():
            found = _profiles(self._ask(_MEDIA1, "GetProfiles"), media1_profile)
        if not found:
            raise NoOnvifDevice(
                f"{self.address} has no profile with a video source.",
                "Make one in the camera's settings, or give its picture's address with --url.",
            )
        return found

    def snapshot(self, profile: Profile, *, keep_host: bool = False) -> PictureAddress | None:
        """Where single pictures of a profile are; None where the device has none.

        Raises:
            NetError, OnvifError: It hands out nothing that can be contacted.
        """
        try:
            answer = self._ask(self._media(profile), "GetSnapshotUri", element("ProfileToken", profile.token))
        except DeviceFault:
            return None  # An optional part of the standard.
        return self._picture(answer, keep_host=keep_host)

    def stream(self, profile: Profile, *, keep_host: bool = False) -> PictureAddress | None:
        """Where a profile's stream is; None where the device has none.

        Raises:
            NetError, OnvifError: It hands out nothing that can be contacted.
        """
        token = element("ProfileToken", profile.token)
        if profile.media == 2:
            question = element("Protocol", "RTSP") + token
        else:
            transport = f'<Transport xmlns="{_SCHEMA}"><Protocol>RTSP</Protocol></Transport>'
            setup = f'<Stream xmlns="{_SCHEMA}">RTP-Unicast</Stream>{transport}'
            question = f"<StreamSetup>{setup}</StreamSetup>{token}"
        try:
            answer = self._ask(self._media(profile), "GetStreamUri", question)
        except DeviceFault:
            return None
        return self._picture(answer, keep_host=keep_host)

    def close(self) -> None:
        """Close the connection."""
        self._conversation.close()

    def _picture(self, answer: Element, *, keep_host: bool) -> PictureAddress | None:
        given = text_at(answer, "{*}Uri") or text_at(answer, "{*}MediaUri/{*}Uri")
        return picture_address(given, self.address, keep_host=keep_host) if given else None

    def _media(self, profile: Profile) -> str:
        return _MEDIA2 if profile.media == 2 else _MEDIA1

    def _ask(self, namespace: str, call: str, content: str = "") -> Element:
        url = self.address if namespace == _DEVICE else self._services_by_name()[namespace]
        return self._conversation.ask(url, f'<{call} xmlns="{namespace}">{content}</{call}>')

    def _services_by_name(self) -> dict[str, str]:
        if self._services is None:
            try:
                answer = self._ask(_DEVICE, "GetServices", element("IncludeCapability", "false"))
                pairs = [
                    (text_at(service, "{*}Namespace"), text_at(service, "{*}XAddr"))
                    for service in answer.findall("{*}Service")
                ]
            except DeviceFault:  # Devices from before 2012 know only the question that came before it.
                answer = self._ask(_DEVICE, "GetCapabilities", element("Category", "All"))
                pairs = [(_MEDIA1, text_at(answer, "{*}Capabilities/{*}Media/{*}XAddr"))]
            usable = [(name, service_address(given, self.address)) for name, given in pairs]
            self._services = {name: address for name, address in usable if address}
        return self._services


def _profiles(answer: Element, read: Callable[[Element], Profile | None]) -> tuple[Profile, ...]:
    found = (read(entry) for entry in answer.findall("{*}Profiles")[:MOST_PROFILES])
    return tuple(profile for profile in found if profile is not None)


def _moment(told: Element | None) -> datetime | None:
    names = (
        "Date/{*}Year",
        "Date/{*}Month",
        "Date/{*}Day",
        "Time/{*}Hour",
        "Time/{*}Minute",
        "Time/{*}Second",
    )
    try:
        year, month, day, hour, minute, second = (int(text_at(told, f"{{*}}{name}")) for name in names)
        moment = datetime(year, month, day, hour, minute, min(second, 59), tzinfo=UTC)
    except (ValueError, OverflowError):
        return None
    return moment if year in _PLAUSIBLE_YEARS else None
