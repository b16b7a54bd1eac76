"""How a TLS peer proves who it is."""

from __future__ import annotations

import base64
import hashlib
import ssl
from dataclasses import dataclass
from pathlib import Path

from monitor.net.errors import PeerUntrusted

_SEQUENCE = 0x30
_VERSION = 0xA0
# Of a certificate: serial number, signature, issuer, validity and subject come before the public key.
_BEFORE_THE_KEY = 5


@dataclass(frozen=True, slots=True)
class Trust:
    """Which peers are believed.

    Attributes:
        ca_file: Certificates to trust instead of the system's.
        pinned_key: `sha256//…` of the only public key to accept, several joined by `;`.
        verify: Whether the certificate must be valid; a pinned key is checked either way.
    """

    ca_file: Path | None = None
    pinned_key: str | None = None
    verify: bool = True

    def context(self) -> ssl.SSLContext:
        """For one connection.

        Raises:
            PeerUntrusted: The file of certificates cannot be used.
        """
        try:
            context = ssl.create_default_context(cafile=None if self.ca_file is None else str(self.ca_file))
        except OSError:  # `ssl.SSLError` is one
            raise PeerUntrusted(
                "The file of trusted certificates cannot be used.", "It must exist and hold PEM text."
            ) from None
        if not self.verify:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return context

    def check_key(self, certificate: bytes | None, origin: str) -> None:
        """Compare the peer's public key with the pinned one, where there is one.

        Args:
            certificate: As the peer presented it, DER.
            origin: Who that is, for the error.

        Raises:
            PeerUntrusted: It is another one, or none can be read.
        """
        if self.pinned_key is None:
            return
        try:
            digest = hashlib.sha256(public_key_of(certificate or b"")).digest()
        except (ValueError, IndexError):
            digest = b""
        if f"sha256//{base64.b64encode(digest).decode()}" not in self.pinned_key.split(";"):
            raise PeerUntrusted(
                f"TLS with {origin} fails: its public key is not the pinned one.",
                "If the camera was exchanged or reset, give its new key in `pinned_key`.",
            )


def public_key_of(certificate: bytes) -> bytes:
    """The SubjectPublicKeyInfo in a DER certificate, as it stands there.

    Raises:
        ValueError: That is no certificate.
        IndexError: It breaks off.
    """
    position, _ = _enter(certificate, 0)  # Certificate
    position, _ = _enter(certificate, position)  # TBSCertificate
    if certificate[position] == _VERSION:
        position = _end(certificate, position)
    for _ in range(_BEFORE_THE_KEY):
        position = _end(certificate, position)
    _enter(certificate, position)
    return certificate[position : _end(certificate, position)]


def _enter(der: bytes, position: int) -> tuple[int, int]:
    """Where the content of the sequence at `position` begins and ends."""
    if der[position] != _SEQUENCE:
        raise ValueError("no sequence")
    return _content(der, position)


def _end(der: bytes, position: int) -> int:
    return _content(der, position)[1]


def _content(der: bytes, position: int) -> tuple[int, int]:
    length, begins = der[position + 1], position + 2
    if length & 0x80:
        octets = length & 0x7F
        length = int.from_bytes(der[begins : begins + octets], "big")
        begins += octets
    if begins + length > len(der):
        raise IndexError(position)
    return begins, begins + length
