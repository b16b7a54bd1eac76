"""Messages as they come, to try templates with before an incident does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from monitor.domain.alert import Alert, AlertKind
from monitor.domain.message import Message
from monitor.domain.severity import Severity
from monitor.domain.view import ViewKey
from monitor.notifiers.pictures import ShownPicture

WITH_PICTURES = "an incident with a picture"
SAMPLE_PICTURES = (ShownPicture("event", url="https://monitor.example/evidence/token.signature"),)
_AT = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
_KEY = ViewKey("gate-north", "yard")


def sample_messages() -> Mapping[str, Message]:
    """One message of each kind, by what it is, in words."""
    opened = _opened()
    later = _AT + timedelta(minutes=9)
    told = {
        WITH_PICTURES: opened,
        "the same without pictures": opened,
        "an incident that changes": replace(
            opened, id="17-2", kind=AlertKind.CHANGED, severity=Severity.CRITICAL
        ),
        "a reminder": replace(opened, id="17-3", kind=AlertKind.REMINDER, occurred_at=later),
        "an incident that is over": replace(
            opened,
            id="17-4",
            kind=AlertKind.RESOLVED,
            occurred_at=later,
            headline="Resolved: gate-north/yard is as it should be",
        ),
        "a report": Alert(
            "report-1", AlertKind.REPORT, ViewKey("all"), "default", 0, _AT, "Report of the week"
        ),
        "a test": Alert("test-1", AlertKind.TEST, ViewKey("test"), "default", 0, _AT, "Test of a notifier"),
    }
    messages = {what: Message.of(alert) for what, alert in told.items()}
    return messages | {"a group": Message("group-1", (opened, replace(opened, id="18-1", incident_id=18)))}


def _opened() -> Alert:
    return Alert(
        id="17-1",
        kind=AlertKind.OPENED,
        key=_KEY,
        site="north",
        incident_id=17,
        occurred_at=_AT,
        headline='gate-north/yard has moved: 5.1 % right – "größer" & <b>',
        details={
            "cause": "moved",
            "confidence": 0.98,
            "reasons": ("two checks agree",),
            "remedy": "Pan right by 5.1 % of the view.",
            "first_seen_at": _AT.isoformat(),
            "displacement": {"dx_percent": 5.1, "dy_percent": 0.0, "roll_degrees": 0.1, "zoom": 1.0},
        },
        subject=str(_KEY),
        members=(_KEY,),
    )
