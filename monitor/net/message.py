"""What is asked of an HTTP server, and what it answered."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from urllib.parse import SplitResult, quote, unquote, urlsplit, urlunsplit

from monitor.net.errors import RequestRefused

LONGEST_TIMEOUT_S = 600.0
MEBIBYTE = 1 << 20

_METHODS = ("GET", "HEAD", "POST", "PUT")
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_PINNED_KEY = re.compile(r"sha256//[A-Za-z0-9+/]{43}=(;sha256//[A-Za-z0-9+/]{43}=)*")
_DEFAULT_PORTS = {"http": 80, "https": 443}


class Auth(StrEnum):
    """How a user name and password are presented; `auto` takes the best of what the server offers."""

    AUTO = "auto"
    BASIC = "basic"
    DIGEST = "digest"


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request with its limits. `user:password@` is split off the URL at once; `url` never holds it.

    Attributes:
        url: http or https, percent-encoded, without credentials; hidden, as paths often hold secrets.
        method: GET, HEAD, POST or PUT.
        headers: Further headers.
        body: Sent with POST and PUT.
        username: For basic or digest authentication; given here it goes before the one in the URL.
        password: Goes with it.
        auth: How they are presented.
        bearer: A token for `Authorization: Bearer`.
        ca_file: Certificates to trust instead of the system's.
        pinned_key: `sha256//…` of the only public key to accept, several joined by `;`.
        verify: Whether the TLS certificate must be valid; a pinned key is checked either way.
        compressed: Whether the body may come compressed; it is undone here, and `max_bytes` counts what results.
        redirects: How many redirects may be followed; with 0, a redirect is a response like any other.
        timeout_s: For everything together: name, connection, TLS, request, response.
        max_bytes: Of the response's body.
        origin: Scheme, host and port: all of the URL that is ever shown. Not an argument.

    Raises:
        RequestRefused: Unusable as it stands; the message repeats nothing of the URL.
    """

    url: str = field(repr=False)
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes | None = field(default=None, repr=False)
    username: str | None = field(default=None, repr=False)
    password: str | None = field(default=None, repr=False)
    auth: Auth = Auth.AUTO
    bearer: str | None = field(default=None, repr=False)
    ca_file: Path | None = None
    pinned_key: str | None = None
    verify: bool = True
    compressed: bool = False
    redirects: int = 0
    timeout_s: float = 10.0
    max_bytes: int = 16 * MEBIBYTE
    origin: str = field(default="", init=False)

    def __post_init__(self) -> None:
        parts = _split(self.url)
        url, username, password = _without_credentials(parts)
        settle = object.__setattr__  # Only here a frozen request takes its final, credential-free form.
        settle(self, "url", url)
        settle(self, "origin", "{0.scheme}://{0.netloc}".format(urlsplit(url)))
        if self.username is None and self.bearer is None:
            settle(self, "username", username)
            settle(self, "password", password if self.password is None else self.password)
        settle(self, "auth", Auth(self.auth))
        self._check()

    @property
    def secrets(self) -> tuple[str, ...]:
        """Everything in here that must not be shown."""
        query = urlsplit(self.url).query
        pair = f"{self.username}:{self.password}" if self.username and self.password else ""
        return tuple(
            secret
            for secret in (pair, self.username, self.password, self.bearer, query, *self.headers.values())
            if secret
        )

    def _check(self) -> None:
        if self.method not in _METHODS:
            raise RequestRefused(
                f"{self.method!r} is no method that is sent.", f"Use one of {', '.join(_METHODS)}."
            )
        for name, value in self.headers.items():
            if not _TOKEN.fullmatch(name) or not _is_one_line(value):
                raise RequestRefused(
                    "A header has a name or value with forbidden characters.", "Remove them."
                )
        if self.bearer is not None and not (self.bearer.isascii() and _is_one_line(self.bearer)):
            raise RequestRefused("The bearer token holds characters that no token has.", "Copy it again.")
        if self.bearer is not None and self.username is not None:
            raise RequestRefused("Both a bearer token and a user name are given.", "Give one of them.")
        if self.pinned_key is not None and not _PINNED_KEY.fullmatch(self.pinned_key):
            raise RequestRefused("The pinned key is not of the form sha256//BASE64.", "Write it so.")
        if not (math.isfinite(self.timeout_s) and 0 < self.timeout_s <= LONGEST_TIMEOUT_S):
            raise RequestRefused(
                "The time limit is out of range.", f"Choose up to {LONGEST_TIMEOUT_S:.0f} s."
            )
        if self.max_bytes < 1 or self.redirects < 0:
            raise RequestRefused(
                "The limit on bytes or redirects is out of range.", "Choose a positive number."
            )


@dataclass(frozen=True, slots=True)
class Response:
    """A complete answer.

    Attributes:
        status: The HTTP status; 4xx and 5xx are responses, not errors.
        headers: By lower-case name; several of one name joined by `, `.
        body: As it came, compression undone where the request allowed it; empty where it was streamed.
        elapsed_ms: From the call until the last byte.
    """

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    elapsed_ms: float

    @property
    def content_type(self) -> str:
        """The media type in lower case, without parameters; empty where the server names none."""
        return media_type(self.headers.get("content-type", ""))


def media_type(content_type: str) -> str:
    """`image/jpeg` of `Image/JPEG; name=x`; empty for what is no media type, so nothing odd is repeated."""
    name = content_type.partition(";")[0].strip().lower()
    return name if re.fullmatch(r"[a-z]{1,20}/[a-z0-9.+-]{1,60}", name) else ""


def _split(url: str) -> SplitResult:
    if any(ord(character) <= 32 or ord(character) == 127 for character in url):
        raise RequestRefused(
            "The URL holds a space or control character.", "Percent-encode it (a space is %20)."
        )
    if any("\ud800" <= character <= "\udfff" for character in url):
        # So Python hands on what is no UTF-8 in an environment variable.
        raise RequestRefused(
            "The URL holds bytes that are no UTF-8.", "Look where it is set; percent-encode other characters."
        )
    try:
        parts = urlsplit(url)
        port = parts.port
        host = parts.hostname
    except ValueError:
        raise RequestRefused(
            "The URL's host or port is not valid.",
            "Write https://host:port/path; percent-encode special characters in a user name or password.",
        ) from None
    if parts.scheme not in ("http", "https"):
        raise RequestRefused("The URL is neither http nor https.", "Begin it with http:// or https://.")
    if not host:
        raise RequestRefused("The URL names no host.", "Write https://host/path.")
    # A password with a bare #, / or ? ends the host early; the rest would be sent or shown as part of a URL.
    if "#" in url or "\\" in url or (port is not None and "@" not in parts.netloc and "@" in url):
        raise RequestRefused(
            "The URL holds a # or \\, or an @ behind the host's port.",
            "Percent-encode it: # is %23, @ is %40, / is %2F, ? is %3F, \\ is %5C.",
        )
    return parts


def _without_credentials(parts: SplitResult) -> tuple[str, str | None, str | None]:
    """The URL in ASCII without `user:password@`, and those two, decoded."""
    userinfo, at, _ = parts.netloc.rpartition("@")
    name, colon, secret = userinfo.partition(":")
    host = parts.hostname or ""
    if "[" in host or "]" in host:
        raise RequestRefused("The URL's host is not a valid name.", "Check its spelling and its brackets.")
    try:
        host = f"[{host}]" if ":" in host else host.encode("ascii" if host.isascii() else "idna").decode()
    except UnicodeError:
        raise RequestRefused("The URL's host is not a valid name.", "Check its spelling.") from None
    port = f":{parts.port}" if parts.port not in (None, _DEFAULT_PORTS[parts.scheme]) else ""
    url = urlunsplit(
        (
            parts.scheme,
            host + port,
            quote(parts.path or "/", safe="/%:=&~+!$,;'@()*[]"),
            quote(parts.query, safe="/%:=&?~+!$,;'@()*[]"),
            "",
        )
    )
    return url, (unquote(name) if at else None), (unquote(secret) if colon else None)


def _is_one_line(text: str) -> bool:
    return not any(ord(character) < 32 or ord(character) == 127 for character in text)
