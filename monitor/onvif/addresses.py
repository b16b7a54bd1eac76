"""Addresses that people give and devices hand out: where a device is asked, and where its pictures may be fetched.

Devices are wrong about themselves: behind address translation they name an inner address, fresh from the factory
0.0.0.0 or a link-local one, and a hostile one whatever it wants to have contacted, with the camera's password.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, field
from urllib.parse import SplitResult, urlsplit, urlunsplit

from monitor.onvif.conversation import DEVICE_ADDRESSES
from monitor.onvif.errors import UnusableAddress

SERVICE_PATH = "/onvif/device_service"
_LONGEST_URL = 2048
_WEB = ("http", "https")
_STREAM = ("rtsp", "rtsps")
_DEFAULT_PORTS = {"http": 80, "https": 443, "rtsp": 554, "rtsps": 322}


def device_address(text: str) -> str:
    """The address of a device's service from what a person writes: a host, host and port, or the whole address.

    Raises:
        UnusableAddress: It is none of these, or may not be contacted.
    """
    remedy = "Write 10.0.4.17, 10.0.4.17:8080 or http://10.0.4.17/onvif/device_service."
    host = f"[{text}]" if text.count(":") > 1 and not text.startswith("[") and "://" not in text else text
    parts = _parts(host if "://" in host else f"http://{host}", _WEB)
    if parts is None or "@" in parts.netloc:
        raise UnusableAddress("This is no address of a device.", remedy)
    objection = objection_to(parts.hostname or "")
    if objection:
        raise UnusableAddress(
            f"{parts.hostname} is {objection}, which is never contacted.", "Give the device another address."
        )
    path = parts.path if parts.path not in ("", "/") else SERVICE_PATH
    return urlunsplit((parts.scheme, parts.netloc, path, parts.query, ""))


def objection_to(host: str) -> str | None:
    """Why a host may not be contacted, as a noun phrase. Names are judged when they are connected to."""
    try:
        return DEVICE_ADDRESSES.objection(host)
    except ValueError:
        return None


def service_address(given: str, reached: str) -> str | None:
    """Where a device's further service is asked: always at the host under which the device itself was reached.

    Args:
        given: The address that the device hands out.
        reached: That of its first service, which works.

    Returns:
        None where the device hands out something else than an address.
    """
    parts, known = _parts(given, _WEB), urlsplit(reached)
    if parts is None:
        return None
    if parts.hostname == known.hostname:
        return urlunsplit((parts.scheme, _netloc(parts), parts.path or "/", parts.query, ""))
    return urlunsplit((known.scheme, known.netloc, parts.path or "/", parts.query, ""))


@dataclass(frozen=True, slots=True)
class PictureAddress:
    """Where a device says that its pictures are.

    Attributes:
        url: Where they are fetched, without credentials; hidden, as devices write passwords into it.
        replaced_host: The host that the device named, where another one is asked instead.
    """

    url: str = field(repr=False)
    replaced_host: str | None = None


def picture_address(given: str, reached: str, *, keep_host: bool = False) -> PictureAddress:
    """Judge the address of a snapshot or stream.

    The host under which the device was reached takes the place of any other, unless `keep_host`: an inner address
    leads nowhere, and a foreign one would be given this camera's password.

    Raises:
        UnusableAddress: It is no address of pictures, or names a host that may not be contacted.
    """
    parts, known = _parts(given, _WEB + _STREAM), urlsplit(reached)
    if parts is None or not known.hostname:
        raise UnusableAddress(
            "The device hands out something else than an address of pictures.", "Give it with --url."
        )
    host = parts.hostname or ""
    if host == known.hostname:
        return PictureAddress(_without_credentials(parts, _netloc(parts)))
    if keep_host:
        objection = objection_to(host) or _inward(host, known.hostname)
        if objection:
            raise UnusableAddress(
                f"The device hands out an address of pictures at {host}: {objection}, which is not contacted.",
                "Correct the device's network settings, or leave out --keep-host.",
            )
        return PictureAddress(_without_credentials(parts, _netloc(parts)))
    # Where the address is translated, so is the port of the web server, and we know to which; streams have their own.
    port = known.port if parts.scheme == known.scheme else parts.port
    netloc = _bracketed(known.hostname) + (
        f":{port}" if port not in (None, _DEFAULT_PORTS[parts.scheme]) else ""
    )
    return PictureAddress(_without_credentials(parts, netloc), host)


def same_address(one: str, other: str) -> bool:
    """Whether two addresses lead to the same pictures, whatever account and spelling of the port."""
    return _canonical(one) == _canonical(other)


def _canonical(url: str) -> tuple[str, str, int | None, str, str]:
    parts = urlsplit(url)
    port = parts.port or _DEFAULT_PORTS.get(parts.scheme)
    return parts.scheme, (parts.hostname or "").lower(), port, parts.path or "/", parts.query


def _parts(url: str, schemes: tuple[str, ...]) -> SplitResult | None:
    if len(url) > _LONGEST_URL or not url.isprintable() or re.search(r"[\s<>\"\\^`{|}#]", url):
        return None
    try:
        parts = urlsplit(url)
        usable = parts.scheme in schemes and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return None
    return parts if usable else None


def _netloc(parts: SplitResult) -> str:
    return parts.netloc.rpartition("@")[2]


def _without_credentials(parts: SplitResult, netloc: str) -> str:
    return urlunsplit((parts.scheme, netloc, parts.path or "/", parts.query, ""))


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _inward(host: str, reached: str) -> str | None:
    """A device elsewhere must not send us to this machine itself."""
    try:
        inward = ipaddress.ip_address(host).is_loopback
    except ValueError:
        inward = host == "localhost" or host.endswith(".localhost")
    try:
        near = ipaddress.ip_address(reached).is_loopback
    except ValueError:
        near = reached == "localhost"
    return "an address of this machine itself" if inward and not near else None
