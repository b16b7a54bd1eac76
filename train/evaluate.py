"""Judges a bundle on the benchmark's pairs, quickly: the service's whole comparison and the network's word alone."""

from __future__ import annotations

import functools
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from monitor.vision.bundle import load_bundle
from train.benchmark.comparator import Comparator, NetworkOnly
from train.benchmark.geometry import Error, error_of
from train.benchmark.method import Pair
from train.benchmark.row_file import read_rows
from train.benchmark.rows import Row
from train.benchmark.run import Build, run


@dataclass(frozen=True, slots=True)
class KindFigures:
    """What a method said of the pairs of one kind.

    Attributes:
        pairs: How many.
        right: Share named right.
        alarms: Share reported as a change.
        abstained: Share `unsure` or `dark`.
        shift_percent: Median error of the shift (the larger of dx and dy), % of the view; None where nothing was
            measured or no displacement is known. Likewise the next two.
        roll_deg: Degrees.
        zoom_percent: % of the zoom.
    """

    pairs: int
    right: float
    alarms: float
    abstained: float
    shift_percent: float | None
    roll_deg: float | None
    zoom_percent: float | None

    @classmethod
    def of(cls, rows: Sequence[Row]) -> KindFigures:
        """From the answers on one kind, at least one."""
        errors = [error for row in rows if (error := error_of(row)) is not None]

        def median(of: Callable[[Error], float]) -> float | None:
            return float(np.median([of(error) for error in errors])) if errors else None

        return cls(
            len(rows),
            float(np.mean([row.right for row in rows])),
            float(np.mean([row.alarm for row in rows])),
            float(np.mean([row.abstained for row in rows])),
            median(lambda error: max(error.dx, error.dy)),
            median(lambda error: error.roll_deg),
            median(lambda error: error.zoom),
        )

    def as_json(self) -> dict[str, Any]:
        """For the card; what is unknown is left out."""
        values = {name: getattr(self, name) for name in self.__slots__}
        return {
            name: round(value, 4) if isinstance(value, float) else value
            for name, value in values.items()
            if value is not None
        }


Figures = Mapping[str, Mapping[str, KindFigures]]
"""Method (`comparator`, `network`) to kind to figures."""


def evaluate(
    bundle: Path, pairs: Iterable[Pair], say: Callable[[str], None], total: int | None = None
) -> Figures:
    """Measure a bundle.

    Args:
        bundle: The file.
        pairs: As the benchmark draws them.
        say: Told of the progress.
        total: How many pairs there are.

    Raises:
        BundleError: The bundle does not load.
    """
    builds: dict[str, Build] = {"comparator": functools.partial(Comparator, bundle)}
    loaded = load_bundle(bundle)
    if loaded.head_onnx is not None or loaded.card.likeness is not None:
        builds["network"] = functools.partial(NetworkOnly, bundle)
    names = {build().name: key for key, build in builds.items()}
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "rows.csv"
        run(list(builds.values()), pairs, path, say, total=total)
        rows = read_rows(path)
    by_kind: dict[str, dict[str, list[Row]]] = {key: {} for key in builds}
    for row in rows:
        by_kind[names[row.method]].setdefault(row.kind, []).append(row)
    return {
        key: {kind: KindFigures.of(answers) for kind, answers in kinds.items()}
        for key, kinds in by_kind.items()
    }


def as_json(figures: Figures) -> dict[str, Any]:
    """For the card."""
    return {
        method: {kind: found.as_json() for kind, found in kinds.items()} for method, kinds in figures.items()
    }


def as_text(figures: Figures) -> str:
    """A table for people, one a method."""
    lines = []
    for method, kinds in figures.items():
        lines.append(
            f"{method:<22}{'pairs':>6}{'right':>9}{'alarm':>9}{'abstain':>9}   error: shift %, roll °, zoom %"
        )
        for kind, found in kinds.items():
            shares = f"{found.right:>9.1%}{found.alarms:>9.1%}{found.abstained:>9.1%}"
            errors = [found.shift_percent, found.roll_deg, found.zoom_percent]
            shown = "".join("" if error is None else f"{error:>8.2f}" for error in errors)
            lines.append(f"  {kind:<20}{found.pairs:>6}{shares}   {shown}")
    return "\n".join(lines)
