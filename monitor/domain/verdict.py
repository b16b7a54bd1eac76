"""The judgement of one frame."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from monitor.domain.displacement import Displacement


class VerdictKind(StrEnum):
    """Every judgement there is; `docs/glossary.md` explains each to an operator."""

    OK = "ok"
    FLIPPED_180 = "flipped_180"
    ROTATED_90 = "rotated_90"
    ROTATED_270 = "rotated_270"
    MIRRORED = "mirrored"
    MOVED = "moved"
    DIFFERENT_SCENE = "different_scene"
    OBSTRUCTED = "obstructed"
    BLURRED = "blurred"
    DARK = "dark"
    OVEREXPOSED = "overexposed"
    FROZEN = "frozen"
    STREAM_FAULT = "stream_fault"
    OFFLINE = "offline"
    UNSURE = "unsure"


PICTURELESS = frozenset({VerdictKind.OFFLINE, VerdictKind.STREAM_FAULT})
"""Verdicts without a usable picture: grabbing failed, and the light was not seen. A dark one was grabbed well."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one frame says about its view.

    Attributes:
        kind: The judgement.
        confidence: 0–1; how clearly the evidence speaks for `kind` (1 for facts such as `offline`).
        reasons: Short sentences for a person, most important first.
        displacement: Measured for `ok`, `moved` and the turned kinds; None where nothing could be measured.
        similarity: Cosine similarity of the embeddings in the best orientation, or None without a comparison.
        reference_id: The reference that speaks, or None.
        looks_like: `camera/view` of another enrolled view that this frame matches (swapped cables), or None.
        evidence: Plain numbers and strings that led here, thresholds included; stored with the observation.
        remarks: Sentences on the camera itself that change no judgement: its clock, its format, its light.
    """

    kind: VerdictKind
    confidence: float
    reasons: tuple[str, ...] = ()
    displacement: Displacement | None = None
    similarity: float | None = None
    reference_id: int | None = None
    looks_like: str | None = None
    evidence: Mapping[str, float | str | None] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()
