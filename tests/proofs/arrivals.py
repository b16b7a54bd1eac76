"""What arrived at receivers, and whether it may have arrived like that."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from monitor.domain.message import Message


@dataclass(frozen=True, slots=True)
class Arrival:
    """One message as a receiver got it.

    Attributes:
        notifier: Whose receiver.
        message: The idempotency key.
        alerts: Ids of the alerts in it, `{incident}-{sequence}`, in their order.
        kinds: What they report, likewise.
    """

    notifier: str
    message: str
    alerts: tuple[str, ...]
    kinds: tuple[str, ...] = ()

    @classmethod
    def of_message(cls, notifier: str, message: Message) -> Arrival:
        return cls(
            notifier,
            message.id,
            tuple(alert.id for alert in message.alerts),
            tuple(alert.kind.value for alert in message.alerts),
        )

    @classmethod
    def of_body(cls, notifier: str, message: str, body: Mapping[str, Any]) -> Arrival:
        alerts = body["data"].get("alerts", [body])
        return cls(
            notifier,
            message,
            tuple(alert["data"]["alert"] for alert in alerts),
            tuple(alert["type"] for alert in alerts),
        )


@dataclass
class Arrivals:
    """Everything that arrived so far, in that order."""

    all: list[Arrival] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, arrival: Arrival) -> None:
        with self.lock:
            self.all.append(arrival)

    def add_body(self, notifier: str, message: str, body: bytes | str) -> None:
        self.add(Arrival.of_body(notifier, message, json.loads(body)))

    @property
    def alerts(self) -> set[tuple[str, str]]:
        """Notifier and alert of all that arrived."""
        return {(one.notifier, alert) for one in self.all for alert in one.alerts}

    @property
    def repeated(self) -> int:
        """Messages that arrived again."""
        return len(self.all) - len({(one.notifier, one.message) for one in self.all})


def complaints_about_arrivals(arrivals: Sequence[Arrival]) -> list[str]:
    """What is wrong with what arrived: other contents under a key, another key for an alert, a wrong order."""
    return [*_keys(arrivals), *_order(arrivals)]


def _keys(arrivals: Iterable[Arrival]) -> Iterable[str]:
    contents: dict[tuple[str, str], tuple[str, ...]] = {}
    keys: dict[tuple[str, str], str] = {}
    for one in arrivals:
        if contents.setdefault((one.notifier, one.message), one.alerts) != one.alerts:
            yield f"{one.notifier}: message {one.message} came with other alerts than before"
        if len(set(one.alerts)) != len(one.alerts):
            yield f"{one.notifier}: message {one.message} holds an alert twice"
        for alert in one.alerts:
            known = keys.setdefault((one.notifier, alert), one.message)
            if known != one.message:
                yield f"{one.notifier}: alert {alert} came as {known} and as {one.message}"


def _order(arrivals: Iterable[Arrival]) -> Iterable[str]:
    """Of an incident, each message is newer than the one before, or is that one again."""
    latest: dict[tuple[str, int], Arrival] = {}
    for one in arrivals:
        for incident, numbers in _by_incident(one).items():
            before = latest.get((one.notifier, incident))
            latest[one.notifier, incident] = one
            if numbers != sorted(numbers):
                yield f"{one.notifier}: incident {incident} is told in no order: {one.alerts}"
            if before is None or before.message == one.message:
                continue
            if numbers[0] <= _by_incident(before)[incident][-1]:
                yield f"{one.notifier}: {one.alerts} came after {before.alerts}"


def _by_incident(arrival: Arrival) -> dict[int, list[int]]:
    numbers: dict[int, list[int]] = {}
    for alert in arrival.alerts:
        incident, _, number = alert.rpartition("-")
        numbers.setdefault(int(incident), []).append(int(number))
    return numbers
