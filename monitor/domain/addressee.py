"""Who is to hear of an incident, and when."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from monitor.domain.matcher import Matter


@dataclass(frozen=True, slots=True)
class Addressee:
    """One notifier that is to hear of an alert.

    Attributes:
        notifier: Its name.
        group: Alerts to one notifier with the same group may go out as one message; empty for none.
        wait_s: How long to wait for others of the group.
        held: Why it is not to be told at present, one clause for a person; empty when it is to be told.
    """

    notifier: str
    group: str = ""
    wait_s: float = 0.0
    held: str = ""


Addressing = Callable[[Matter], Sequence[Addressee]]
"""Finds the addressees of what an incident is about."""


def nobody(_matter: Matter) -> Sequence[Addressee]:
    """The addressing of what is only tried out."""
    return ()
