"""Which other view does a frame show? Finds cameras whose cables or addresses were swapped."""

from __future__ import annotations

import threading

import numpy as np

from monitor.domain.reference import Encoding
from monitor.domain.view import ViewKey
from monitor.store import Store
from monitor.store.rows import EmbeddingBank


class Lookalikes:
    """Searches the references of all views; keeps them in memory until a gallery changes.

    Args:
        store: Where the references are.
        alike_above: Cosine similarity from which two pictures show one place.
    """

    def __init__(self, store: Store, alike_above: float = 0.7) -> None:
        self._store = store
        self._alike_above = alike_above
        self._lock = threading.Lock()
        self._bank: EmbeddingBank | None = None
        self._stamp: tuple[object, ...] = ()

    def find(self, encoding: Encoding, apart_from: ViewKey) -> ViewKey | None:
        """The enrolled view that this frame matches best, or None when it matches none."""
        bank = self._current(encoding.bundle_id)
        if not len(bank.keys):
            return None
        similarities = bank.matrix @ encoding.embedding
        own = np.array([key == apart_from for key in bank.keys])
        similarities[own] = -1.0
        best = int(similarities.argmax())
        return bank.keys[best] if similarities[best] >= self._alike_above else None

    def _current(self, bundle_id: str) -> EmbeddingBank:
        stamp = (bundle_id, *self._store.gallery.stamp())
        with self._lock:
            if self._bank is None or stamp != self._stamp:
                self._bank, self._stamp = self._store.gallery.embeddings(bundle_id), stamp
            return self._bank
