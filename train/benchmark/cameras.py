"""Figures camera by camera, and what wrong labels do to them: always with all cameras, never only without some."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from train.benchmark.rows import Row
from train.benchmark.tables import NOTHING, Cell, Results, Table, is_change, is_same_view, percent, share_text
from train.benchmark.targets import Measure

DOUBTFUL = "‡"
"""Marks a camera with labels that are known to be wrong."""

HEADLINES: Sequence[tuple[str, Callable[[Row], bool], Measure]] = (
    ("same view: false alarms", is_same_view, Measure.ALARM),
    ("same view: abstentions", is_same_view, Measure.ABSTAINED),
    ("changes: named right", is_change, Measure.RIGHT),
    ("changes: reported under any name", is_change, Measure.ALARM),
)
"""What sums a method up: over pairs of all kinds, each kind weighing as many pairs as it has."""


def headline_table(results: Results, doubtful: Mapping[str, str]) -> Table:
    """One column a method: figures over all cameras, and beneath each without the doubtful ones."""
    present = any(row.camera in doubtful for row in results.rows)
    lines: list[tuple[Cell, ...]] = []
    for name, belongs, measure in HEADLINES:
        for without in (False, True) if present else (False,):
            shares = [
                results.share(
                    [r for r in results.of(method) if belongs(r) and not (without and r.camera in doubtful)],
                    measure,
                )
                for method in results.methods
            ]
            cameras = max((share.cameras for share in shares if share), default=0)
            pairs = max((share.trials for share in shares if share), default=0)
            which = f"without {DOUBTFUL}" if without else "all"
            lines.append((name, which, cameras, pairs, *map(share_text, shares)))
    return Table(("figure", "over", "cameras", "pairs", *results.methods), tuple(lines))


def worst_cameras(results: Results, doubtful: Mapping[str, str], count: int = 10) -> Table:
    """The cameras with the largest share of false alarms and of changes missed or misnamed, for the first method."""
    method = results.methods[0]
    scored = [(_wrong_share(rows), camera, rows) for camera, rows in _by_camera(results.of(method)).items()]
    lines: list[tuple[Cell, ...]] = []
    for wrong, camera, rows in sorted(scored, key=lambda entry: (-entry[0], entry[1]))[:count]:
        cells = [
            NOTHING if not counted else f"{percent(hits / counted)} % of {counted}"
            for hits, counted in (_count(rows, belongs, measure) for _, belongs, measure in HEADLINES)
        ]
        mark = f" {DOUBTFUL}" if camera in doubtful else ""
        lines.append((camera + mark, len(rows), f"{percent(wrong)} %", *cells))
    return Table(("camera", "pairs", "wrong", *(name for name, _, _ in HEADLINES)), tuple(lines))


def camera_list(results: Results, doubtful: Mapping[str, str]) -> Table:
    """Every camera with every method, for the CSV."""
    lines: list[tuple[Cell, ...]] = []
    for method in results.methods:
        for camera, rows in _by_camera(results.of(method)).items():
            for name, belongs, measure in HEADLINES:
                hits, pairs = _count(rows, belongs, measure)
                share = hits / pairs if pairs else None
                lines.append(
                    (method, camera, "yes" if camera in doubtful else "no", name, hits, pairs, share)
                )
    return Table(("method", "camera", "doubtful", "figure", "hits", "pairs", "share"), tuple(lines))


def _by_camera(rows: Sequence[Row]) -> dict[str, list[Row]]:
    cameras: dict[str, list[Row]] = {}
    for row in rows:
        cameras.setdefault(row.camera, []).append(row)
    return cameras


def _count(rows: Sequence[Row], belongs: Callable[[Row], bool], measure: Measure) -> tuple[int, int]:
    counted = [measure.of(row) for row in rows if belongs(row)]
    return sum(counted), len(counted)


def _wrong_share(rows: Sequence[Row]) -> float:
    """An abstention on the same view is no mistake; everything else that is not right is one."""
    return sum(not row.right and not (is_same_view(row) and row.abstained) for row in rows) / len(rows)
