"""Whether one more alert of an incident is told to a notifier, given what became of the earlier ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from monitor.domain.alert import AlertKind

OVER_UNTOLD = "over before it was told"
SUPERSEDED = "a later alert says more"
_OPENING = frozenset({AlertKind.OPENED, AlertKind.REOPENED})


class Fate(StrEnum):
    """What becomes of an alert to one notifier."""

    TOLD = "told"
    HELD = "held"
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True)
class Earlier:
    """An earlier alert of the same incident to the same notifier; `told` also when it is still on its way."""

    sequence: int
    kind: AlertKind
    fate: Fate


@dataclass(frozen=True, slots=True)
class Telling:
    """What is to be done.

    Attributes:
        fate: Of the new alert.
        reason: Why it is held or dropped; empty when it is told.
        release: Earlier alerts, by sequence, that are to be told now, before it.
        drop: Earlier alerts that are not to be told any more, with the reason.
        drop_reason: Why not.
    """

    fate: Fate
    reason: str = ""
    release: tuple[int, ...] = ()
    drop: tuple[int, ...] = ()
    drop_reason: str = ""


def how_to_tell(kind: AlertKind, held: str, earlier: Sequence[Earlier]) -> Telling:
    """Decide on one more alert.

    1. The end of what was never told is not told either, and takes back what is still held.
    2. The end of what was told is told at once, muted or not: who knows of the beginning must not wait for ever.
    3. Anything else is held while there is a reason to.
    4. What is told brings a held beginning along, so that no receiver hears of a change of what it does not know; what
       else is held has been overtaken.

    Args:
        kind: Of the new alert.
        held: Why nothing is to be told at present; empty when it is.
        earlier: In any order.
    """
    episode = _present_episode(earlier)
    waiting = [one for one in episode if one.fate is Fate.HELD]
    numbers = tuple(one.sequence for one in waiting)
    if kind is AlertKind.RESOLVED:
        was_told = any(one.fate is Fate.TOLD for one in episode)
        if was_told or not (episode or held):
            return Telling(Fate.TOLD, drop=numbers, drop_reason=SUPERSEDED)
        return Telling(Fate.DROPPED, OVER_UNTOLD, drop=numbers, drop_reason=OVER_UNTOLD)
    if held:
        return Telling(Fate.HELD, held)
    return Telling(
        Fate.TOLD,
        release=tuple(one.sequence for one in waiting if one.kind in _OPENING),
        drop=tuple(one.sequence for one in waiting if one.kind not in _OPENING),
        drop_reason=SUPERSEDED,
    )


def is_being_told(earlier: Sequence[Earlier]) -> bool:
    """Whether the notifier knows, or will know, that the incident is open: then it hears how it goes on."""
    return any(one.fate is Fate.TOLD for one in _present_episode(earlier))


def knows_all_so_far(earlier: Sequence[Earlier]) -> bool:
    """Whether the notifier knows of the incident, and nothing of it is held back: then it hears who is at it.

    What was held would be told after that, and out of order; and who does not know of an incident need not hear that
    somebody is at it.
    """
    episode = _present_episode(earlier)
    return is_being_told(earlier) and not any(one.fate is Fate.HELD for one in episode)


def _present_episode(earlier: Sequence[Earlier]) -> list[Earlier]:
    """What came since the incident was last over; one that is taken up again begins anew."""
    last_end = max((one.sequence for one in earlier if one.kind is AlertKind.RESOLVED), default=0)
    return [one for one in earlier if one.sequence > last_end]
