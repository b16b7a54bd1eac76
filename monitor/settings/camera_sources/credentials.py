"""User and password out of an address, so that no later message about the address can show them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote, urlsplit, urlunsplit

from pydantic_core import PydanticCustomError

from monitor.settings.reading import Reading, dereference


def without_credentials(data: Mapping[str, Any], reading: Reading, key: str = "url") -> Mapping[str, Any]:
    """The data of a source with `user:password@` of an address as `username` and `password` beside it.

    A second address may repeat what the first one said.

    What cannot be taken apart is left as it is, for the field's own check to refuse at the right place.
    """
    try:
        url = dereference(data.get(key), reading)
        parts = urlsplit(url) if isinstance(url, str) else None
    except (PydanticCustomError, ValueError):
        return data  # the field's own check says what is wrong, at the right place
    if parts is None or "@" not in parts.netloc:
        return data
    userinfo, _, host = parts.netloc.rpartition("@")
    username, _, password = userinfo.partition(":")
    reading.referenced.update(filter(None, (password, unquote(password))))
    found: dict[str, Any] = {**data, key: urlunsplit(parts._replace(netloc=host))}
    if data.get("username") is not None or data.get("password") is not None:
        same = (data.get("username"), data.get("password")) == (unquote(username), unquote(password))
        # What contradicts is left for the address's check to refuse.
        return found if same and key != "url" else data
    if username:
        found["username"] = unquote(username)
    if password:
        found["password"] = unquote(password)
    return found
