"""What a source must know from one grab to the next, where the next may be made by another process."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol, runtime_checkable

# JSON-able, and small: it travels with every frame.
Memory = Mapping[str, Any]


@runtime_checkable
class Remembering(Protocol):
    """A source with a memory, besides `grab` and `close`."""

    def remember(self) -> Memory:
        """What the next grab must know, after a grab that went well or did not."""
        ...

    def recall(self, memory: Memory) -> None:
        """Go on from what another instance remembered.

        The memory comes back from a process that may have read hostile bytes: what does not fit is left out, and
        nothing is raised.
        """
        ...
