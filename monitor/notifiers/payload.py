"""The JSON that receivers get. Versioned: a field may be added within a version, never changed or removed."""

from __future__ import annotations

import json
from datetime import date
from enum import Enum
from typing import Any

from monitor.domain.alert import Alert
from monitor.domain.message import Message

SCHEMA_VERSION = 1


def encode_message(message: Message) -> str:
    """The body for one message; every attempt of it has the same text.

    `docs/alerts.md` lists the fields. Numbers that JSON does not have (NaN, infinity) become null.
    """
    return json.dumps(body_of(message), ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def body_of(message: Message) -> dict[str, Any]:
    """The same as JSON-able values."""
    bodies = [_body(alert) for alert in message.alerts]
    if not message.is_group:
        return bodies[0]
    return {
        "type": "incident.group",
        "timestamp": bodies[-1]["timestamp"],
        "schema": SCHEMA_VERSION,
        "data": {"group": message.id, "count": len(bodies), "alerts": bodies},
    }


def _body(alert: Alert) -> dict[str, Any]:
    return {
        "type": str(alert.kind),
        "timestamp": alert.occurred_at.isoformat(),
        "schema": SCHEMA_VERSION,
        "data": {
            "alert": alert.id,
            "incident": alert.incident_id,
            "severity": alert.severity.value,
            "site": alert.site,
            "camera": alert.key.camera,
            "view": alert.key.view,
            "scope": alert.scope.value,
            # Alerts that were queued by an older version know of their view only.
            "subject": alert.subject or str(alert.key),
            "members": [str(key) for key in alert.members or (alert.key,)],
            "headline": alert.headline,
            "details": _jsonable(alert.details),
        },
    }


def _jsonable(value: Any) -> Any:
    if isinstance(value, dict) or hasattr(value, "items"):
        return {str(key): _jsonable(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_jsonable(item) for item in value]
    if isinstance(value, float):
        return value if value - value == 0.0 else None
    if isinstance(value, Enum):
        return _jsonable(value.value)
    if isinstance(value, date):
        return value.isoformat()
    return value if value is None or isinstance(value, bool | int | str) else str(value)
