"""References that were read lately, so that a check does not parse the same encodings again."""

from __future__ import annotations

import threading
from collections import OrderedDict

from monitor.store.encodings import StoredEncoding


class EncodingCache:
    """Encodings by the id of their row, which never changes its meaning; the least recently used goes first.

    Args:
        limit_bytes: How much memory the arrays may take together.
    """

    def __init__(self, limit_bytes: int) -> None:
        self._limit_bytes = limit_bytes
        self._held_bytes = 0
        self._entries: OrderedDict[int, StoredEncoding] = OrderedDict()
        self._lock = threading.Lock()

    @property
    def held_bytes(self) -> int:
        """Bytes held now."""
        return self._held_bytes

    def get(self, encoding_id: int) -> StoredEncoding | None:
        """The encoding, or None when it is not held."""
        with self._lock:
            found = self._entries.get(encoding_id)
            if found is not None:
                self._entries.move_to_end(encoding_id)
            return found

    def put(self, encoding_id: int, encoding: StoredEncoding) -> None:
        """Hold an encoding, and let go of others until the limit is kept."""
        with self._lock:
            before = self._entries.pop(encoding_id, None)
            self._held_bytes += encoding.nbytes - (before.nbytes if before else 0)
            self._entries[encoding_id] = encoding
            while self._held_bytes > self._limit_bytes:
                _, dropped = self._entries.popitem(last=False)
                self._held_bytes -= dropped.nbytes
