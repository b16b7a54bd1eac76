"""The key that signs links: made at first use, kept in a file that only our account reads."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

import structlog

from monitor.domain.links import KEY_BYTES
from monitor.web.errors import LinkKeyUnusable

_log = structlog.get_logger(__name__)

FILE_NAME = "link.key"
_FOR_OTHERS = 0o077


def load_link_key(folder: Path) -> bytes:
    """The key kept in `folder`; a new one is made where there is none.

    Raises:
        LinkKeyUnusable: The file cannot be read or written, or holds no key.
    """
    path = folder / FILE_NAME
    try:
        if not path.exists():
            _make(path)
        content = _read(path)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise LinkKeyUnusable(
            f"The key for links, {path}, cannot be used ({reason}).",
            "Let the account of the service read and write that folder.",
        ) from None
    try:
        key = bytes.fromhex(content.decode("ascii").strip())
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise LinkKeyUnusable(
            f"The file {path} holds no key for links.",
            "Remove it; a new one is made, and links made before end.",
        )
    return key


def _make(path: Path) -> None:
    """Write a new key, whole or not at all; of two processes that do so the first wins."""
    unfinished = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    handle = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(KEY_BYTES) + "\n")
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(unfinished, path)
        except FileExistsError:
            return
    finally:
        unfinished.unlink()


def _read(path: Path) -> bytes:
    with path.open("rb") as file:
        if os.fstat(file.fileno()).st_mode & _FOR_OTHERS:
            _log.warning(
                "web.key_was_open",
                path=str(path),
                remedy="Others could read it: remove it, a new one is made.",
            )
            os.fchmod(file.fileno(), 0o600)
        return file.read(1024)
