"""Evidence with known truth: comparisons that the decision reads as it is told to."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from monitor.domain.comparison import Comparison, Relation
from monitor.domain.frame import FrameQuality
from monitor.domain.orientation import Orientation
from monitor.domain.verdict import VerdictKind
from train.calibration.evidence import SERIES, Evidence

START = datetime(2026, 1, 1, tzinfo=UTC)
FINE = FrameQuality(0.5, 0.2, 0.0, 0.0, 0.3, 0.8, 0.2, 0.0)
# What the decision makes of (same, moved, different, obstructed) without an alignment: the likeliest, or `unsure`.
TOLD_RIGHT = Relation(0.95, 0.02, 0.02, 0.01)
TOLD_WRONG = Relation(0.02, 0.02, 0.95, 0.01)


def planted(
    relation: Relation = TOLD_RIGHT,
    *,
    kind: str = SERIES,
    camera: str = "a",
    accepted: VerdictKind = VerdictKind.OK,
    minutes: float | None = None,
) -> Evidence:
    """One comparison of which the head says this."""
    upright = 0.9 if accepted is VerdictKind.OK else 0.2
    comparison = Comparison(
        reference_id=1,
        orientation=Orientation.UPRIGHT,
        similarities={Orientation.UPRIGHT: upright, Orientation.ROTATED_180: 0.3},
        relation=relation,
        network_displacement=None,
        alignment=None,
        sharpness_ratio=1.0,
    )
    at = None if minutes is None else START + timedelta(minutes=minutes)
    return Evidence(kind, camera, "any", "first", at, (accepted,), FINE, comparison, relation)
