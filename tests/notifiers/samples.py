"""An alert, and a clock."""

from __future__ import annotations

import time
from datetime import UTC, datetime

from monitor.domain.alert import Alert, AlertKind
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
