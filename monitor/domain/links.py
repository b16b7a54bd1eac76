"""Pictures of incidents that people may see without an account: which there are, and links that prove themselves.

A link is its own permission: whoever has it sees one picture of one incident until a certain moment, and can make
nothing else of it. Nothing is stored, so links also work after a restart, and a new key ends all of them at once.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from math import ceil

KEY_BYTES = 32
# Of the whole HMAC; 128 bits cannot be guessed, and every character of a link is one more to break over a line.
_SIGNATURE_BYTES = 16
# Signatures made with the same key for another purpose must not pass here.
_PURPOSE = b"evidence-link-1"
_TOKEN = re.compile(r"([A-Za-z0-9_-]{4,80})\.([A-Za-z0-9_-]{22})")
_CLAIM = re.compile(r"(\d{1,18})\.([a-z]{1,16})\.(\d{1,11})")


class EvidencePicture(StrEnum):
    """What may be shown of an incident, the most telling first."""

    EVENT = "event"
    REFERENCE = "reference"
    OVERLAY = "overlay"
    DIFFERENCE = "difference"
    LATEST = "latest"


class PictureMode(StrEnum):
    """How a notifier shows pictures."""

    NONE = "none"
    LINK = "link"
    ATTACH = "attach"


EvidencePictures = Callable[[int, str], bytes | None]
"""Finds a picture by the incident's number and the picture's name: a JPEG, or None where there is none."""


def no_pictures(_incident_id: int, _name: str) -> bytes | None:
    """The pictures of whoever may show none."""
    return None


@dataclass(frozen=True, slots=True)
class Grant:
    """What a link lets its holder see.

    Attributes:
        incident_id: The incident.
        picture: Which of its pictures.
        expires_at: Until when, aware UTC.
    """

    incident_id: int
    picture: EvidencePicture
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class EvidenceLinks:
    """Makes links and reads them.

    Attributes:
        key: Signs; whoever has it can make links of their own.
        public_url: Where people reach the web server, without a slash at its end.
        lifetime_s: How long a link works.
    """

    key: bytes = field(repr=False)
    public_url: str
    lifetime_s: float

    def link(self, incident_id: int, picture: EvidencePicture, since: datetime, now: datetime) -> str:
        """The address of one picture.

        It works for whole lifetimes since `since`, and for at least half of one from now: so the attempts of one
        delivery carry the same link, and a delivery that was held for weeks carries one that still works.

        Args:
            incident_id: The incident.
            picture: Which of its pictures.
            since: When what the message tells of happened.
            now: The present.
        """
        lifetimes = max(1, ceil(((now - since).total_seconds() + self.lifetime_s / 2) / self.lifetime_s))
        expires_at = since + timedelta(seconds=lifetimes * self.lifetime_s)
        return f"{self.public_url}/evidence/{self.token(Grant(incident_id, picture, expires_at))}"

    def token(self, grant: Grant) -> str:
        """The signed text in a link."""
        claim = f"{grant.incident_id}.{grant.picture.value}.{int(grant.expires_at.timestamp())}".encode()
        return f"{_encoded(claim)}.{_encoded(self._signature(claim))}"

    def read(self, token: str, now: datetime) -> Grant | None:
        """What a token grants, or None where it is forged, damaged or expired: which of these is nobody's business."""
        parts = _TOKEN.fullmatch(token)
        if parts is None:
            return None
        try:
            claim, signature = _decoded(parts[1]), _decoded(parts[2])
        except binascii.Error:
            return None
        # One spelling of a token only: Base64 has bits to spare in its last character.
        if _encoded(claim) != parts[1] or not hmac.compare_digest(signature, self._signature(claim)):
            return None
        words = _CLAIM.fullmatch(claim.decode("ascii", "replace"))
        if words is None or words[2] not in list(EvidencePicture) or int(words[3]) <= now.timestamp():
            return None
        expires_at = datetime.fromtimestamp(int(words[3]), UTC)
        return Grant(int(words[1]), EvidencePicture(words[2]), expires_at)

    def _signature(self, claim: bytes) -> bytes:
        return hmac.digest(self.key, _PURPOSE + b"\0" + claim, hashlib.sha256)[:_SIGNATURE_BYTES]


def _encoded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
