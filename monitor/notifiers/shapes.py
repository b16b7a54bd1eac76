"""The formats that webhooks can speak: what a receiver's body looks like, what it bears, and what its answers mean."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from monitor.domain.alert import Alert, AlertKind
from monitor.domain.message import Message
from monitor.domain.severity import Severity
from monitor.notifiers.answers import Judge, judge, judge_pagerduty, judge_slack, judge_teams
from monitor.notifiers.errors import BadTemplate
from monitor.notifiers.payload import GROUP, Pictures, attachment_body, encode_message, jsonable, picture_body
from monitor.notifiers.samples import SAMPLE_PICTURES, WITH_PICTURES, sample_messages
from monitor.notifiers.templates import JsonTemplate, built_in
from monitor.notifiers.text import describe_displacement, lines_of, text_of, title_of

STANDARD = "standard"
JSON = "application/json"
# Teams counts two bytes a character unless the encoding is named.
JSON_UTF8 = "application/json; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Shape:
    """One format.

    Attributes:
        alerts_per_request: A message with more becomes several requests; None for one request whatever there is.
        most_requests: With more, the last one tells of all that are left, as a group; None for no bound.
        listed: So many alerts of a request are told one by one, the others only counted.
        max_bytes: With a larger body fewer alerts are listed; None where the receiver sets no bound.
        judge: What answers mean.
        content_type: Of the request.
        needs_key: Whether the body holds a secret of the receiver's, such as PagerDuty's routing key.
        takes_pictures: Whether pictures can be in the body.
    """

    alerts_per_request: int | None = None
    most_requests: int | None = None
    listed: int = 20
    max_bytes: int | None = None
    judge: Judge = judge
    content_type: str = JSON_UTF8
    needs_key: bool = False
    takes_pictures: bool = False


SHAPES: Mapping[str, Shape] = MappingProxyType(
    {
        STANDARD: Shape(content_type=JSON, takes_pictures=True),
        "slack": Shape(judge=judge_slack),
        "teams": Shape(listed=20, max_bytes=20_000, judge=judge_teams),
        "pagerduty": Shape(
            alerts_per_request=1,
            most_requests=21,
            max_bytes=500_000,
            judge=judge_pagerduty,
            needs_key=True,
        ),
        "alertmanager": Shape(alerts_per_request=200, listed=200),
    }
)
# A template of the user's own: the whole message in one request.
OWN = Shape(listed=100, takes_pictures=True)


@dataclass(frozen=True, slots=True)
class Part:
    """One request's share of a message.

    Attributes:
        id: Its idempotency key: the message's own where there is one part.
        share: What it tells of.
    """

    id: str
    share: Message


class Composer:
    """Makes the bodies for one format.

    Args:
        template: The name of a built-in format, or the text of a template.
        key: The receiver's secret for the body, or empty.

    Raises:
        BadTemplate: The template makes no JSON of the sample messages.
    """

    def __init__(self, template: str, key: str = "") -> None:
        self.shape = SHAPES.get(template, OWN)
        self._key = key
        self._template: JsonTemplate | None = None
        if template != STANDARD:
            self._template = JsonTemplate(built_in(template) if template in SHAPES else template)
        for what, message in sample_messages().items():
            pictures = {message.alerts[0].id: SAMPLE_PICTURES} if what == WITH_PICTURES else {}
            try:
                for part in self.parts(message):
                    self.body(part, pictures)
            except BadTemplate as error:
                raise BadTemplate(f"{error.problem} (Tried with {what}.)", error.remedy) from None

    def parts(self, message: Message) -> Sequence[Part]:
        """The requests for one message, always the same and in the same order."""
        shares = split(message, self.shape)
        if len(shares) == 1:
            return [Part(message.id, message)]
        return [Part(f"{message.id}.{number}", share) for number, share in enumerate(shares, start=1)]

    def body(self, part: Part, pictures: Pictures) -> str:
        """The JSON of one request.

        Raises:
            BadTemplate: The template makes no JSON of it.
        """
        share = part.share
        if self._template is None:
            return encode_message(share, pictures)
        listed = self.shape.listed
        while True:
            body = self._template.render(values_of(share, pictures, self._key, listed))
            if self.shape.max_bytes is None or len(body.encode()) <= self.shape.max_bytes or listed == 1:
                return body
            listed //= 2


def split(message: Message, shape: Shape) -> Sequence[Message]:
    """A message as those of its requests."""
    size = shape.alerts_per_request
    if size is None or len(message.alerts) <= size:
        return [message]
    most = shape.most_requests or len(message.alerts)
    alerts = message.alerts
    cuts = [alerts[start : start + size] for start in range(0, len(alerts), size)]
    if len(cuts) > most:
        cuts = [*cuts[: most - 1], alerts[(most - 1) * size :]]
    return [Message.of(cut[0]) if len(cut) == 1 else Message(message.id, cut) for cut in cuts]


def values_of(message: Message, pictures: Pictures, key: str, listed: int) -> dict[str, Any]:
    """What a template sees; `docs/alerts.md` lists it."""
    alerts = [_alert(alert, pictures) for alert in message.alerts[:listed]]
    severities = [alert.severity for alert in message.alerts]
    return {
        "id": message.id,
        "kind": GROUP if message.is_group else message.alerts[0].kind.value,
        "is_group": message.is_group,
        "count": len(message.alerts),
        "omitted": len(message.alerts) - len(alerts),
        "title": title_of(message),
        "text": text_of(message, pictures),
        "severity": max(severities, key=lambda severity: severity.rank).value,
        "severities": [severity.value for severity in Severity],
        "timestamp": message.alerts[-1].occurred_at.isoformat(),
        "alerts": alerts,
        "pictures": [picture for alert in alerts for picture in alert["pictures"]],
        "attachments": [attachment_body(each) for each in message.attachments],
        "key": key,
    }


def _alert(alert: Alert, pictures: Pictures) -> dict[str, Any]:
    shown = pictures.get(alert.id, ())
    details = alert.details
    return {
        "id": alert.id,
        "kind": alert.kind.value,
        "incident": alert.incident_id,
        "severity": alert.severity.value,
        "scope": alert.scope.value,
        "subject": alert.subject or str(alert.key),
        "site": alert.site,
        "camera": alert.key.camera,
        "view": alert.key.view,
        "members": [str(member) for member in alert.members],
        "headline": alert.headline,
        "text": "\n".join(lines_of(alert, shown)),
        "timestamp": alert.occurred_at.isoformat(),
        "since": str(details.get("first_seen_at") or ""),
        "cause": str(jsonable(details.get("cause")) or ""),
        "remedy": "" if alert.kind is AlertKind.RESOLVED else str(details.get("remedy") or ""),
        "displacement": describe_displacement(details.get("displacement")),
        "details": jsonable(details),
        "pictures": [picture_body(picture) for picture in shown],
    }
