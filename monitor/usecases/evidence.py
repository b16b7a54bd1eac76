"""What an incident rests on, put together for a person: its pictures and its figures."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from monitor.domain.errors import FrameFault
from monitor.domain.exhibit import DrawExhibit, Exhibit, Shot
from monitor.domain.frame import Frame
from monitor.domain.incident import Incident, Scope
from monitor.domain.links import EvidencePicture
from monitor.domain.orientation import Orientation
from monitor.domain.state import Change
from monitor.domain.verdict import Verdict, VerdictKind
from monitor.domain.view import ViewSpec
from monitor.store import GalleryEntry, ImageMissing, Store, UnknownIncident
from monitor.store.dossier import Dossier
from monitor.store.serial import from_json
from monitor.usecases.evidence_figures import Findings, figures, title_of

PICTURES = (
    EvidencePicture.REFERENCE,
    EvidencePicture.EVENT,
    EvidencePicture.LATEST,
    EvidencePicture.OVERLAY,
    EvidencePicture.DIFFERENCE,
)
"""Names of the pictures of a pack, in the order in which a person looks at them."""
BEFORE = timedelta(minutes=10)
"""So much of a view's history before an incident belongs to it: the suspicion that it began with."""
KEPT_PACKS = 8
"""Packs kept drawn, about half a megabyte each."""
_TURNED = frozenset(each.verdict for each in Orientation) - {VerdictKind.OK}


@dataclass(frozen=True, slots=True)
class EvidenceTools:
    """What evidence is put together with.

    Attributes:
        store: Where incidents, history and pictures are.
        read_picture: Decodes a stored picture; raises `FrameFault` where it is damaged.
        draw: Draws the pictures.
    """

    store: Store
    read_picture: Callable[[bytes, datetime], Frame]
    draw: DrawExhibit


@dataclass(frozen=True, slots=True)
class EvidencePack:
    """The evidence of one incident.

    Attributes:
        pictures: JPEGs by their names, see `PICTURES`; what there is none of is missing.
        figures: JSON-able; without addresses of cameras and without secrets.
    """

    pictures: Mapping[str, bytes]
    figures: Mapping[str, Any]


def pack(incident_id: int, tools: EvidenceTools) -> EvidencePack:
    """Put the evidence of an incident together.

    The reference is the one that the verdict rests on; where none spoke (no frame came), the newest in use. Pictures
    that were pruned or are damaged are left out, and the figures say so.

    Raises:
        UnknownIncident: There is no such incident.
    """
    found = _find(tools.store.dossiers.of(incident_id), tools.store)
    exhibit, missing = _exhibit(found, tools)
    drawn = tools.draw(exhibit)
    return EvidencePack(drawn.pictures, figures(found, drawn, missing))


class EvidenceShelf:
    """Finds single pictures of incidents by name; the last packs stay drawn, as a link is often opened twice.

    Args:
        tools: What packs are put together with.
        keep: How many packs stay.
    """

    def __init__(self, tools: EvidenceTools, keep: int = KEPT_PACKS) -> None:
        self._tools = tools
        self._keep = keep
        self._kept: OrderedDict[int, tuple[Incident, Mapping[str, bytes]]] = OrderedDict()
        # Held while a pack is drawn: whoever asks for its other pictures meanwhile gets them from here.
        self._lock = threading.Lock()

    def __call__(self, incident_id: int, name: str) -> bytes | None:
        """One picture as a JPEG, or None where there is no such incident or no such picture of it."""
        if name not in PICTURES:
            return None
        with self._lock:
            try:
                return self._pictures(incident_id).get(name)
            except UnknownIncident:
                return None

    def _pictures(self, incident_id: int) -> Mapping[str, bytes]:
        incident = self._tools.store.incidents.get(incident_id)
        kept = self._kept.get(incident_id)
        if kept is None or _look_of(kept[0]) != _look_of(incident):
            kept = (incident, pack(incident_id, self._tools).pictures)
            self._kept[incident_id] = kept
        self._kept.move_to_end(incident_id)
        while len(self._kept) > self._keep:
            self._kept.popitem(last=False)
        return kept[1]


def _look_of(incident: Incident) -> tuple[object, ...]:
    """What the pictures depend on."""
    return incident.cause, incident.frame_digest, incident.latest_digest, incident.resolved_at


def _find(dossier: Dossier, store: Store) -> Findings:
    incident = dossier.incident
    spec = store.views.get(incident.key).spec
    until = None if incident.resolved_at is None else incident.resolved_at + BEFORE
    history = store.history.changes(incident.key, incident.first_seen_at - BEFORE, until)
    # Of an incident about several views other facts are kept there; each view has a verdict in its own.
    has_verdict = incident.scope is Scope.VIEW and incident.verdict
    verdict = from_json(Verdict, incident.verdict) if has_verdict else None
    entries = store.gallery.list(incident.key, include_inactive=True)
    spoke = [entry for entry in entries if verdict and entry.reference_id == verdict.reference_id]
    in_use = [entry for entry in entries if entry.active]
    reference = next(iter([*spoke, *reversed(in_use)]), None)
    seen = [row for row in history if incident.frame_digest and row.image_digest == incident.frame_digest]
    return Findings(dossier, spec, verdict, reference, tuple(history), seen[-1] if seen else None)


def _exhibit(found: Findings, tools: EvidenceTools) -> tuple[Exhibit, dict[str, str]]:
    missing: dict[str, str] = {}

    def shot(name: str, digest: str | None, at: datetime, caption: str) -> Shot | None:
        if digest is None:
            return None
        try:
            return Shot(tools.read_picture(tools.store.images.get(digest), at).pixels, caption)
        except (ImageMissing, FrameFault) as error:
            missing[name] = error.problem
            return None

    incident, verdict = found.incident, found.verdict
    reference, seen = found.reference, found.seen
    seen_at = incident.opened_at if seen is None else seen.captured_at or seen.checked_at
    exhibit = Exhibit(
        title=title_of(found),
        reference=None
        if reference is None
        else shot(
            "reference",
            reference.image_digest,
            reference.created_at,
            _reference_caption(reference, found.spec),
        ),
        event=shot(
            "event", incident.frame_digest, seen_at, f"What {incident.key} showed at {_moment(seen_at)} UTC."
        ),
        latest=_latest(found, shot),
        orientation=_orientation(verdict),
        displacement=verdict.displacement if verdict else None,
        masks=found.spec.masks,
    )
    return exhibit, missing


def _latest(found: Findings, shot: Callable[[str, str | None, datetime, str], Shot | None]) -> Shot | None:
    """The picture of the recovery; of an open incident the latest that was kept, if it came after the event's."""
    incident, seen = found.incident, found.seen
    pictured = [row for row in found.history if row.image_digest is not None]
    recovered = next((row for row in reversed(pictured) if row.change is Change.RECOVERED), None)
    if incident.resolved_at is not None and recovered is not None:
        at = recovered.captured_at or recovered.checked_at
        return shot("latest", recovered.image_digest, at, f"{incident.key} at the end, at {_moment(at)} UTC.")
    if incident.latest_digest not in (None, incident.frame_digest):
        at = incident.last_seen_at
        said = f"The latest of {incident.key}, from {_moment(at)} UTC or before."
        return shot("latest", incident.latest_digest, at, said)
    later = [row for row in pictured if seen is not None and row.slot > seen.slot]
    if not later:
        return None
    at = later[-1].captured_at or later[-1].checked_at
    return shot(
        "latest", later[-1].image_digest, at, f"The latest kept of {incident.key}, from {_moment(at)} UTC."
    )


def _orientation(verdict: Verdict | None) -> Orientation:
    """How the event's frame was turned when it was measured; only named turns and measured frames are turned back."""
    if verdict is None or (verdict.kind not in _TURNED and verdict.displacement is None):
        return Orientation.UPRIGHT
    by_kind = next((each for each in Orientation if each.verdict is verdict.kind), Orientation.UPRIGHT)
    said = verdict.evidence.get("orientation")
    return Orientation(said) if isinstance(said, str) and said in list(Orientation) else by_kind


def _reference_caption(reference: GalleryEntry, spec: ViewSpec) -> str:
    made = f"reference {reference.reference_id}, {reference.origin} {_moment(reference.created_at)} UTC"
    return f"What {spec.key} (site {spec.site}) should show: {made}."


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S}"
