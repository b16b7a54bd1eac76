"""What all cameras with a web server have in common: how they are asked, and what their refusals mean."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import tzinfo
from pathlib import Path

from monitor.domain.errors import (
    FrameFault,
    SourceDenied,
    SourceError,
    SourceTimeout,
    SourceUnreachable,
    SourceUnwilling,
)
from monitor.net.address import AddressPolicy
from monitor.net.errors import (
    AddressRefused,
    BodyTooLarge,
    BrokenResponse,
    ConnectFailed,
    NameUnknown,
    NetError,
    NeverAdmitted,
    PeerUntrusted,
    RequestRefused,
    TimedOut,
)
from monitor.net.message import Auth, Request, Response
from monitor.sources.errors import InvalidOption
from monitor.sources.name_times import NameFormat
from monitor.sources.pictures import MAX_BYTES, MAX_PIXELS, TARGET_LONG_SIDE

CAMERA_ADDRESSES = AddressPolicy(allow_loopback=True, allow_private=True)
"""Cameras stand in private networks, and simulated ones on this machine."""

_BEARER = "bearer"
_OFFERED_SCHEME = re.compile(r"\b(basic|digest|bearer|negotiate|ntlm)\b", re.IGNORECASE)
_DENIED_REMEDY = "Check user name, password and `auth`. Many cameras lock the account after a few failures."
_MEANING: dict[type[NetError], type[SourceError]] = {
    RequestRefused: SourceUnreachable,
    AddressRefused: SourceUnreachable,
    NameUnknown: SourceUnreachable,
    ConnectFailed: SourceUnreachable,
    PeerUntrusted: SourceDenied,
    NeverAdmitted: SourceDenied,
    TimedOut: SourceTimeout,
    BodyTooLarge: FrameFault,
    BrokenResponse: FrameFault,
}
_REMEDY: dict[type[NetError], str] = {
    TimedOut: "Look at the line to the camera and at its load, or lengthen `timeout`.",
    BodyTooLarge: "Lower the camera's quality or resolution, or raise `max_bytes`.",
    BrokenResponse: "Restart the camera; look at the line to it, and at what answers there.",
}


@dataclass(frozen=True, slots=True)
class WebOptions:
    """Which address to ask, and how.

    Attributes:
        url: http or https; `user:password@` in it counts as `username` and `password`. Hidden, like those.
        username: For basic or digest authentication.
        password: Goes with it.
        auth: `auto` takes the best that the camera offers; `basic`, `digest`, or `bearer` with `token`.
        token: For `bearer`.
        ca_file: Certificates to trust instead of the system's: an authority's, or the camera's own.
        pinned_key: `sha256//…` of the camera's public key, several joined by `;`: the only ones accepted.
        verify: Whether its certificate must be valid.
        timeout_s: A shorter time limit than that of the check; None leaves it at that.
        max_bytes: Of a picture.
        max_pixels: Of a picture.
        target_long_side: Pictures are decoded at 1/2, 1/4 or 1/8 while their long side keeps so many pixels.
        time_zone: IANA zone of the camera's clock, for times in pictures that do not say.

    Raises:
        InvalidOption: They contradict each other.
        RequestRefused: The URL or another part of the request cannot be sent.
    """

    url: str = field(repr=False)
    username: str | None = field(default=None, repr=False)
    password: str | None = field(default=None, repr=False)
    auth: str = "auto"
    token: str | None = field(default=None, repr=False)
    ca_file: Path | None = None
    pinned_key: str | None = None
    verify: bool = True
    timeout_s: float | None = None
    max_bytes: int = MAX_BYTES
    max_pixels: int = MAX_PIXELS
    target_long_side: int = TARGET_LONG_SIDE
    time_zone: str = "UTC"

    def __post_init__(self) -> None:
        self.zone()
        if self.auth not in (*Auth, _BEARER):
            raise InvalidOption(
                f"There is no authentication {self.auth!r}.", f"Use one of {', '.join((*Auth, _BEARER))}."
            )
        if (self.auth == _BEARER) != (self.token is not None):
            raise InvalidOption("`token` and `auth: bearer` belong together.", "Give both or none.")
        self.request({})

    def request(self, headers: Mapping[str, str]) -> Request:
        """A request to the camera.

        Args:
            headers: What this kind of source says besides.
        """
        return Request(
            self.url,
            headers={"Cache-Control": "no-cache", **headers},
            username=self.username,
            password=self.password,
            auth=Auth.AUTO if self.auth == _BEARER else Auth(self.auth),
            bearer=self.token,
            ca_file=self.ca_file,
            pinned_key=self.pinned_key,
            verify=self.verify,
            timeout_s=10.0 if self.timeout_s is None else self.timeout_s,
            max_bytes=self.max_bytes,
        )

    def zone(self) -> tzinfo:
        """That of the camera's clock."""
        return NameFormat.of(None, self.time_zone).zone

    def limit_s(self, timeout_s: float) -> float:
        """The time limit of a grab that may take `timeout_s`."""
        return min(timeout_s, self.timeout_s or timeout_s)


def explain_failure(error: NetError) -> SourceError:
    """What a failed exchange means for the camera."""
    meaning = _MEANING.get(type(error), SourceUnreachable)
    return meaning(error.problem, error.remedy or _REMEDY.get(type(error), ""))


def check_status(request: Request, response: Response) -> None:
    """Let only 200 pass.

    Raises:
        SourceDenied: 401 or 403.
        SourceUnwilling: Any other status.
    """
    origin, status = request.origin, response.status
    if status in (401, 403):
        raise SourceDenied(f"{origin} answers {status}: {_denial(request, response)}.", _DENIED_REMEDY)
    if 300 <= status < 400:
        raise SourceUnwilling(
            f"{origin} answers {status}: it redirects, which is not followed.",
            "Give the final address; many cameras redirect from http to https, or to a login page.",
        )
    if status == 404:
        raise SourceUnwilling(f"{origin} answers 404: it has nothing under that path.", "Check the URL.")
    if status != 200:
        raise SourceUnwilling(
            f"{origin} answers {status} instead of a picture.",
            "Look into the camera's own log, or restart it.",
        )


def _denial(request: Request, response: Response) -> str:
    offered = _OFFERED_SCHEME.findall(response.headers.get("www-authenticate", ""))
    schemes = f" (it offers {', '.join(sorted({name.lower() for name in offered}))})" if offered else ""
    if request.username is None and request.bearer is None:
        return f"it asks for credentials, and none are configured{schemes}"
    return f"it does not accept the credentials{schemes}"
