"""Single pictures from a camera's snapshot address."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from pathlib import Path

from monitor.domain.errors import (
    FrameFault,
    SourceDenied,
    SourceError,
    SourceTimeout,
    SourceUnreachable,
)
from monitor.domain.frame import Frame
from monitor.domain.ports import Clock
from monitor.net.address import AddressPolicy
from monitor.net.client import HttpClient
from monitor.net.errors import (
    AddressRefused,
    BodyTooLarge,
    BrokenResponse,
    ConnectFailed,
    NameUnknown,
    NetError,
    PeerUntrusted,
    RequestRefused,
    TimedOut,
)
from monitor.net.message import Auth, Request, Response
from monitor.sources.errors import InvalidOption
from monitor.sources.name_times import NameFormat
from monitor.sources.pictures import MAX_BYTES, MAX_PIXELS, TARGET_LONG_SIDE, decode_picture

# Cameras stand in private networks, and simulated ones on this machine.
_CAMERA_ADDRESSES = AddressPolicy(allow_loopback=True, allow_private=True)
_BEARER = "bearer"
_OFFERED_SCHEME = re.compile(r"\b(basic|digest|bearer|negotiate|ntlm)\b", re.IGNORECASE)
_MEANING: dict[type[NetError], type[SourceError]] = {
    RequestRefused: SourceUnreachable,
    AddressRefused: SourceUnreachable,
    NameUnknown: SourceUnreachable,
    ConnectFailed: SourceUnreachable,
    PeerUntrusted: SourceDenied,
    TimedOut: SourceTimeout,
    BodyTooLarge: FrameFault,
    BrokenResponse: FrameFault,
}


@dataclass(frozen=True, slots=True)
class HttpOptions:
    """Which address to ask, and how.

    Attributes:
        url: http or https; `user:password@` in it counts as `username` and `password`. Hidden, like those.
        username: For basic or digest authentication.
        password: Goes with it.
        auth: `auto` takes the best that the camera offers; `basic`, `digest`, or `bearer` with `token`.
        token: For `bearer`.
        ca_file: Certificates to trust instead of the system's.
        pinned_key: `sha256//…` of the camera's public key: the only one accepted.
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
        NameFormat.of(None, self.time_zone)
        if self.auth not in (*Auth, _BEARER):
            raise InvalidOption(
                f"There is no authentication {self.auth!r}.", f"Use one of {', '.join((*Auth, _BEARER))}."
            )
        if (self.auth == _BEARER) != (self.token is not None):
            raise InvalidOption("`token` and `auth: bearer` belong together.", "Give both or none.")
        self.request()

    def request(self) -> Request:
        """The request for one picture."""
        return Request(
            self.url,
            headers={"Accept": "image/*, */*;q=0.1", "Cache-Control": "no-cache"},
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


class HttpSource:
    """Asks one camera for a picture at a time, over one connection kept open.

    Args:
        options: Which camera.
        clock: Gives the time of capture, as few cameras tell theirs.
    """

    def __init__(self, options: HttpOptions, clock: Clock) -> None:
        self._options = options
        self._clock = clock
        self._zone = NameFormat.of(None, options.time_zone).zone
        self._request = options.request()
        self._client = HttpClient(_CAMERA_ADDRESSES)

    def grab(self, timeout_s: float) -> Frame:
        """A picture taken now.

        Raises:
            SourceUnreachable: Nothing answers there, or it answers with another status than 200.
            SourceDenied: Wrong or missing credentials, or a certificate that is not trusted.
            SourceTimeout: The picture was not there in time.
            FrameFault: What came is no usable picture, or too much, or broke off.
        """
        limit_s = min(timeout_s, self._options.timeout_s or timeout_s)
        try:
            response = self._client.fetch(replace(self._request, timeout_s=limit_s))
        except NetError as error:
            raise _translate(error) from None
        self._check(response)
        return decode_picture(
            response.body,
            captured_at=self._clock.now(),
            max_bytes=self._options.max_bytes,
            max_pixels=self._options.max_pixels,
            target_long_side=self._options.target_long_side,
            camera_zone=self._zone,
        )

    def close(self) -> None:
        """Close the connection."""
        self._client.close()

    def _check(self, response: Response) -> None:
        origin, status = self._request.origin, response.status
        if status in (401, 403):
            raise SourceDenied(f"{origin} answers {status}: {self._denial(response)}.", _DENIED_REMEDY)
        if 300 <= status < 400:
            raise SourceUnreachable(
                f"{origin} answers {status}: it redirects, which is not followed.",
                "Give the final address; many cameras redirect from http to https, or to a login page.",
            )
        if status == 404:
            raise SourceUnreachable(
                f"{origin} answers 404: it has nothing under that path.", "Check the URL."
            )
        if status != 200:
            raise SourceUnreachable(
                f"{origin} answers {status} instead of a picture.",
                "Look into the camera's own log, or restart it.",
            )
        if not response.body:
            raise FrameFault(f"{origin} answers 200, but with nothing.", "Restart the camera.")

    def _denial(self, response: Response) -> str:
        offered = _OFFERED_SCHEME.findall(response.headers.get("www-authenticate", ""))
        schemes = f" (it offers {', '.join(sorted({name.lower() for name in offered}))})" if offered else ""
        if self._request.username is None and self._request.bearer is None:
            return f"it asks for credentials, and none are configured{schemes}"
        return f"it does not accept the credentials{schemes}"


_DENIED_REMEDY = "Check user name, password and `auth`. Many cameras lock the account after a few failures."


def _translate(error: NetError) -> SourceError:
    meaning = _MEANING.get(type(error), SourceUnreachable)
    remedy = error.remedy
    if error.content_type.startswith("multipart/"):
        remedy = "That is a video stream: give the address of a single picture."
    return meaning(error.problem, remedy)
