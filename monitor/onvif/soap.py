"""Envelopes: what is asked, by whom, and what the answer means."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from xml.etree.ElementTree import Element

from monitor.onvif.markup import element, printable, text_at

ENVELOPE = "http://www.w3.org/2003/05/soap-envelope"
_SECURITY = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
_UTILITY = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"
_PROOF_PROFILE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0"
_BASE64 = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-soap-message-security-1.0#Base64Binary"

# Local parts of the codes with which devices turn somebody away; the prefixes differ, and so does their depth.
_DENIALS = frozenset(
    {
        "NotAuthorized",
        "SenderNotAuthorized",
        "NotAuthenticated",
        "FailedAuthentication",
        "FailedCheck",
        "InvalidSecurity",
        "InvalidSecurityToken",
        "OperationProhibited",
        "AccountLocked",
    }
)
_DEEPEST_SUBCODE = 4


@dataclass(frozen=True, slots=True)
class Login:
    """An account at a device."""

    username: str = field(repr=False)
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Fault:
    """A device's refusal.

    Attributes:
        codes: Local parts of its code and subcodes, the most general first.
        reason: Its words, fit to be shown.
    """

    codes: tuple[str, ...]
    reason: str

    @property
    def is_denial(self) -> bool:
        """Whether it is about who asks, and not about what is asked."""
        return bool(_DENIALS & set(self.codes)) or "not authorized" in self.reason.lower()


def envelope(question: str, security: str = "") -> bytes:
    """A complete message around a question."""
    header = f"<s:Header>{security}</s:Header>" if security else ""
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><s:Envelope xmlns:s="{ENVELOPE}">'
        f"{header}<s:Body>{question}</s:Body></s:Envelope>"
    ).encode()


def username_token(login: Login, created: datetime, nonce: bytes) -> str:
    """The header that proves knowledge of the password without telling it (WS-Security, PasswordDigest).

    Args:
        login: The account.
        created: Aware UTC time by the *device's* clock: devices refuse what is minutes away from it.
        nonce: Random, used once.
    """
    moment = created.strftime("%Y-%m-%dT%H:%M:%S.") + f"{created.microsecond // 1000:03d}Z"
    digest = base64.b64encode(password_digest(login.password, moment, nonce)).decode()
    return (
        f'<Security xmlns="{_SECURITY}" s:mustUnderstand="1"><UsernameToken>'
        + element("Username", login.username)
        + element(f'Password Type="{_PROOF_PROFILE}#PasswordDigest"', digest)
        + element(f'Nonce EncodingType="{_BASE64}"', base64.b64encode(nonce).decode())
        + element(f'Created xmlns="{_UTILITY}"', moment)
        + "</UsernameToken></Security>"
    )


def password_digest(password: str, created: str, nonce: bytes) -> bytes:
    """SHA-1 of nonce, time and password, as the standard has it; there is no stronger one to choose."""
    return hashlib.sha1(nonce + created.encode() + password.encode(), usedforsecurity=False).digest()


def body_of(root: Element) -> Element | None:
    """What stands in the envelope; None where the XML is no envelope or holds nothing."""
    body = root.find("{*}Body") if _local(root.tag) == "Envelope" else None
    return next(iter(body), None) if body is not None else None


def fault_in(answer: Element) -> Fault | None:
    """The fault that an answer is, in SOAP 1.2 or 1.1; None where it is none."""
    if _local(answer.tag) != "Fault":
        return None
    reason = text_at(answer, "{*}Reason/{*}Text") or text_at(answer, "faultstring")
    return Fault(tuple(_codes(answer)), printable(reason))


def _codes(fault: Element) -> Iterator[str]:
    old = text_at(fault, "faultcode")
    if old:
        yield _local(old)
    level = fault.find("{*}Code")
    for _ in range(_DEEPEST_SUBCODE):
        if level is None:
            return
        yield _local(text_at(level, "{*}Value"))
        level = level.find("{*}Subcode")


def _local(name: str) -> str:
    """`Fault` of `{namespace}Fault` and of `prefix:Fault`."""
    return name.rpartition("}")[2].rpartition(":")[2]
