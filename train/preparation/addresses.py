"""Addresses as people may see them: whatever could be a secret is left out."""

from __future__ import annotations

from urllib.parse import urlsplit


def shown(address: str) -> str:
    """Scheme, host, port and path of an address; what is no address with a host (a path, a number) stays as it is.

    User, password, query and fragment go: cameras take passwords in any of them.
    """
    parts = urlsplit(address)
    if not parts.scheme or not parts.netloc:
        return address
    host = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{host}{parts.path}"
