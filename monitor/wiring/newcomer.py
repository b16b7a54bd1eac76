"""A camera that is about to be configured: where its pictures may be, and a first look at them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field, fields
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

from pydantic import TypeAdapter, ValidationError

from monitor.domain.errors import MonitorError
from monitor.domain.fitness import Finding, inspect
from monitor.domain.frame import Frame
from monitor.domain.ports import Clock
from monitor.grabbers.source import PooledSource
from monitor.net.errors import NetError
from monitor.onvif.addresses import PictureAddress, device_address, same_address
from monitor.onvif.device import Device
from monitor.onvif.discovery import ask_addresses, target_of
from monitor.onvif.errors import NoOnvifDevice, OnvifError
from monitor.onvif.profiles import Profile, best_first
from monitor.settings import Settings
from monitor.settings.camera_sources import SourceSettings
from monitor.settings.reading import Reading
from monitor.sources.errors import InvalidOption
from monitor.sources.kinds import SOURCE_KINDS, source_kind
from monitor.sources.pictures import TARGET_LONG_SIDE
from monitor.vision.quality import measure
from monitor.wiring.cameras import open_grabbers
from monitor.wiring.options import build_options

KIND_OF_SCHEME: Mapping[str, str] = MappingProxyType(
    {"http": "http", "https": "http", "rtsp": "rtsp", "rtsps": "rtsp"}
)
_MOST_TRIES = 3
"""Of a video source's profiles, for snapshots and again for streams: what fails thrice fails for a reason."""
_PROBE_WAIT_S = 1.0


@dataclass(frozen=True, slots=True)
class Offer:
    """Pictures that a device says it has.

    Attributes:
        label: What it is, for people: `snapshot of main (1920 × 1080, H264)`.
        url: Where it is.
        replaced_host: The host that the device named, where another one is asked instead.
        main_url: Of a stream that is not the camera's largest: where that one is, to fall back on.
    """

    label: str
    url: str = field(repr=False)
    replaced_host: str | None = None
    main_url: str | None = field(default=None, repr=False)


def find_device(address: str, clock: Clock) -> Device:
    """The ONVIF device at an address, its clock already compared with ours.

    Where nothing answers at the usual place of a host, the host is asked where its service is.

    Raises:
        NetError, OnvifError: There is none.
    """
    device = Device(device_address(address), clock)
    try:
        device.read_clock()
    except (NetError, NoOnvifDevice):
        device.close()
        elsewhere = _announced(address)
        if elsewhere is None:
            raise
        device = Device(elsewhere, clock)
        device.read_clock()
    return device


def _announced(address: str) -> str | None:
    """Where a host says that its service is; None for what is more than a host, or keeps silent."""
    try:
        found = ask_addresses([target_of(address)], _PROBE_WAIT_S).devices if ":" not in address else ()
    except OnvifError:
        return None
    nearby = [url for device in found for url in device.addresses if urlsplit(url).hostname == address]
    return nearby[0] if nearby else None


def offers(
    device: Device, profiles: Iterable[Profile], *, keep_host: bool = False
) -> Iterator[Offer | MonitorError]:
    """What to try for one video source, the best first: snapshots, then streams, each asked for when it is wanted.

    An error stands for an offer that the device could not make.
    """
    chosen = list(profiles)
    order = best_first(chosen, TARGET_LONG_SIDE)[:_MOST_TRIES]
    known: set[str] = set()
    for what, ask in (("snapshot", device.snapshot), ("stream", device.stream)):
        for profile in order:
            try:
                found: PictureAddress | None = ask(profile, keep_host=keep_host)
                main = (
                    _main_stream(device, chosen, keep_host=keep_host) if what == "stream" and found else None
                )
            except (NetError, OnvifError) as error:
                yield error
                continue
            if found is not None and found.url not in known:
                known.add(found.url)
                details = ", ".join(filter(None, (profile.size, profile.codec)))
                label = f"{what} of {profile.name} ({details})"
                yield Offer(label, found.url, found.replaced_host, None if main == found.url else main)


def _main_stream(device: Device, profiles: Iterable[Profile], *, keep_host: bool) -> str | None:
    largest = max(profiles, key=lambda profile: profile.width * profile.height)
    found = device.stream(largest, keep_host=keep_host)
    return found.url if found else None


def source_entry(
    url: str, username: str | None, password: object, main_url: str | None = None
) -> dict[str, Any]:
    """A source as a configuration has it.

    Args:
        url: Its address; the scheme tells the kind.
        username: None without credentials.
        password: In plain text, or as a reference of the configuration.
        main_url: The larger stream behind it, which kinds that know of sub-streams fall back on.

    Raises:
        InvalidOption: No kind of source has such addresses.
    """
    scheme = urlsplit(url).scheme
    if scheme not in KIND_OF_SCHEME:
        raise InvalidOption(
            f"Pictures do not come from an address that begins with {scheme or 'nothing'}.",
            f"Begin it with one of {', '.join(f'{known}://' for known in KIND_OF_SCHEME)}.",
        )
    entry: dict[str, Any] = {"kind": KIND_OF_SCHEME[scheme], "url": url}
    if main_url is not None and knows_substreams(entry["kind"]):
        entry |= {"url": main_url, "substream_url": url}
    if username is not None:
        entry["username"] = username
        if password is not None:
            entry["password"] = password
    return entry


def knows_substreams(kind: str) -> bool:
    """Whether a kind of source takes a smaller stream beside its main one."""
    return kind in SOURCE_KINDS and any(
        field.name == "substream_url" for field in fields(SOURCE_KINDS[kind].options)
    )


def look(entry: Mapping[str, Any], settings: Settings, environ: Mapping[str, str]) -> Frame:
    """One frame from a source that is not configured yet, grabbed as that of a configured one is: by a child process.

    Args:
        entry: As from `source_entry`.
        settings: For the time limit, and where relative paths start.
        environ: For references to it.

    Raises:
        UnknownSourceKind: There is no such kind of source.
        InvalidOption: It can never work.
        SourceError: No usable frame came.
    """
    kind = source_kind(entry["kind"])
    base = settings.origin.file.absolute().parent if settings.origin.file else Path()
    try:
        source: Any = TypeAdapter(SourceSettings).validate_python(dict(entry), context=Reading(environ, base))
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False)[0]
        raise InvalidOption(f"The address cannot be used: {found['msg']}.", "Correct it.") from None
    values = {name: value for name, value in source if value is not None and name != "kind"}
    options: Any = build_options(kind.options, values)
    with (
        open_grabbers(settings) as grabbers,
        closing(PooledSource(grabbers, kind.open, options)) as opened,
    ):
        return opened.grab(settings.service.grab_timeout_s)


def findings(frame: Frame) -> tuple[Finding, ...]:
    """What speaks against a frame as a reference."""
    return inspect(measure(frame.pixels))


def camera_at(url: str, settings: Settings) -> str | None:
    """The name of the camera that has this address already, if one does."""
    return next((name for name, known in _addresses(settings) if same_address(known, url)), None)


def cameras_on(host: str, settings: Settings) -> tuple[str, ...]:
    """Names of the cameras whose pictures come from a host."""
    found = (name for name, url in _addresses(settings) if (urlsplit(url).hostname or "") == host.lower())
    return tuple(dict.fromkeys(found))


def _addresses(settings: Settings) -> Iterator[tuple[str, str]]:
    for camera in settings.cameras:
        for source in (camera.source, *(view.source for view in camera.views)):
            for name in ("url", "substream_url"):
                url = getattr(source, name, None)
                if isinstance(url, str):
                    yield camera.name, url
