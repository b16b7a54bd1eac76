"""The address of a stream, without its credentials."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit, urlunsplit

from monitor.net.errors import RequestRefused

_DEFAULT_PORTS = {"rtsp": 554, "rtsps": 322}


@dataclass(frozen=True, slots=True)
class RtspAddress:
    """One stream; `user:password@` of its URL is split off at once.

    Attributes:
        url: For requests; hidden, as paths and queries often hold secrets.
        origin: Scheme, host and port: all of it that is ever shown.
        secure: Whether TLS is spoken.
        host: A name or an IP address.
        port: Of TCP.
        username: From the URL.
        password: From the URL.
    """

    url: str = field(repr=False)
    origin: str
    secure: bool
    host: str
    port: int
    username: str | None = field(default=None, repr=False)
    password: str | None = field(default=None, repr=False)

    @classmethod
    def of(cls, url: str) -> RtspAddress:
        """Take a URL apart.

        Raises:
            RequestRefused: It cannot be used; the message repeats nothing of it.
        """
        if any(ord(character) <= 32 or ord(character) == 127 for character in url):
            raise RequestRefused(
                "The URL holds a space or control character.", "Percent-encode it (a space is %20)."
            )
        try:
            parts = urlsplit(url)
            port, host = parts.port, parts.hostname
        except ValueError:
            raise RequestRefused(
                "The URL's host or port is not valid.",
                "Write rtsp://host:port/path; percent-encode special characters in a user name or password.",
            ) from None
        if parts.scheme not in _DEFAULT_PORTS:
            raise RequestRefused("The URL is neither rtsp nor rtsps.", "Begin it with rtsp:// or rtsps://.")
        if not host or not url.isascii():
            raise RequestRefused(
                "The URL names no host, or is not in ASCII.", "Write rtsp://host/path, percent-encoded."
            )
        # A password with a bare #, / or ? ends the host early; the rest would be sent or shown as part of a URL.
        if "#" in url or "\\" in url or (port is not None and "@" not in parts.netloc and "@" in url):
            raise RequestRefused(
                "The URL holds a # or \\, or an @ behind the host's port.",
                "Percent-encode it: # is %23, @ is %40, / is %2F, ? is %3F, \\ is %5C.",
            )
        userinfo, at, _ = parts.netloc.rpartition("@")
        name, colon, secret = userinfo.partition(":")
        shown = f"[{host}]" if ":" in host else host
        netloc = shown if port in (None, _DEFAULT_PORTS[parts.scheme]) else f"{shown}:{port}"
        return cls(
            url=urlunsplit((parts.scheme, netloc, parts.path, parts.query, "")),
            origin=f"{parts.scheme}://{netloc}",
            secure=parts.scheme == "rtsps",
            host=host,
            port=_DEFAULT_PORTS[parts.scheme] if port is None else port,
            username=unquote(name) if at else None,
            password=unquote(secret) if colon else None,
        )
