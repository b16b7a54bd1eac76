"""Tables of the report: figures for people as markdown, the same figures as CSV for whatever comes after."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from monitor.domain.errors import MonitorError
from monitor.domain.verdict import VerdictKind
from train.benchmark.bootstrap import Share, share_by_camera
from train.benchmark.rows import ABSTENTIONS, Row
from train.benchmark.targets import ABSTENTION_TARGETS, KIND_TARGETS, Measure

NOTHING = "–"
EXACT = "†"
"""Marks an interval that is an exact bound of independent pairs, not one by camera."""
Cell = str | int | float | None


class NothingMeasured(MonitorError):
    """A report was asked of no answers at all."""


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under named columns."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]

    def markdown(self) -> str:
        """With words left and everything else right aligned; cells must be text or whole numbers by now."""
        numeric = [
            all(str(row[index])[:1] in "0123456789*–-<>≤≥ " for row in self.rows)
            for index in range(len(self.columns))
        ]
        lines = [
            _line(self.columns),
            _line(["---:" if right else "---" for right in numeric]),
            *(_line([NOTHING if cell is None else str(cell) for cell in row]) for row in self.rows),
        ]
        return "\n".join(lines)

    def write_csv(self, path: Path) -> None:
        """As UTF-8 with a header line; what is unknown is left empty."""
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(self.columns)
            writer.writerows(self.rows)


@dataclass(frozen=True, slots=True)
class Results:
    """Answers in the order in which tables show them.

    Attributes:
        rows: All of them.
        methods: Their names, the one that the report is about first.
        kinds: Rows of the protocol.
        seed: Of the bootstrap.
        by_kind: The answers of each method on each kind.
    """

    rows: tuple[Row, ...]
    methods: tuple[str, ...]
    kinds: tuple[str, ...]
    seed: int
    by_kind: Mapping[tuple[str, str], Sequence[Row]]

    def of(self, method: str, kind: str | None = None) -> Sequence[Row]:
        """A method's answers, on one kind or on all."""
        if kind is not None:
            return self.by_kind.get((method, kind), ())
        return [row for shown in self.kinds for row in self.of(method, shown)]

    def share(self, rows: Sequence[Row], measure: Measure) -> Share | None:
        """The share of answers that count, with its interval by camera; None where there are no answers."""
        if not rows:
            return None
        return share_by_camera([measure.of(row) for row in rows], [row.camera for row in rows], self.seed)


def gather(
    rows: Sequence[Row], ours: str | None = None, kinds: Sequence[str] | None = None, seed: int = 0
) -> Results:
    """Put answers in order.

    Args:
        rows: In any order; methods and kinds keep the order in which they come first.
        ours: The method that the report is about; the first one when None.
        kinds: Rows of the protocol that are to be shown even without an answer, in this order.
        seed: Of the bootstrap.

    Raises:
        NothingMeasured: There are no answers, or none of `ours`.
    """
    if not rows:
        raise NothingMeasured("There are no answers to report on.", "Run the benchmark on at least one pair.")
    methods = list(dict.fromkeys(row.method for row in rows))
    if ours is not None and ours not in methods:
        raise NothingMeasured(
            f"No answer is of the method {ours}.", f"Report on one of these: {', '.join(methods)}."
        )
    ordered = tuple(dict.fromkeys([*([ours] if ours else []), *methods]))
    shown = dict.fromkeys([*(kinds or ()), *(row.kind for row in rows)])
    by_kind: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        by_kind.setdefault((row.method, row.kind), []).append(row)
    return Results(tuple(rows), ordered, tuple(shown), seed, by_kind)


def is_same_view(row: Row) -> bool:
    """Whether a pair shows the same view, so that a report of a change is a false alarm."""
    return row.truth is VerdictKind.OK and not is_at_tolerance(row)


def is_change(row: Row) -> bool:
    """Whether a pair shows a change that has to be reported: not one at the tolerance, and not mere darkness."""
    return VerdictKind.OK not in row.accepted and row.truth not in ABSTENTIONS


def is_at_tolerance(row: Row) -> bool:
    """Whether both are right, to let a pair pass and to report it."""
    return VerdictKind.OK in row.accepted and VerdictKind.MOVED in row.accepted


def kind_table(results: Results, measure: Measure) -> Table:
    """One row a kind, one column a method: the share with its interval, bold where it meets the target."""
    ours = results.methods[0]
    targets = {kind: KIND_TARGETS.get(kind, {}).get(measure) for kind in results.kinds}
    aimed = any(target is not None for target in targets.values())
    lines: list[tuple[Cell, ...]] = []
    for kind, target in targets.items():
        answers = [results.of(method, kind) for method in results.methods]
        shares = [results.share(rows, measure) for rows in answers]
        most = max(answers, key=len)
        verdict = NOTHING if target is None else target.judge(shares[0])
        aim = (NOTHING if target is None else str(target), verdict) if aimed else ()
        cells = (
            _bold_if(share is not None and target is not None and target.met_by(share.value), share)
            for share in shares
        )
        lines.append((kind, len(most), len({row.camera for row in most}), *aim, *cells))
    aim = ("target", f"met by {ours}") if aimed else ()
    return Table(("kind", "pairs", "cameras", *aim, *results.methods), tuple(lines))


def target_table(results: Results) -> Table:
    """Every target of a share: what the first method reaches, whether that is enough, and who does best otherwise."""
    ours, others = results.methods[0], results.methods[1:]
    lines: list[tuple[Cell, ...]] = []
    asked = [
        (kind, "all", measure, target) for kind, of in KIND_TARGETS.items() for measure, target in of.items()
    ]
    asked += [
        (kind, light, Measure.ABSTAINED, target) for (kind, light), target in ABSTENTION_TARGETS.items()
    ]
    for kind, light, measure, target in asked:
        shares = {
            method: results.share([r for r in results.of(method, kind) if light in ("all", r.light)], measure)
            for method in results.methods
        }
        rivals = [(share.value, method) for method in others if (share := shares[method]) is not None]
        best = (max if target.at_least else min)(rivals, key=lambda entry: entry[0], default=None)
        lines.append(
            (
                kind if light == "all" else f"{kind}, {light}",
                measure.value,
                str(target),
                share_text(shares[ours]),
                target.judge(shares[ours]),
                NOTHING if best is None else f"{percent(best[0])} % ({best[1]})",
            )
        )
    return Table(("kind", "share", "target", ours, "met", "best of the others"), tuple(lines))


def share_list(results: Results) -> Table:
    """Every share of every kind, light and method in long form, for the CSV; light `all` is over all of them."""
    lines: list[tuple[Cell, ...]] = []
    for method in results.methods:
        groups: dict[tuple[str, str], list[Row]] = {}
        for row in results.of(method):
            for light in ("all", row.light):
                groups.setdefault((row.kind, light), []).append(row)
        for (kind, light), rows in groups.items():
            for measure in Measure:
                share = results.share(rows, measure)
                lines.append((method, kind, light, measure.value, *_share_cells(share)))
    columns = (
        "method",
        "kind",
        "light",
        "measure",
        "hits",
        "pairs",
        "cameras",
        "share",
        "low_95",
        "high_95",
        "bound",
    )
    return Table(columns, tuple(lines))


def light_table(results: Results) -> Table:
    """The same view by light: false alarms and abstentions beside each other."""
    same = [row for row in results.rows if is_same_view(row)]
    kinds = [kind for kind in results.kinds if any(row.kind == kind for row in same)]
    lights = sorted({row.light for row in same}, key=lambda light: (light == "any", light))
    ours = results.methods[0]
    lines: list[tuple[Cell, ...]] = []
    for kind in kinds:
        for light in lights:
            of_both = [row for row in same if row.kind == kind and row.light == light]
            if not of_both:
                continue
            target = ABSTENTION_TARGETS.get((kind, light))
            cells, pairs, judged = [], 0, NOTHING
            for method in results.methods:
                rows = [row for row in of_both if row.method == method]
                alarms, abstained = (results.share(rows, each) for each in (Measure.ALARM, Measure.ABSTAINED))
                cells.append(NOTHING if not rows else f"{share_text(alarms)} / {share_text(abstained)}")
                pairs = max(pairs, len(rows))
                if method == ours and target is not None:
                    judged = target.judge(abstained)
            lines.append((kind, light, pairs, NOTHING if target is None else str(target), judged, *cells))
    columns = ("kind", "light", "pairs", "abstention target", f"met by {ours}", *results.methods)
    return Table(columns, tuple(lines))


def percent(value: float) -> str:
    """A share as per cent; never rounded to 0 or 100 where it is neither."""
    text = f"{value * 100:.1f}"
    if (text == "0.0" and value > 0) or (text == "100.0" and value < 1):
        text = f"{value * 100:.2f}"
    return text


def share_text(share: Share | None) -> str:
    """`97.1 % (95.0–98.8)`, with `†` where the interval is an exact bound that takes pairs as independent."""
    if share is None:
        return NOTHING
    if share.interval is None:
        return f"{percent(share.value)} %"
    low, high = (percent(end) for end in share.interval)
    return f"{percent(share.value)} % ({low}–{high}{EXACT if share.exact else ''})"


def _bold_if(meets: bool, share: Share | None) -> str:
    return f"**{share_text(share)}**" if meets else share_text(share)


def _share_cells(share: Share | None) -> tuple[Cell, ...]:
    if share is None:
        return (0, 0, 0, None, None, None, None)
    low, high = share.interval or (None, None)
    how = "none" if share.interval is None else "exact" if share.exact else "by camera"
    return (share.hits, share.trials, share.cameras, share.value, low, high, how)


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
