"""An alert, and a clock."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, datetime

from monitor.domain.alert import Alert, AlertKind
from monitor.domain.message import Message
from monitor.domain.verdict import VerdictKind
from monitor.domain.view import ViewKey

OCCURRED_AT = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)

ALERT = Alert(
    id="17-1",
    kind=AlertKind.OPENED,
    key=ViewKey("gate-north", "yard"),
    site="north",
    incident_id=17,
    occurred_at=OCCURRED_AT,
    headline="gate-north/yard moved: 5.1 % right – “größer”",
    details={
        "cause": VerdictKind.MOVED,
        "displacement": {"dx": 0.051, "sigma": float("nan")},
        "reasons": ("two checks agree",),
        "since": OCCURRED_AT,
        "looks_like": None,
    },
)


class RunningClock:
    """The machine's clocks: receivers compare the time of signatures with their own."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic_s(self) -> float:
        return time.monotonic()


def group_of(count: int, **changes: object) -> Message:
    """A message of so many alerts of as many incidents, each as wordy as alerts get."""
    wordy = {
        "remedy": "Turn it back. " * 40,
        "reasons": ("two checks agree, and so does everything else",) * 5,
        "first_seen_at": OCCURRED_AT.isoformat(),
        "displacement": {"dx_percent": 5.1, "dy_percent": -2.0, "roll_degrees": 1.0, "zoom": 1.1},
    }
    alerts = [
        replace(
            ALERT,
            id=f"{number}-1",
            incident_id=number,
            headline=f'<b>größer & "schräg" {number}</b> \u2028' + "ж" * 300,
            details=wordy,
            **changes,  # type: ignore[arg-type]
        )
        for number in range(1, count + 1)
    ]
    return Message(f"group-{count}", tuple(alerts))
