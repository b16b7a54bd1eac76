"""Noticing that configuration files have changed.

Paths are looked up anew each time and compared by content, because files are changed in more ways than by
writing to them: editors and configuration management put another file in their place, container platforms
swap a symbolic link in the folder above, a mounted folder sends no events. Hashing a file of a thousand
cameras takes well under 1 ms.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

_Contents = tuple[str | None, ...]


class ConfigWatch:
    """Tells when the content of any watched file has changed and come to rest.

    Args:
        paths: Files to watch; they may be missing for a while.
    """

    def __init__(self, paths: Sequence[Path]) -> None:
        self._paths = tuple(paths)
        self._settled = self._contents()
        self._pending: _Contents | None = None

    def changed(self) -> bool:
        """Whether the files differ from those at the last True (or the start), for the second call in a row.

        The second look keeps a file that is still being written from being read as broken. A missing file is
        no change: it is on its way to being replaced.
        """
        now = self._contents()
        if None in now or now == self._settled:
            self._pending = None
            return False
        if now != self._pending:
            self._pending = now
            return False
        self._settled, self._pending = now, None
        return True

    def settle(self) -> None:
        """Take the files as they are now for known: they are about to be read for another reason."""
        self._settled, self._pending = self._contents(), None

    def _contents(self) -> _Contents:
        return tuple(_digest(path) for path in self._paths)


def _digest(path: Path) -> str | None:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return None
