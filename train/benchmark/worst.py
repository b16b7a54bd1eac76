"""The pairs that a method got most wrong, as pictures: what a table cannot say."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from monitor.domain.displacement import Displacement
from monitor.domain.verdict import VerdictKind
from train.benchmark.method import Pair
from train.benchmark.rows import Row
from train.benchmark.tables import is_same_view

Find = Callable[[str], Pair]
"""Gives a pair again by its id."""

DPI = 110
WIDTH_IN = 8.0
CAPTION_IN = 0.85
CAPTION_COLUMNS = 110


@dataclass(frozen=True, slots=True)
class WorstPair:
    """A pair that was judged wrong.

    Attributes:
        row: What was said, and what was right.
        picture: Reference and frame side by side, with the caption, as PNG.
        caption: What is seen, for a person.
    """

    row: Row
    picture: Path
    caption: str


def rank_wrong(rows: Sequence[Row], count: int) -> list[Row]:
    """A method's wrongest answers, the worst first.

    False alarms and missed changes come before changes under a wrong name, and these before abstentions; among equals
    the surer comes first (by its confidence, or else by where its change score lies among all). Of each kind and
    camera one is taken, until nothing else is left: twelve times the same failure would teach nothing.
    """
    order = np.argsort(np.argsort([row.change for row in rows], kind="stable"), kind="stable")
    place = {id(row): int(rank) / max(len(rows) - 1, 1) for row, rank in zip(rows, order, strict=True)}

    def wrongness(row: Row) -> tuple[int, float]:
        weight = 0 if row.abstained else 2 if is_same_view(row) or row.verdict is VerdictKind.OK else 1
        change = place[id(row)]
        sure = row.confidence if row.confidence is not None else change if row.alarm else 1.0 - change
        return weight, sure

    ranked = sorted((row for row in rows if not row.right), key=wrongness, reverse=True)
    met: dict[tuple[str, str], int] = {}
    rounds = []
    for position, row in enumerate(ranked):
        group = (row.kind, row.camera)
        rounds.append((met.get(group, 0), position))
        met[group] = met.get(group, 0) + 1
    return [ranked[position] for _, position in sorted(rounds)[:count]]


def draw_worst(rows: Sequence[Row], count: int, find: Find, directory: Path) -> list[WorstPair]:
    """Write the wrongest answers of one method as `01.png`, `02.png`, … into a directory that exists."""
    found = []
    for number, row in enumerate(rank_wrong(rows, count), start=1):
        path, caption = directory / f"{number:02}.png", describe(row)
        draw_pair(find(row.pair), caption, path)
        found.append(WorstPair(row, path, caption))
    return found


def describe(row: Row) -> str:
    """What kind of pair it is, what was said and what was right."""
    said = row.verdict.value + ("" if row.confidence is None else f" (confidence {row.confidence:.2f})")
    measured = _displacement(row.dx, row.dy, row.roll_deg, row.zoom)
    known = _displacement(row.true_dx, row.true_dy, row.true_roll_deg, row.true_zoom)
    right = " or ".join(verdict.value for verdict in row.accepted)
    parts = (
        f"{row.kind}, camera {row.camera}, light {row.light}",
        f"said {said}, displacement measured: {measured}",
        f"right {right}, displacement known: {known}",
    )
    return "; ".join(parts)


def draw_pair(pair: Pair, caption: str, path: Path) -> None:
    """Reference and frame side by side, the caption beneath."""
    tallest = max(pixels.shape[0] / pixels.shape[1] for pixels in (pair.reference, pair.frame))
    figure = Figure(figsize=(WIDTH_IN, WIDTH_IN / 2 * min(tallest, 1.4) + CAPTION_IN), layout="constrained")
    panels = figure.subplots(1, 2)
    for panel, pixels, title in zip(
        panels, (pair.reference, pair.frame), ("reference", "frame"), strict=True
    ):
        panel.imshow(pixels)
        panel.set_title(title, fontsize=10)
        panel.set_axis_off()
    lines = [line for part in caption.split("; ") for line in textwrap.wrap(part, CAPTION_COLUMNS)]
    figure.supxlabel("\n".join(lines), fontsize=9)
    FigureCanvasAgg(figure)
    figure.savefig(path, dpi=DPI, format="png", metadata={"Software": None})


def _displacement(dx: float | None, dy: float | None, roll_deg: float | None, zoom: float | None) -> str:
    if dx is None or dy is None or roll_deg is None or zoom is None:
        return "–"
    return Displacement(dx, dy, roll_deg, zoom).describe().replace("not measurably", "none")
