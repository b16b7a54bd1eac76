"""What can go wrong with one HTTP request. No message ever holds more of a URL than scheme, host and port."""

from __future__ import annotations

from monitor.domain.errors import MonitorError


class NetError(MonitorError):
    """No complete response came.

    Args:
        problem: What is wrong, without secrets.
        remedy: What to do about it.
        content_type: The media type that the peer announced before it failed; empty when it announced none.
    """

    def __init__(self, problem: str, remedy: str = "", content_type: str = "") -> None:
        super().__init__(problem, remedy)
        self.content_type = content_type


class RequestRefused(NetError, ValueError):
    """The request itself is unusable: scheme, host, port, header or limit. Nothing was sent.

    Also a `ValueError`, so that validation of settings can report it beside its own findings.
    """


class AddressRefused(NetError):
    """The host's name leads to an address that may not be contacted."""


class NameUnknown(NetError):
    """The host's name leads to no address."""


class ConnectFailed(NetError):
    """Nobody accepts connections there, or the connection broke before any answer."""


class PeerUntrusted(NetError):
    """The TLS certificate or public key is not one that we trust."""


class NeverAdmitted(NetError):
    """The peer asks for another login however often it gets one."""


class TimedOut(NetError):
    """The whole exchange was not over within the time limit."""


class BodyTooLarge(NetError):
    """The body is longer than allowed; what came of it is thrown away."""


class BrokenResponse(NetError):
    """An answer began and was not a complete HTTP response."""


class StatusRefused(NetError):
    """An RTSP server answered, and with another status than 200.

    Args:
        problem: What is wrong, without secrets.
        remedy: What to do about it.
        status: What it answered.
    """

    def __init__(self, problem: str, remedy: str, status: int) -> None:
        super().__init__(problem, remedy)
        self.status = status


class NoVideo(NetError):
    """A stream is described that holds no video which is understood."""
