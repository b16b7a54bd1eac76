"""The figures of an incident's evidence, as JSON-able values without addresses and secrets."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from monitor.domain.advice import HOST_REMEDY, headline, remedy
from monitor.domain.exhibit import Drawn
from monitor.domain.incident import Incident, Scope
from monitor.domain.merged_announcement import merged_remedy
from monitor.domain.timeline import Entry
from monitor.domain.verdict import PICTURELESS, Verdict
from monitor.domain.view import ViewSpec
from monitor.store import GalleryEntry, ObservationRow
from monitor.store.dossier import Dossier
from monitor.store.serial import to_json

SCHEMA = 1
"""Version of the layout; within one, fields are only added."""
_THRESHOLD = "threshold_"
_ADDRESS = re.compile(r"\w+://\S+|\b\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?\b")


@dataclass(frozen=True, slots=True, eq=False)
class Findings:
    """What is known of an incident.

    Attributes:
        dossier: The incident, what happened to it, and what it stands for.
        spec: Of its view, or of the first of several.
        verdict: The one that named its present cause, or None where it rests on none.
        reference: The one that spoke, or the newest in use; None where there is none.
        history: Observations of the time that changed the state or left a picture, the oldest first.
        seen: The one whose picture is the event's, or None.
    """

    dossier: Dossier
    spec: ViewSpec
    verdict: Verdict | None
    reference: GalleryEntry | None
    history: tuple[ObservationRow, ...]
    seen: ObservationRow | None

    @property
    def incident(self) -> Incident:
        """The incident itself."""
        return self.dossier.incident


def title_of(found: Findings) -> str:
    """One line: what is wrong with what."""
    incident = found.incident
    cause = incident.cause.value.replace("_", " ")
    if incident.scope is not Scope.VIEW or found.verdict is None:
        return f"Incident {incident.id}: {incident.name}: {cause}"
    if found.verdict.kind is not incident.cause:
        return f"Incident {incident.id}: {incident.name}: {cause} (pictures of before)"
    return f"Incident {incident.id}: {headline(incident.name, found.verdict)}"


def figures(found: Findings, drawn: Drawn, missing: Mapping[str, str]) -> dict[str, Any]:
    """Everything that there is to say of an incident in numbers and words.

    Args:
        found: What is known.
        drawn: The pictures.
        missing: Why pictures that should be there are not.
    """
    incident, spec, verdict = found.incident, found.spec, found.verdict
    newest = next((row for row in reversed(found.history) if row.bundle_id), None)
    looked = found.seen or newest
    shown: dict[str, Any] = {
        "schema": SCHEMA,
        "incident": incident.id,
        "title": title_of(found),
        "scope": incident.scope,
        "site": spec.site,
        "camera": spec.key.camera,
        "view": spec.key.view,
        "members": [str(key) for key in incident.members],
        # Each has evidence of its own.
        "parts": [part.id for part in found.dossier.children],
        "part_count": found.dossier.child_count,
        "part_of": incident.parent_id,
        "cause": incident.cause,
        "severity": incident.severity,
        "remedy": _remedy(found),
        "opened_at": incident.opened_at,
        "first_seen_at": incident.first_seen_at,
        "last_seen_at": incident.last_seen_at,
        "resolved_at": incident.resolved_at,
        "reopened": incident.reopened,
        "acknowledged_at": incident.acknowledged_at,
        "acknowledged_by": incident.acknowledged_by,
        "comment": incident.comment,
        "verdict": None if verdict is None else _verdict(verdict),
        "displacement": None if verdict is None else _displacement(verdict),
        "worst": _worst(incident),
        "field_of_view": spec.field_of_view,
        "thresholds": {} if verdict is None else _thresholds(verdict),
        "bundle": looked.bundle_id if looked else None,
        "reference": None if found.reference is None else _reference(found.reference),
        "pictures": sorted(drawn.pictures),
        "missing": dict(missing),
        "disagreement": {"before": drawn.disagreement_before, "after": drawn.disagreement_after},
        "history": [_row(row) for row in found.history],
        "timeline": [_entry(entry) for entry in found.dossier.timeline],
        "tags": spec.tags,
        "labels": spec.labels,
    }
    plain: dict[str, Any] = to_json(shown)
    return plain


def _remedy(found: Findings) -> str:
    incident, verdict = found.incident, found.verdict
    if incident.scope is Scope.HOST:
        return HOST_REMEDY
    if incident.scope is not Scope.VIEW:
        return merged_remedy(incident)
    speaks = verdict is not None and verdict.kind is incident.cause
    return remedy(verdict if verdict is not None and speaks else Verdict(incident.cause, 1.0))


def _verdict(verdict: Verdict) -> dict[str, Any]:
    # Of a grab that failed, the reason names the camera's address.
    reasons = () if verdict.kind in PICTURELESS else verdict.reasons
    return {
        "kind": verdict.kind,
        "confidence": verdict.confidence,
        "reasons": reasons,
        "similarity": verdict.similarity,
        "looks_like": verdict.looks_like,
        "evidence": {
            name: value for name, value in verdict.evidence.items() if not name.startswith(_THRESHOLD)
        },
    }


def _displacement(verdict: Verdict) -> dict[str, Any] | None:
    moved = verdict.displacement
    if moved is None:
        return None
    sigmas = {
        "sigma_percent": round(moved.sigma_fov * 100, 3),
        "sigma_roll_degrees": round(moved.sigma_roll_deg, 3),
        "sigma_zoom": round(moved.sigma_zoom, 5),
    }
    return {**moved.figures(), **sigmas, "words": moved.describe()}


def _worst(incident: Incident) -> dict[str, Any]:
    worst = incident.worst
    moved = worst.displacement
    return {
        "displacement": None if moved is None else {**moved.figures(), "words": moved.describe()},
        "tolerances": worst.excess,
        "displaced_at": worst.displaced_at,
        "similarity": worst.similarity,
        "unlike_at": worst.unlike_at,
    }


def _thresholds(verdict: Verdict) -> dict[str, Any]:
    return {
        name.removeprefix(_THRESHOLD): value
        for name, value in verdict.evidence.items()
        if name.startswith(_THRESHOLD)
    }


def _reference(reference: GalleryEntry) -> dict[str, Any]:
    return {
        "id": reference.reference_id,
        "origin": reference.origin,
        "created_at": reference.created_at,
        "bundle": reference.bundle_id,
        "in_use": reference.active,
    }


def _row(row: ObservationRow) -> dict[str, Any]:
    moved = row.verdict.displacement
    return {
        "at": row.checked_at,
        "verdict": row.verdict.kind,
        "confidence": row.verdict.confidence,
        "displacement": None if moved is None else moved.figures(),
        "similarity": row.verdict.similarity,
        "state": row.status,
        "change": row.change,
    }


def _entry(entry: Entry) -> dict[str, Any]:
    # What people write is theirs; what the service says may name an address.
    text = entry.text if entry.author else _ADDRESS.sub("(address)", entry.text)
    return {"at": entry.at, "kind": entry.kind, "by": entry.author, "text": text}
