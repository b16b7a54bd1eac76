"""Keeping secrets out of whatever is written: logs, errors, tracebacks, pages.

A secret seldom travels as it is: URLs percent-encode it, JSON and Python escape it, HTTP wraps it in base64
together with a user name. Each of these forms is recognised, whoever writes them.
"""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from threading import Lock
from typing import Any
from urllib.parse import quote, quote_plus

HIDDEN = "[secret]"
# Shorter ones would blot out half of every line; they are still hidden in fields that are named for secrets.
SHORTEST = 4

_USERINFO = re.compile(r"(\b[a-z][a-z0-9+.-]*://[^\s/@:'\"]*:)[^\s/@'\"]+@", re.IGNORECASE)
_AUTHORIZATION = re.compile(
    r"(authorization['\"]?\s*[:=]\s*['\"]?(?:basic|bearer)\s+)[^\s'\",;]+", re.IGNORECASE
)
_TELLING_FIELD = re.compile(
    r"(?:^|_)(?:password|passwd|token|secrets?|authorization|api_?key|signing_?key)$", re.IGNORECASE
)
_SAFE_SETS = ("", "/", "!$&'()*+,;=", "!$&'()*+,;=:@/", "!'()*~")


class Redactor:
    """Replaces secrets in texts. Safe to call from several threads; secrets can be added, never taken away.

    The cost of a line grows with its length and not with the number of secrets, so that a fleet in which
    every camera has its own password logs no slower.

    Args:
        secrets: Plain texts; those shorter than four characters are passed over.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._lock = Lock()
        self._known: frozenset[str] = frozenset()
        # All forms by their first characters, the longest first.
        self._forms: dict[str, tuple[str, ...]] = {}
        self.add(secrets)

    def add(self, secrets: Iterable[str]) -> None:
        """Hide these too, from now on."""
        with self._lock:
            fresh = {secret for secret in secrets if len(secret) >= SHORTEST} - self._known
            forms = {start: set(group) for start, group in self._forms.items()} if fresh else {}
            for secret in fresh:
                for form in forms_of(secret):
                    forms.setdefault(form[:SHORTEST], set()).add(form)
            if fresh:
                # Replaced as a whole: readers hold no lock.
                self._forms = {
                    start: tuple(sorted(group, key=len, reverse=True)) for start, group in forms.items()
                }
                self._known |= fresh

    def redact(self, text: str) -> str:
        """The text with `[secret]` in place of every secret, credentials in URLs and Authorization
        headers.
        """
        text = self._without_known(text)
        text = _USERINFO.sub(rf"\1{HIDDEN}@", text)
        return _AUTHORIZATION.sub(rf"\1{HIDDEN}", text)

    def redact_value(self, value: Any) -> Any:
        """The same for every text inside mappings and sequences; fields named for secrets are hidden whole.

        Objects of other types are redacted as the text that they would be logged as, where that contains a
        secret.
        """
        if isinstance(value, str):
            return self.redact(value)
        if value is None or isinstance(value, bool | int | float):
            return self._redacted_object(value)
        if isinstance(value, Mapping):
            return {
                self.redact_value(name): HIDDEN if _is_telling(name) and inner else self.redact_value(inner)
                for name, inner in value.items()
            }
        if isinstance(value, tuple) and type(value) is tuple:
            return tuple(self.redact_value(inner) for inner in value)
        if isinstance(value, list | set | frozenset):
            return [self.redact_value(inner) for inner in value]
        if isinstance(value, bytes):
            return self.redact(value.decode("utf-8", "replace"))
        return self._redacted_object(value)

    def _redacted_object(self, value: Any) -> Any:
        for text in (str(value), repr(value)):
            if (redacted := self.redact(text)) != text:
                return redacted
        return value

    def _without_known(self, text: str) -> str:
        forms = self._forms
        if not forms:
            return text
        kept: list[str] = []
        start = position = 0
        last = len(text) - SHORTEST
        while position <= last:
            group = forms.get(text[position : position + SHORTEST])
            match = next((form for form in group if text.startswith(form, position)), None) if group else None
            if match is None:
                position += 1
                continue
            kept += (text[start:position], HIDDEN)
            start = position = position + len(match)
        return "".join((*kept, text[start:])) if kept else text


def forms_of(secret: str) -> frozenset[str]:
    """Every spelling in which a secret is looked for, itself included; none shorter than four characters."""
    forms = {secret, html.escape(secret), html.escape(secret, quote=False)}
    forms.update(_percent_encoded(secret))
    forms.update(_base64(secret))
    for _ in range(2):  # a traceback with an escaped text is itself escaped when it becomes JSON
        forms |= {escaped for form in forms for escaped in _escaped(form)}
    return frozenset(form for form in forms if len(form) >= SHORTEST)


def _percent_encoded(secret: str) -> Iterator[str]:
    for encoded in (quote_plus(secret), *(quote(secret, safe=safe) for safe in _SAFE_SETS)):
        yield encoded
        yield re.sub("%..", lambda match: match[0].lower(), encoded)


def _escaped(text: str) -> Iterator[str]:
    yield json.dumps(text)[1:-1]
    yield json.dumps(text, ensure_ascii=False)[1:-1]
    yield json.dumps(text).replace("/", "\\/")[1:-1]
    yield repr(text)[1:-1]
    # repr chooses its quotes by the whole text, so that either kind may be escaped.
    yield repr(text + "'\"")[1:-1].removesuffix("\\'\"")
    yield repr(text.encode())[2:-1]


def _base64(secret: str) -> Iterator[str]:
    """The part of a base64 text that is the same whatever stands before and after the secret, in all three
    phases.
    """
    content = secret.encode()
    yield base64.b64encode(content).decode()
    for before in range(3):
        encoded = base64.b64encode(b"\0" * before + content).decode().rstrip("=")
        first = (before * 8 + 5) // 6
        certain = (before + len(content)) * 8 // 6
        form = encoded[first:certain]
        if len(form) >= 2 * SHORTEST:
            yield form
            yield form.replace("+", "-").replace("/", "_")


def _is_telling(name: object) -> bool:
    return isinstance(name, str) and _TELLING_FIELD.search(name) is not None
