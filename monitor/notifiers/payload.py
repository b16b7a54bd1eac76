"""The JSON that receivers get. Versioned: a field may be added within a version, never changed or removed."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from datetime import date
from enum import Enum
from types import MappingProxyType
from typing import Any

from monitor.domain.alert import Alert
from monitor.domain.message import Attachment, Message
from monitor.notifiers.pictures import MEDIA_TYPE, ShownPicture

SCHEMA_VERSION = 1
GROUP = "incident.group"
# A group that a storm has made must not become a body that receivers refuse: so many alerts with all that is known …
FULL_ALERTS = 100
# … and so many more in one line each; how many there are is always said.
BRIEF_ALERTS = 2_000

Pictures = Mapping[str, Sequence[ShownPicture]]
WITHOUT_PICTURES: Pictures = MappingProxyType({})


def encode_message(message: Message, pictures: Pictures = WITHOUT_PICTURES) -> str:
    """The body for one message; every attempt of it has the same text, but for links that were about to expire.

    `docs/alerts.md` lists the fields, `docs/alert.schema.json` describes them. Numbers that JSON does not have (NaN,
    infinity) become null.
    """
    return to_json(body_of(message, pictures))


def body_of(message: Message, pictures: Pictures = WITHOUT_PICTURES) -> dict[str, Any]:
    """The same as JSON-able values."""
    bodies = [_body(alert, pictures.get(alert.id, ())) for alert in message.alerts[:FULL_ALERTS]]
    if not message.is_group:
        if message.attachments:
            bodies[0]["data"]["attachments"] = [attachment_body(each) for each in message.attachments]
        return bodies[0]
    count = len(message.alerts)
    brief = message.alerts[FULL_ALERTS : FULL_ALERTS + BRIEF_ALERTS]
    data: dict[str, Any] = {"group": message.id, "count": count, "alerts": bodies}
    if brief:
        data["further"] = [_brief(alert) for alert in brief]
        data["omitted"] = count - len(bodies) - len(brief)
    timestamp = message.alerts[-1].occurred_at.isoformat()
    return {"type": GROUP, "timestamp": timestamp, "schema": SCHEMA_VERSION, "data": data}


def to_json(value: object) -> str:
    """Compact JSON, without NaN."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def _body(alert: Alert, pictures: Sequence[ShownPicture]) -> dict[str, Any]:
    data: dict[str, Any] = {
        "alert": alert.id,
        "incident": alert.incident_id,
        "severity": alert.severity.value,
        "scope": alert.scope.value,
        # Alerts that were queued by an older version know of their view only.
        "subject": alert.subject or str(alert.key),
        "site": alert.site,
        "camera": alert.key.camera,
        "view": alert.key.view,
        "members": [str(key) for key in alert.members or (alert.key,)],
        "headline": alert.headline,
        "details": jsonable(alert.details),
    }
    if pictures:
        data["pictures"] = [picture_body(picture) for picture in pictures]
    return {
        "type": str(alert.kind),
        "timestamp": alert.occurred_at.isoformat(),
        "schema": SCHEMA_VERSION,
        "data": data,
    }


def _brief(alert: Alert) -> dict[str, Any]:
    return {
        "type": str(alert.kind),
        "alert": alert.id,
        "incident": alert.incident_id,
        "severity": alert.severity.value,
        "subject": alert.subject or str(alert.key),
        "headline": alert.headline,
    }


def picture_body(picture: ShownPicture) -> dict[str, str]:
    """A picture as JSON-able values: its link, or its content in Base64."""
    if picture.url:
        return {"name": picture.name, "url": picture.url}
    content = base64.b64encode(picture.content).decode()
    return {"name": picture.name, "media_type": MEDIA_TYPE, "base64": content}


def attachment_body(attachment: Attachment) -> dict[str, str]:
    """A file as JSON-able values: its content in Base64."""
    content = base64.b64encode(attachment.content).decode()
    return {"name": attachment.name, "media_type": attachment.media_type, "base64": content}


def jsonable(value: Any) -> Any:
    """Any value of an alert's details as one that JSON has."""
    if isinstance(value, dict) or hasattr(value, "items"):
        return {str(key): jsonable(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [jsonable(item) for item in value]
    if isinstance(value, float):
        return value if value - value == 0.0 else None
    if isinstance(value, Enum):
        return jsonable(value.value)
    if isinstance(value, date):
        return value.isoformat()
    return value if value is None or isinstance(value, bool | int | str) else str(value)
