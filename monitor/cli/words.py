"""How times, verdicts and states are written, for people and as JSON."""

from __future__ import annotations

import getpass
import re
from datetime import datetime, timedelta
from typing import Any

from monitor.domain.advice import remedy
from monitor.domain.displacement import Displacement
from monitor.domain.severity import Severity
from monitor.domain.state import SILENT, Status, Transition
from monitor.domain.verdict import Verdict, VerdictKind

Cell = tuple[str, str]
AIMED = frozenset(
    {
        VerdictKind.MOVED,
        VerdictKind.FLIPPED_180,
        VerdictKind.ROTATED_90,
        VerdictKind.ROTATED_270,
        VerdictKind.MIRRORED,
    }
)
"""Verdicts about the aim, whose reason only repeats them."""
_STATUS_MOODS = {
    Status.OK: "good",
    Status.ALERT: "bad",
    Status.SUSPECT: "doubt",
    Status.UNKNOWN: "doubt",
    Status.UNENROLLED: "quiet",
}
_SEVERITY_MOODS = {Severity.CRITICAL: "bad", Severity.WARNING: "doubt", Severity.INFO: "quiet"}


def author_name() -> str:
    """Who sits at the terminal, as far as the system knows."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"


def name(kind: VerdictKind | None) -> str:
    """A verdict in words: `flipped 180`, or nothing for None.

    Underscores become spaces, as in headlines of alerts.
    """
    return kind.value.replace("_", " ") if kind else ""


def moment(at: datetime | None) -> str:
    """A time to the second, in UTC, or a dash."""
    return f"{at:%Y-%m-%d %H:%M:%S}" if at else "–"


def age(since: datetime | None, now: datetime) -> str:
    """How long ago, roughly: `5 s`, `12 min`, `3 h`, `4 d`, or a dash."""
    return span(now - since) if since else "–"


def span(length: timedelta) -> str:
    """A duration, roughly: `5 s`, `12 min`, `3 h`, `4 d`."""
    seconds = max(0.0, length.total_seconds())
    for limit, size, unit in ((120, 1, "s"), (7200, 60, "min"), (172_800, 3600, "h")):
        if seconds < limit:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds / 86_400:.0f} d"


def verdict_mood(kind: VerdictKind) -> str:
    """The colour of a verdict: good, in doubt, or bad."""
    if kind is VerdictKind.OK:
        return "good"
    return "doubt" if kind in SILENT else "bad"


def verdict_cell(verdict: Verdict | None) -> Cell:
    """A verdict with what matters most about it: `moved: 5.0 % right`."""
    if verdict is None:
        return "–", "quiet"
    return describe(verdict), verdict_mood(verdict.kind)


def describe(verdict: Verdict) -> str:
    """A verdict in a few words: `moved: 5.0 % right`, `different scene, looks like yard`."""
    text = name(verdict.kind)
    if verdict.kind is VerdictKind.MOVED and verdict.displacement is not None:
        return f"{text}: {verdict.displacement.describe()}"
    return f"{text}, looks like {verdict.looks_like}" if verdict.looks_like else text


def status_cell(status: Status, enabled: bool = True) -> Cell:
    """A view's state; a view that is not watched says so."""
    return (status.value, _STATUS_MOODS[status]) if enabled else ("not watched", "quiet")


def severity_cell(severity: Severity) -> Cell:
    """How urgent an incident is."""
    return severity.value, _SEVERITY_MOODS[severity]


def advice(verdict: Verdict) -> str:
    """What to know or do about a verdict, as one line: the remedy where the verdict says it all, else the reason."""
    if verdict.kind is VerdictKind.OK:
        return ""
    if verdict.kind in AIMED or not verdict.reasons:
        return remedy(verdict)
    return re.sub(r"\s+", " ", verdict.reasons[0])


def note(verdict: Verdict) -> str:
    """What to know about a verdict, and what was remarked of the camera, as one line."""
    return " ".join(part for part in (advice(verdict), *verdict.remarks) if part)


def instant(at: datetime | None) -> str | None:
    """A time as JSON has it."""
    return at.isoformat() if at else None


def displacement_json(displacement: Displacement | None) -> dict[str, Any] | None:
    """A displacement as JSON: fractions of the view, degrees, and the words for people."""
    if displacement is None:
        return None
    shown: dict[str, Any] = {
        "dx": round(displacement.dx, 5),
        "dy": round(displacement.dy, 5),
        "roll_deg": round(displacement.roll_deg, 3),
        "zoom": round(displacement.zoom, 5),
        "words": displacement.describe(),
    }
    if displacement.pan_deg is not None and displacement.tilt_deg is not None:
        shown |= {"pan_deg": round(displacement.pan_deg, 3), "tilt_deg": round(displacement.tilt_deg, 3)}
    return shown


def verdict_json(verdict: Verdict | None, *, evidence: bool = False) -> dict[str, Any] | None:
    """A verdict as JSON, with its evidence where that is asked for."""
    if verdict is None:
        return None
    shown: dict[str, Any] = {
        "kind": verdict.kind.value,
        "confidence": round(verdict.confidence, 4),
        "reasons": list(verdict.reasons),
        "remarks": list(verdict.remarks),
        "displacement": displacement_json(verdict.displacement),
        "similarity": None if verdict.similarity is None else round(verdict.similarity, 4),
        "reference": verdict.reference_id,
        "looks_like": verdict.looks_like,
    }
    return shown | ({"evidence": dict(verdict.evidence)} if evidence else {})


def transition_json(transition: Transition | None) -> dict[str, Any] | None:
    """A change of state as JSON."""
    if transition is None:
        return None
    return {
        "change": transition.change.value,
        "before": transition.before.value,
        "after": transition.after.value,
        "cause": transition.cause.value if transition.cause else None,
        "reason": transition.reason,
        "flapping": transition.flapping,
    }
