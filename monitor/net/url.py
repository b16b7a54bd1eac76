"""Taking URLs apart, so that credentials never travel with them, nor show in a message about them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from monitor.net.errors import RequestRefused


@dataclass(frozen=True, slots=True)
class UrlParts:
    """A URL that can be asked.

    Attributes:
        scheme: One of those asked for.
        host: A name or an IP address, without brackets.
        port: As written; None where it is not.
        path: As written.
        query: As written.
        username: Decoded; None without an `@`.
        password: Decoded; None without a colon before that.
    """

    scheme: str
    host: str
    port: int | None
    path: str = field(repr=False)
    query: str = field(repr=False)
    username: str | None = field(default=None, repr=False)
    password: str | None = field(default=None, repr=False)


def split_url(url: str, schemes: Collection[str], example: str) -> UrlParts:
    """Take a URL apart.

    Args:
        url: The URL, perhaps with `user:password@`.
        schemes: Those that are spoken.
        example: One of them, for messages.

    Raises:
        RequestRefused: It cannot be used; the message repeats nothing of it.
    """
    if any(ord(character) <= 32 or ord(character) == 127 for character in url):
        raise RequestRefused(
            "The URL holds a space or control character.", "Percent-encode it (a space is %20)."
        )
    if any("\ud800" <= character <= "\udfff" for character in url):
        # So Python hands on what is no UTF-8 in an environment variable.
        raise RequestRefused(
            "The URL holds bytes that are no UTF-8.", "Look where it is set; percent-encode other characters."
        )
    try:
        parts = urlsplit(url)
        port, host = parts.port, parts.hostname
    except ValueError:
        raise RequestRefused(
            "The URL's host or port is not valid.",
            f"Write {example}://host:port/path; percent-encode special characters in a user name or password.",
        ) from None
    if parts.scheme not in schemes:
        raise RequestRefused(
            f"The URL is neither {' nor '.join(schemes)}.",
            f"Begin it with {' or '.join(f'{scheme}://' for scheme in schemes)}.",
        )
    if not host:
        raise RequestRefused("The URL names no host.", f"Write {example}://host/path.")
    if "[" in host or "]" in host:
        raise RequestRefused("The URL's host is not a valid name.", "Check its spelling and its brackets.")
    # A password with a bare #, / or ? ends the host early; the rest would be sent or shown as part of a URL.
    if "#" in url or "\\" in url or (port is not None and "@" not in parts.netloc and "@" in url):
        raise RequestRefused(
            "The URL holds a # or \\, or an @ behind the host's port.",
            "Percent-encode it: # is %23, @ is %40, / is %2F, ? is %3F, \\ is %5C.",
        )
    userinfo, at, _ = parts.netloc.rpartition("@")
    name, colon, secret = userinfo.partition(":")
    return UrlParts(
        parts.scheme,
        host,
        port,
        parts.path,
        parts.query,
        unquote(name) if at else None,
        unquote(secret) if colon else None,
    )
