"""Basic and digest authentication as cameras ask for it (RFC 7617, RFC 7616 with qop=auth)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
import time
from urllib.request import parse_http_list, parse_keqv_list

from monitor.simulator.site import Credentials

_NONCE_LIFETIME_S = 300.0
_DIGESTS = {"MD5": hashlib.md5, "SHA-256": hashlib.sha256}


class Doorkeeper:
    """Decides whether a request may pass. `realm` must not contain quotes."""

    def __init__(self, realm: str = "camera") -> None:
        self._realm = realm
        self._key = secrets.token_bytes(16)

    def admits(self, credentials: Credentials, method: str, target: str, header: str | None) -> bool:
        """Whether the Authorization header proves the credentials for this method and request target."""
        scheme, _, rest = (header or "").partition(" ")
        if scheme.lower() != credentials.scheme:
            return False
        if credentials.scheme == "basic":
            expected = f"{credentials.username}:{credentials.password}".encode()
            try:
                return hmac.compare_digest(base64.b64decode(rest, validate=True), expected)
            except (binascii.Error, ValueError):
                return False
        return self._digest_is_right(credentials, method, target, rest)

    def challenges(self, credentials: Credentials) -> list[str]:
        """The WWW-Authenticate values to send with a 401."""
        if credentials.scheme == "basic":
            return [f'Basic realm="{self._realm}", charset="UTF-8"']
        nonce = self._nonce(time.time())
        return [
            f'Digest realm="{self._realm}", qop="auth", algorithm={name}, nonce="{nonce}"'
            for name in ("SHA-256", "MD5")
        ]

    def _digest_is_right(self, credentials: Credentials, method: str, target: str, rest: str) -> bool:
        try:
            sent = parse_keqv_list(parse_http_list(rest))
            digest = _DIGESTS[sent.get("algorithm", "MD5")]
            nonce, uri = sent["nonce"], sent["uri"]
            if sent["username"] != credentials.username or uri != target or not self._is_fresh(nonce):
                return False

            def hashed(text: str) -> str:
                return digest(text.encode()).hexdigest()

            secret = hashed(f"{credentials.username}:{self._realm}:{credentials.password}")
            request = hashed(f"{method}:{uri}")
            expected = hashed(f"{secret}:{nonce}:{sent['nc']}:{sent['cnonce']}:{sent['qop']}:{request}")
            return sent["qop"] == "auth" and hmac.compare_digest(expected, sent["response"])
        except (KeyError, ValueError, IndexError):
            return False

    def _nonce(self, moment_s: float) -> str:
        stamp = f"{moment_s:.0f}"
        return f"{stamp}-{hmac.new(self._key, stamp.encode(), hashlib.sha256).hexdigest()[:32]}"

    def _is_fresh(self, nonce: str) -> bool:
        stamp = nonce.partition("-")[0]
        if not stamp.isdigit() or not hmac.compare_digest(nonce, self._nonce(float(stamp))):
            return False
        return time.time() - float(stamp) < _NONCE_LIFETIME_S
