"""How far a message has come that takes several requests."""

from __future__ import annotations

import threading
from collections import OrderedDict

REMEMBERED = 1_000


class Progress:
    """Which parts of messages were accepted, so that another attempt sends only the others.

    In memory, and of the newest messages only: what is forgotten is sent again, which receivers can tell by its key.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._accepted: OrderedDict[str, frozenset[int]] = OrderedDict()

    def accepted(self, message_id: str) -> frozenset[int]:
        """The parts that need not be sent again, by their positions."""
        with self._lock:
            return self._accepted.get(message_id, frozenset())

    def note(self, message_id: str, part: int) -> None:
        """One part was accepted."""
        with self._lock:
            self._accepted[message_id] = self._accepted.pop(message_id, frozenset()) | {part}
            while len(self._accepted) > REMEMBERED:
                self._accepted.popitem(last=False)

    def forget(self, message_id: str) -> None:
        """The message has arrived, or is given up."""
        with self._lock:
            self._accepted.pop(message_id, None)
