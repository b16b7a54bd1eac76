"""What a source must know from one grab to the next, where the next may be made by another process."""

from __future__ import annotations

from collections.abc import Callable, Mapping
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


@runtime_checkable
class Foretelling(Protocol):
    """A source that remembers something *before* what may hang or crash, besides `Remembering`.

    Where a damaged picture kills the process that reads it, the next grab must not meet the same picture again.
    """

    def foretell(self, tell: Callable[[Memory], None]) -> None:
        """Call `tell` in each grab with what the next one must know if this one never ends."""
        ...
