"""Noticing that a camera's port answers again, long before its next check is due."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from monitor.domain.view import ViewKey

# A host's name or address, and a TCP port.
Endpoint = tuple[str, int]


@dataclass(slots=True)
class _Door:
    """One endpoint: who waits there, and whether it answered when last knocked at (None before the first time)."""

    waiting: set[ViewKey] = field(default_factory=set)
    answered: bool | None = None
    refused: bool = False


class Doors:
    """Which views wait for which endpoint. Not safe to share: its owner has the lock.

    A view is worth another look when its endpoint *begins* to answer. One that accepts connections all the time and
    then keeps silent never does; its views wait for their turn.
    """

    def __init__(self) -> None:
        self._doors: dict[Endpoint, _Door] = {}
        self._where: dict[ViewKey, Endpoint] = {}

    def leave(self, key: ViewKey) -> None:
        """The view waits no more."""
        endpoint = self._where.pop(key, None)
        if endpoint is None:
            return
        self._doors[endpoint].waiting.discard(key)
        if not self._doors[endpoint].waiting:
            del self._doors[endpoint]

    def wait(self, key: ViewKey, endpoint: Endpoint, *, refused: bool) -> None:
        """The view gave no frame, and waits for its endpoint.

        Args:
            key: The view.
            endpoint: Where it is.
            refused: Whether the failure was that nothing answers, and not that an answer took too long.
        """
        if self._where.get(key) != endpoint:
            self.leave(key)
            self._where[key] = endpoint
        door = self._doors.setdefault(endpoint, _Door())
        door.waiting.add(key)
        door.refused = refused

    def endpoints(self) -> frozenset[Endpoint]:
        """Where somebody waits."""
        return frozenset(self._doors)

    def knocked(
        self, tried: Collection[Endpoint], answering: Collection[Endpoint]
    ) -> Mapping[Endpoint, set[ViewKey]]:
        """Put down who answered; the endpoints that began to, each with the views that wait there."""
        begun: dict[Endpoint, set[ViewKey]] = {}
        for endpoint in tried:
            door = self._doors.get(endpoint)
            if door is None:
                continue
            answers = endpoint in answering
            # Where nothing is known of before, a refusal a moment ago says that nobody was there.
            was_silent = door.refused if door.answered is None else not door.answered
            if answers and was_silent:
                begun[endpoint] = set(door.waiting)
            door.answered = answers
        return begun
