"""A message in words, for mails, chats and whatever else shows plain text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from monitor.domain.alert import Alert, AlertKind
from monitor.domain.message import Message
from monitor.notifiers.payload import WITHOUT_PICTURES, Pictures
from monitor.notifiers.pictures import ShownPicture

# A subject line; longer ones are cut by mail programs and refused by some services.
TITLE_CHARACTERS = 150
# Of a group so many alerts are told at length; the others are counted.
ALERTS_TOLD = 20
REASONS_TOLD = 3
MEMBERS_TOLD = 10

_COUNTED = {
    AlertKind.OPENED: "new",
    AlertKind.REOPENED: "back",
    AlertKind.CHANGED: "changed",
    AlertKind.REMINDER: "still open",
    AlertKind.ACKNOWLEDGED: "acknowledged",
    AlertKind.RESOLVED: "over",
}


def title_of(message: Message) -> str:
    """One line: the headline, or of a group how many incidents, where, and what is the matter with them."""
    if not message.is_group:
        return cut(message.alerts[0].headline, TITLE_CHARACTERS)
    kinds = Counter(_COUNTED.get(alert.kind, str(alert.kind)) for alert in message.alerts)
    sites = sorted({alert.site for alert in message.alerts})
    where = f" at {', '.join(sites)}" if len(sites) <= 3 else f" at {len(sites)} sites"
    parts = ", ".join(f"{count} {kind}" for kind, count in kinds.items())
    return cut(f"{len(message.alerts)} camera incidents{where}: {parts}", TITLE_CHARACTERS)


def text_of(message: Message, pictures: Pictures = WITHOUT_PICTURES) -> str:
    """All that a person needs to act, in lines; a group's alerts one after another, the first of very many only."""
    told = message.alerts[:ALERTS_TOLD]
    parts = ["\n".join(lines_of(alert, pictures.get(alert.id, ()))) for alert in told]
    if len(message.alerts) > len(told):
        parts.append(f"… and {len(message.alerts) - len(told)} more; `monitor status` lists what is open.")
    return "\n\n".join(parts)


def lines_of(alert: Alert, pictures: Sequence[ShownPicture] = ()) -> Iterator[str]:
    """What happened, how far, since when, why we think so, and what to do."""
    details = alert.details
    yield alert.headline
    if displacement := describe_displacement(details.get("displacement")):
        yield f"Displacement: {displacement}"
    for reason in _texts(details.get("reasons"))[:REASONS_TOLD]:
        yield f"Because: {reason}"
    if (remedy := details.get("remedy")) and alert.kind is not AlertKind.RESOLVED:
        yield f"To do: {remedy}"
    yield f"Severity: {alert.severity.value}. Site: {alert.site}."
    if len(alert.members) > 1:
        named = ", ".join(str(key) for key in alert.members[:MEMBERS_TOLD])
        more = f" and {len(alert.members) - MEMBERS_TOLD} more" if len(alert.members) > MEMBERS_TOLD else ""
        yield f"Concerns: {named}{more}"
    if since := details.get("first_seen_at"):
        yield f"Since: {since}"
    if alert.incident_id:
        what = alert.kind.value.removeprefix("incident.")
        yield f"Incident {alert.incident_id}, {what} at {alert.occurred_at.isoformat()}"
    for picture in pictures:
        if picture.url:
            yield f"Picture ({picture.name}): {picture.url}"


def describe_displacement(displacement: object) -> str:
    """`5.1 % right, 2.0 % down, roll +0.3°, zoom 1.02`; empty where nothing was measured."""
    if not isinstance(displacement, Mapping):
        return ""
    return ", ".join(_displacement_parts(displacement))


def cut(text: object, characters: int) -> str:
    """At most so many characters; what was left out shows as an ellipsis."""
    whole = str(text)
    return whole if len(whole) <= characters else whole[: max(0, characters - 1)] + "…"


def _displacement_parts(displacement: Mapping[str, Any]) -> Iterator[str]:
    for key, (ahead, behind) in (("dx_percent", ("right", "left")), ("dy_percent", ("down", "up"))):
        value = displacement.get(key)
        if isinstance(value, int | float) and value:
            yield f"{abs(value):.1f} % {ahead if value > 0 else behind}"
    if isinstance(roll := displacement.get("roll_degrees"), int | float) and roll:
        yield f"roll {roll:+.1f}°"
    if isinstance(zoom := displacement.get("zoom"), int | float) and zoom != 1:
        yield f"zoom {zoom:.2f}"


def _texts(value: object) -> list[str]:
    return [str(item) for item in value] if isinstance(value, list | tuple) else []
