"""An incident as people read it, and as JSON."""

from __future__ import annotations

from typing import Any

from monitor.cli.screen import Screen
from monitor.cli.words import displacement_json, instant, moment, name, severity_cell
from monitor.domain.incident import Incident, Scope
from monitor.domain.timeline import Entry
from monitor.domain.worst import Worst
from monitor.store import DeliveryRow, Dossier

NAMED = 10
"""So many members and children are named on the screen; JSON has more."""


def show_dossier(dossier: Dossier, screen: Screen) -> None:
    """Everything about an incident, for a person."""
    incident = dossier.incident
    severity, mood = severity_cell(incident.severity)
    screen.say(f"Incident {incident.id} of {incident.name}: {name(incident.cause)}, {severity}", mood)
    for line in _facts(dossier):
        screen.say(f"  {line}")
    screen.say()
    screen.table(
        ["time", "what", "who", "details"],
        [
            [moment(entry.at), entry.kind.value.replace("_", " "), entry.author, _details(entry)]
            for entry in dossier.timeline
        ],
    )
    if dossier.deliveries:
        screen.say()
        screen.table(
            ["alert", "to", "status", "attempts", "told", "detail"],
            [
                [
                    row.alert.kind.value,
                    row.notifier,
                    row.status.value,
                    str(row.attempts),
                    moment(row.finished_at),
                    row.detail,
                ]
                for row in dossier.deliveries
            ],
        )


def _facts(dossier: Dossier) -> list[str]:
    incident, worst = dossier.incident, dossier.incident.worst
    over = f"over since {moment(incident.resolved_at)}" if incident.resolved_at else "open"
    again = f", taken up again {incident.reopened} times" if incident.reopened else ""
    lines = [
        f"opened {moment(incident.opened_at)} UTC, {over}{again}",
        f"first seen {moment(incident.first_seen_at)}, last seen {moment(incident.last_seen_at)}",
    ]
    if worst.displacement is not None:
        lines.append(f"farthest off: {worst.displacement.describe()} ({moment(worst.displaced_at)})")
    if worst.similarity is not None:
        lines.append(f"least similar: {worst.similarity:.2f} ({moment(worst.unlike_at)})")
    if incident.acknowledged_at is not None:
        lines.append(f"seen by {incident.acknowledged_by} at {moment(incident.acknowledged_at)}")
    if incident.scope is not Scope.VIEW:
        lines.append(f"views: {_some([str(key) for key in incident.members], len(incident.members))}")
    if dossier.parent is not None:
        state = "over" if dossier.parent.resolved_at else "open"
        lines.append(f"part of incident {dossier.parent.id} of {dossier.parent.name} ({state})")
    if dossier.child_count:
        lines.append(
            f"stands for incidents {_some([str(one.id) for one in dossier.children], dossier.child_count)}"
        )
    return lines


def _some(names: list[str], number: int) -> str:
    more = number - len(names[:NAMED])
    return ", ".join(names[:NAMED]) + (f" and {more} more" if more else "")


def _details(entry: Entry) -> str:
    label = entry.data.get("right")
    said = [] if label is None else ["right" if label else "wrong"]
    changes = [entry.data[key] for key in ("before", "cause") if isinstance(entry.data.get(key), str)]
    said += [" → ".join(str(change).replace("_", " ") for change in changes)] if changes else []
    return "; ".join([*said, *([entry.text] if entry.text else [])])


def dossier_json(dossier: Dossier) -> dict[str, Any]:
    """Everything about an incident as JSON."""
    return incident_json(dossier.incident) | {
        "children": [one.id for one in dossier.children],
        "child_count": dossier.child_count,
        "timeline": [_entry_json(entry) for entry in dossier.timeline],
        "deliveries": [_delivery_json(row) for row in dossier.deliveries],
    }


def incident_json(incident: Incident) -> dict[str, Any]:
    """An incident as JSON."""
    return {
        "incident": incident.id,
        "scope": incident.scope.value,
        "subject": incident.subject or str(incident.key),
        "camera": incident.key.camera,
        "view": incident.key.view,
        "members": [str(key) for key in incident.members],
        "cause": incident.cause.value,
        "severity": incident.severity.value,
        "opened_at": instant(incident.opened_at),
        "first_seen_at": instant(incident.first_seen_at),
        "last_seen_at": instant(incident.last_seen_at),
        "resolved_at": instant(incident.resolved_at),
        "reopened": incident.reopened,
        "acknowledged_at": instant(incident.acknowledged_at),
        "acknowledged_by": incident.acknowledged_by,
        "comment": incident.comment,
        "parent": incident.parent_id,
        "worst": _worst_json(incident.worst),
        "picture": incident.frame_digest,
        "latest_picture": incident.latest_digest,
    }


def _worst_json(worst: Worst) -> dict[str, Any]:
    return {
        "displacement": displacement_json(worst.displacement),
        "excess": worst.excess,
        "displaced_at": instant(worst.displaced_at),
        "similarity": None if worst.similarity is None else round(worst.similarity, 4),
        "unlike_at": instant(worst.unlike_at),
    }


def _entry_json(entry: Entry) -> dict[str, Any]:
    return {
        "at": instant(entry.at),
        "kind": entry.kind.value,
        "author": entry.author,
        "text": entry.text,
        "data": dict(entry.data),
    }


def _delivery_json(row: DeliveryRow) -> dict[str, Any]:
    return {
        "delivery": row.id,
        "kind": row.alert.kind.value,
        "notifier": row.notifier,
        "status": row.status.value,
        "attempts": row.attempts,
        "finished_at": instant(row.finished_at),
        "detail": row.detail,
    }
