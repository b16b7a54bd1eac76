"""The published description of what receivers get, as a JSON Schema."""

from __future__ import annotations

from typing import Any

from monitor.domain.alert import AlertKind
from monitor.domain.incident import Scope
from monitor.domain.links import EvidencePicture
from monitor.domain.severity import Severity
from monitor.notifiers.payload import GROUP, SCHEMA_VERSION
from monitor.notifiers.pictures import MEDIA_TYPE

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def alert_schema() -> dict[str, Any]:
    """The schema of the standard body; within a version fields are added, so unknown ones are allowed."""
    return {
        "$schema": DIALECT,
        "title": "Alert of the camera-view monitor",
        "description": "One alert, or the alerts of a group.",
        "oneOf": [{"$ref": "#/$defs/alert"}, {"$ref": "#/$defs/group"}],
        "$defs": {
            "alert": _message([kind.value for kind in AlertKind], {"$ref": "#/$defs/alertData"}),
            "group": _message([GROUP], {"$ref": "#/$defs/groupData"}),
            "alertData": _ALERT_DATA,
            "groupData": _GROUP_DATA,
            "brief": _BRIEF,
            "picture": _PICTURE,
            "attachment": _ATTACHMENT,
        },
    }


def _object(properties: dict[str, Any], optional: tuple[str, ...] = ()) -> dict[str, Any]:
    required = [name for name in properties if name not in optional]
    return {"type": "object", "properties": properties, "required": required}


def _message(types: list[str], data: dict[str, Any]) -> dict[str, Any]:
    return _object(
        {
            "type": {"enum": types, "description": "What it reports."},
            "timestamp": {"type": "string", "format": "date-time", "description": "When it happened, UTC."},
            "schema": {"const": SCHEMA_VERSION, "description": "Version of this layout."},
            "data": data,
        }
    )


_ALERT = {"type": "string", "description": "Id of the alert, the same for every attempt."}
_INCIDENT = {"type": "integer", "description": "Number of the incident; 0 where there is none."}
_SEVERITY = {"enum": [severity.value for severity in Severity], "description": "How urgent it is."}
_SUBJECT = {"type": "string", "description": "Name of what it is about."}
_HEADLINE = {"type": "string", "description": "One sentence for a person."}

_ALERT_DATA = _object(
    {
        "alert": _ALERT,
        "incident": _INCIDENT,
        "severity": _SEVERITY,
        "scope": {"enum": [scope.value for scope in Scope], "description": "What kind of thing it is about."},
        "subject": _SUBJECT,
        "site": {"type": "string", "description": "Where."},
        "camera": {"type": "string", "description": "The camera; of several the first."},
        "view": {"type": "string", "description": "The camera's view; `main` where it has only one."},
        "members": {
            "type": "array",
            "items": {"type": "string"},
            "description": "The views it is about, as camera/view; of very many the first hundred.",
        },
        "headline": _HEADLINE,
        "details": {"type": "object", "description": "Verdict, displacement, reasons, remedy, evidence."},
        "pictures": {
            "type": "array",
            "items": {"$ref": "#/$defs/picture"},
            "description": "Where configured.",
        },
        "attachments": {
            "type": "array",
            "items": {"$ref": "#/$defs/attachment"},
            "description": "The file of a report.",
        },
    },
    optional=("pictures", "attachments"),
)
_GROUP_DATA = _object(
    {
        "group": {"type": "string", "description": "Id of the group, the same for every attempt."},
        "count": {"type": "integer", "description": "How many alerts there are."},
        "alerts": {"type": "array", "items": {"$ref": "#/$defs/alert"}, "description": "The first of them."},
        "further": {
            "type": "array",
            "items": {"$ref": "#/$defs/brief"},
            "description": "The next, in brief.",
        },
        "omitted": {"type": "integer", "description": "How many are in neither list."},
    },
    optional=("further", "omitted"),
)
_BRIEF = _object(
    {
        "type": {"enum": [kind.value for kind in AlertKind], "description": "What it reports."},
        "alert": _ALERT,
        "incident": _INCIDENT,
        "severity": _SEVERITY,
        "subject": _SUBJECT,
        "headline": _HEADLINE,
    }
)
_ATTACHMENT = _object(
    {
        "name": {"type": "string", "description": "Of the file."},
        "media_type": {"type": "string", "description": "What it is."},
        "base64": {"type": "string", "contentEncoding": "base64"},
    }
)
_PICTURE = {
    "description": "A picture of the incident: a link that expires, or a JPEG in Base64.",
    "oneOf": [
        _object({"name": {"enum": list(EvidencePicture)}, "url": {"type": "string", "format": "uri"}}),
        _object(
            {
                "name": {"enum": list(EvidencePicture)},
                "media_type": {"const": MEDIA_TYPE},
                "base64": {"type": "string", "contentEncoding": "base64"},
            }
        ),
    ],
}
