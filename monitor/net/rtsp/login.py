"""Answering a challenge: digest where it is offered, else basic."""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
from collections.abc import Callable, Sequence

_PARAMETER = re.compile(r'(\w+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,]*))')
_HASHES: dict[str, Callable[[bytes], hashlib._Hash]] = {"MD5": hashlib.md5, "SHA-256": hashlib.sha256}


class Login:
    """Credentials, and the challenge that they answer.

    Args:
        username: None where there are no credentials.
        password: Goes with it.
    """

    def __init__(self, username: str | None, password: str | None) -> None:
        self._username = username
        self._password = password or ""
        self._challenge: dict[str, str] | None = None
        self._count = 0

    @property
    def known(self) -> bool:
        """Whether there are credentials."""
        return self._username is not None

    @property
    def stale(self) -> bool:
        """Whether the last answer was right, and just too old."""
        return self._challenge is not None and self._challenge.get("stale", "").lower() == "true"

    def take(self, challenges: Sequence[str]) -> bool:
        """Choose the best of what a server offers; says whether there is anything that can be answered."""
        if self._username is None:
            return False
        parsed = [_parse(challenge) for challenge in challenges]
        best = max(parsed, key=_rank, default=None)
        if best is None or _rank(best) == 0:
            return False
        self._challenge, self._count = best, 0
        return True

    def header(self, method: str, uri: str) -> str | None:
        """The value of `Authorization`, or None while nothing was asked for."""
        challenge = self._challenge
        if challenge is None or self._username is None:
            return None
        if challenge["scheme"] == "basic":
            pair = f"{self._username}:{self._password}".encode()
            return f"Basic {base64.b64encode(pair).decode()}"
        return self._digest(challenge, method, uri)

    def _digest(self, challenge: dict[str, str], method: str, uri: str) -> str:
        algorithm = challenge.get("algorithm", "MD5").upper()
        realm, nonce = challenge.get("realm", ""), challenge.get("nonce", "")

        def digest(*parts: str) -> str:
            return _HASHES[algorithm](":".join(parts).encode()).hexdigest()

        account, request = digest(self._username or "", realm, self._password), digest(method, uri)
        fields = {"username": self._username or "", "realm": realm, "nonce": nonce, "uri": uri}
        if "auth" in re.split(r"[,\s]+", challenge.get("qop", "")):
            self._count += 1
            count, ours = f"{self._count:08x}", secrets.token_hex(8)
            fields["response"] = digest(account, nonce, count, ours, "auth", request)
            tail = f', qop=auth, nc={count}, cnonce="{ours}"'
        else:
            fields["response"] = digest(account, nonce, request)
            tail = ""
        if "algorithm" in challenge:
            tail += f", algorithm={algorithm}"
        if "opaque" in challenge:
            tail += f', opaque="{_quoted(challenge["opaque"])}"'
        return "Digest " + ", ".join(f'{name}="{_quoted(value)}"' for name, value in fields.items()) + tail


def offered(challenges: Sequence[str]) -> str:
    """` (it offers basic, digest)`, or nothing."""
    names = sorted({_parse(challenge)["scheme"] for challenge in challenges} & {"basic", "digest"})
    return f" (it offers {', '.join(names)})" if names else ""


def _parse(challenge: str) -> dict[str, str]:
    scheme, _, rest = challenge.strip().partition(" ")
    found = {"scheme": scheme.lower()}
    for name, quoted, bare in _PARAMETER.findall(rest):
        found.setdefault(name.lower(), re.sub(r"\\(.)", r"\1", quoted) if quoted else bare)
    return found


def _rank(challenge: dict[str, str]) -> int:
    if challenge["scheme"] == "basic":
        return 1
    if challenge["scheme"] != "digest":
        return 0
    return {"MD5": 2, "SHA-256": 3}.get(challenge.get("algorithm", "MD5").upper(), 0)


def _quoted(text: str) -> str:
    return re.sub(r'([\\"])', r"\\\1", re.sub(r"[\x00-\x1f\x7f]", "", text))
