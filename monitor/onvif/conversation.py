"""Questions to one device, each bounded in time and size, and how it is told who asks."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from enum import Enum, auto
from urllib.parse import urlsplit
from xml.etree.ElementTree import Element

from monitor.domain.ports import Clock
from monitor.net.address import AddressPolicy
from monitor.net.client import HttpClient
from monitor.net.message import Auth, Request, Response
from monitor.onvif.errors import DeviceDenied, DeviceFault, NoOnvifDevice
from monitor.onvif.markup import NO_DEVICE_REMEDY, parse
from monitor.onvif.soap import Fault, Login, body_of, envelope, fault_in, username_token

# As for the sources: cameras stand in private networks, and simulated ones on this machine.
DEVICE_ADDRESSES = AddressPolicy(allow_loopback=True, allow_private=True)
MAX_BYTES = 1 << 20
TIMEOUT_S = 8.0
_NONCE_BYTES = 16
_DENIED_REMEDY = (
    "Check user name and password; many cameras have separate accounts for ONVIF, and lock them after a few "
    "failures: wait some minutes before the next try."
)
_CREDENTIALS_WANTED = "Give --username, and --password-env or --password-file."


class _Proof(Enum):
    """How a device is told who asks."""

    TOKEN = auto()
    """In the message, by WS-Security: what the standard wants of every device."""
    DIGEST = auto()
    """By HTTP: what newer devices insist on."""


class Conversation:
    """Asks one device. Never sends a password itself, only digests made with it.

    Args:
        clock: Time here; the device's own is `clock_offset` from it.
        login: The account; None asks without one.
        timeout_s: For each question.
    """

    def __init__(self, clock: Clock, login: Login | None = None, timeout_s: float = TIMEOUT_S) -> None:
        self.login = login
        self.clock_offset = timedelta(0)
        self._clock = clock
        self._timeout_s = timeout_s
        self._proof = _Proof.TOKEN
        self._client = HttpClient(DEVICE_ADDRESSES)

    def ask(self, url: str, question: str, *, anonymous: bool = False) -> Element:
        """The first element of the answer's body.

        Args:
            url: The service to ask.
            question: The XML of the request.
            anonymous: Whether to keep quiet about who asks.

        Raises:
            NetError: No answer came.
            NoOnvifDevice: What came is no answer to such a question.
            DeviceDenied: Credentials are missing, or not accepted.
            DeviceFault: The device refuses the question.
        """
        login = None if anonymous else self.login
        by_token = login if self._proof is _Proof.TOKEN else None
        response = self._send(url, question, token_of=by_token)
        if response.status == 401 and login and _offers_digest(response):
            self._proof = _Proof.DIGEST
            # Only now: to learn the challenge, libcurl sends a message without a body, which is taken amiss by
            # devices that would have answered the question itself to anybody.
            response = self._send(url, question, digest_of=login)
        return self._understood(response, _origin(url), login)

    def close(self) -> None:
        """Close the connection."""
        self._client.close()

    def _send(
        self, url: str, question: str, *, token_of: Login | None = None, digest_of: Login | None = None
    ) -> Response:
        security = username_token(token_of, self._device_time(), os.urandom(_NONCE_BYTES)) if token_of else ""
        return self._client.fetch(
            Request(
                url,
                method="POST",
                headers={"Content-Type": "application/soap+xml; charset=utf-8"},
                body=envelope(question, security),
                username=digest_of.username if digest_of else None,
                password=digest_of.password if digest_of else None,
                auth=Auth.DIGEST,
                timeout_s=self._timeout_s,
                max_bytes=MAX_BYTES,
            )
        )

    def _device_time(self) -> datetime:
        return (self._clock.now() + self.clock_offset).astimezone(UTC)

    def _understood(self, response: Response, origin: str, login: Login | None) -> Element:
        if response.status in (401, 403):
            raise _denied(origin, login, f"it answers {response.status}")
        if 300 <= response.status < 400:
            raise NoOnvifDevice(
                f"{origin} answers {response.status}: it redirects, which is not followed.",
                "Give the address that it leads to.",
            )
        try:
            answer = body_of(parse(response.body, origin))
        except NoOnvifDevice:
            if response.status != 200:
                raise NoOnvifDevice(
                    f"{origin} answers {response.status} instead of ONVIF.", NO_DEVICE_REMEDY
                ) from None
            raise
        if answer is None:
            raise NoOnvifDevice(f"{origin} answers with something else than ONVIF.", NO_DEVICE_REMEDY)
        fault = fault_in(answer)
        if fault is not None:
            raise _refusal(fault, origin, login)
        return answer


def _refusal(fault: Fault, origin: str, login: Login | None) -> DeviceDenied | DeviceFault:
    said = f"it says “{fault.reason}”" if fault.reason else f"it says {', '.join(fault.codes) or 'nothing'}"
    if fault.is_denial:
        return _denied(origin, login, said)
    return DeviceFault(
        f"{origin} refuses what it was asked: {said}.",
        "Look into the device's own log, or update its firmware.",
    )


def _denied(origin: str, login: Login | None, said: str) -> DeviceDenied:
    if login is None:
        return DeviceDenied(f"{origin} asks for credentials ({said}).", _CREDENTIALS_WANTED)
    return DeviceDenied(f"{origin} does not accept the credentials ({said}).", _DENIED_REMEDY)


def _offers_digest(response: Response) -> bool:
    return "digest" in response.headers.get("www-authenticate", "").lower()


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
