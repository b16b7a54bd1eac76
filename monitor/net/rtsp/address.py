"""The address of a stream, without its credentials."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlunsplit

from monitor.net.errors import RequestRefused
from monitor.net.url import split_url

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
        parts = split_url(url, _DEFAULT_PORTS, "rtsp")
        if not url.isascii():
            raise RequestRefused("The URL is not in ASCII.", "Write rtsp://host/path, percent-encoded.")
        host, port = parts.host, parts.port
        shown = f"[{host}]" if ":" in host else host
        netloc = shown if port in (None, _DEFAULT_PORTS[parts.scheme]) else f"{shown}:{port}"
        return cls(
            url=urlunsplit((parts.scheme, netloc, parts.path, parts.query, "")),
            origin=f"{parts.scheme}://{netloc}",
            secure=parts.scheme == "rtsps",
            host=host,
            port=_DEFAULT_PORTS[parts.scheme] if port is None else port,
            username=parts.username,
            password=parts.password,
        )
