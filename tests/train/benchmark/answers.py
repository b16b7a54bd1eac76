"""Rows of a benchmark, made by hand."""

from __future__ import annotations

from collections.abc import Sequence

from monitor.domain.displacement import Displacement
from monitor.domain.verdict import VerdictKind
from train.benchmark.rows import Row

OK, MOVED, UNSURE, DARK = VerdictKind.OK, VerdictKind.MOVED, VerdictKind.UNSURE, VerdictKind.DARK
OTHER, OBSTRUCTED, FLIPPED = VerdictKind.DIFFERENT_SCENE, VerdictKind.OBSTRUCTED, VerdictKind.FLIPPED_180


def answer(
    said: VerdictKind,
    *accepted: VerdictKind,
    kind: str = "same",
    camera: str = "a",
    light: str = "day-day",
    method: str = "ours",
    change: float = 0.0,
    confidence: float | None = None,
    known: Displacement | None = None,
    measured: Displacement | None = None,
    judge_ms: float = 1.0,
    pair: str = "",
) -> Row:
    """What was said of a pair of which `accepted` is right (`ok` when nothing is given)."""
    right = accepted or (OK,)
    return Row(
        method=method,
        pair=pair or f"{camera}/{kind}/{light}",
        kind=kind,
        camera=camera,
        light=light,
        truth=right[0],
        accepted=right,
        verdict=said,
        change=change,
        confidence=confidence,
        true_dx=known and known.dx,
        true_dy=known and known.dy,
        true_roll_deg=known and known.roll_deg,
        true_zoom=known and known.zoom,
        dx=measured and measured.dx,
        dy=measured and measured.dy,
        roll_deg=measured and measured.roll_deg,
        zoom=measured and measured.zoom,
        judge_ms=judge_ms,
    )


def shifted(
    said: Sequence[VerdictKind], size_fov: float, kind: str, camera: str = "a", method: str = "ours"
) -> list[Row]:
    """One answer to each of several pairs that are shifted to the right."""
    known = Displacement(dx=size_fov)
    return [
        answer(each, MOVED, kind=kind, camera=camera, method=method, known=known, pair=f"{camera}/{n}/{kind}")
        for n, each in enumerate(said)
    ]
