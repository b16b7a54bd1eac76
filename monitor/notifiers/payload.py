"""The JSON that receivers get. Versioned: a field may be added within a version, never changed or removed."""

from __future__ import annotations

import json
from datetime import date
from enum import Enum
from typing import Any

from monitor.domain.alert import Alert

SCHEMA_VERSION = 1


def encode_alert(alert: Alert) -> str:
    """The body for one alert; every attempt of it has the same text.

    `docs/alerts.md` lists the fields. Numbers that JSON does not have (NaN, infinity) become null.
    """
    body = {
        "type": str(alert.kind),
        "timestamp": alert.occurred_at.isoformat(),
        "schema": SCHEMA_VERSION,
        "data": {
            "alert": alert.id,
            "incident": alert.incident_id,
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
    return json.dumps(body, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


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
