"""Which values of a configuration must never be shown."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Mapping
from urllib.parse import unquote, unquote_plus, urlsplit

from pydantic import BaseModel, SecretStr

from monitor.settings.camera_sources import WebSource
from monitor.settings.models import Settings

_TELLING_PARAMETER = re.compile(r"pass|pwd|secret|token|key|auth|sig|credential", re.IGNORECASE)


def secrets_of(settings: Settings) -> frozenset[str]:
    """Every secret in the settings as plain text, for the redaction of what is logged and shown.

    Besides passwords, tokens and keys these are: whatever came from the environment or a file, the password
    inside the database's address, what addresses carry in parameters such as `pwd=`, and user:password in
    base64, as it travels in requests.
    """
    found = set(settings.origin.referenced)
    for value in _values(settings):
        if isinstance(value, SecretStr):
            found.add(value.get_secret_value())
        elif isinstance(value, WebSource):
            found.update(_credentials(value))
        elif isinstance(value, str) and "://" in value:
            found.update(_inside_url(value))
    found.update(_inside_url(settings.database_url.get_secret_value()))
    if settings.database.url is not None and "@" not in settings.database.url.get_secret_value():
        found.discard(settings.database.url.get_secret_value())  # a path or a host is no secret
    return frozenset(secret for secret in found if secret)


def carries_secret(url: str) -> bool:
    """Whether an address has a password in it, or a parameter whose name tells of one."""
    return any(_inside_url(url))


def _values(value: object) -> Iterator[object]:
    yield value
    if isinstance(value, BaseModel):
        for _, inner in value:
            yield from _values(inner)
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _values(inner)
    elif isinstance(value, tuple):
        for inner in value:
            yield from _values(inner)


def _credentials(source: WebSource) -> Iterator[str]:
    if source.username and source.password:
        pair = f"{source.username}:{source.password.get_secret_value()}"
        yield pair
        yield base64.b64encode(pair.encode()).decode()


def _inside_url(url: str) -> Iterator[str]:
    parts = urlsplit(url)
    userinfo, separator, _ = parts.netloc.rpartition("@")
    password = userinfo.partition(":")[2] if separator else ""
    yield from {password, unquote(password)}
    for parameter in parts.query.split("&"):
        name, _, value = parameter.partition("=")
        if _TELLING_PARAMETER.search(unquote_plus(name)):
            yield from {value, unquote_plus(value)}
