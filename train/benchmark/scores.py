"""What methods give beside their verdicts: a score of change, a confidence, and the time they took."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from monitor.domain.verdict import VerdictKind
from train.benchmark.tables import Cell, Results, Table, is_at_tolerance, is_change, is_same_view, percent
from train.benchmark.targets import COST_MS
from train.metrics.classification import Confusion, confusion
from train.metrics.detection import Roc, roc
from train.metrics.errors import FigureError
from train.metrics.reliability import Reliability, reliability

FALSE_ALARM_RATES = (0.001, 0.01)


def roc_curves(results: Results) -> Mapping[str, Roc]:
    """Method to its ROC of the change score: the same view against any change; methods without both are left out.

    Raises:
        FigureError: A method's score is not a number.
    """
    found: dict[str, Roc] = {}
    for method in results.methods:
        rows = [row for row in results.of(method) if is_same_view(row) or is_change(row)]
        changed = [is_change(row) for row in rows]
        if all(changed) or not any(changed):
            continue
        try:
            found[method] = roc(changed, [row.change for row in rows])
        except FigureError as fault:
            raise FigureError(f"{method}: {fault.problem}", fault.remedy) from fault
    return found


def roc_table(results: Results, curves: Mapping[str, Roc]) -> Table:
    """AUC, equal error rate and what is found at fixed shares of false alarms."""
    lines: list[tuple[Cell, ...]] = []
    for method, curve in curves.items():
        rows = results.of(method)
        found = (f"{percent(curve.true_positive_rate_at(rate))} %" for rate in FALSE_ALARM_RATES)
        same, changed = sum(map(is_same_view, rows)), sum(map(is_change, rows))
        lines.append(
            (method, same, changed, f"{curve.auc:.4f}", f"{percent(curve.equal_error_rate)} %", *found)
        )
    rates = (f"found at {rate * 100:g} % false alarms" for rate in FALSE_ALARM_RATES)
    return Table(("method", "same", "changed", "AUC", "equal error rate", *rates), tuple(lines))


def confusions(results: Results) -> Mapping[str, Confusion]:
    """Method to its best right verdicts against what it said, in the order of all verdicts that occur with any method.

    Pairs at the tolerance have two right verdicts, hence no place in a matrix; a method with nothing else is left out.
    """
    present = {verdict for row in results.rows for verdict in (row.truth, row.verdict)}
    labels = [verdict.value for verdict in VerdictKind if verdict in present]
    found: dict[str, Confusion] = {}
    for method in results.methods:
        rows = [row for row in results.of(method) if not is_at_tolerance(row)]
        if rows:
            found[method] = confusion([row.truth for row in rows], [row.verdict for row in rows], labels)
    return found


def confusion_list(found: Mapping[str, Confusion]) -> Table:
    """All confusion matrices in long form, for the CSV."""
    lines: list[tuple[Cell, ...]] = []
    for method, each in found.items():
        for truth, counts in zip(each.labels, each.counts, strict=True):
            for said, count in zip(each.labels, counts, strict=True):
                lines.append((method, truth, said, int(count)))
    return Table(("method", "truth", "said", "pairs"), tuple(lines))


def reliabilities(results: Results) -> Mapping[str, Reliability]:
    """Method to how its confidence compares with being right; abstentions claim nothing and are left out.

    Raises:
        FigureError: A confidence is no probability.
    """
    found: dict[str, Reliability] = {}
    for method in results.methods:
        rows = [row for row in results.of(method) if row.confidence is not None and not row.abstained]
        if rows:
            try:
                found[method] = reliability(
                    [row.right for row in rows], [row.confidence or 0.0 for row in rows]
                )
            except FigureError as fault:
                raise FigureError(f"{method}: {fault.problem}", fault.remedy) from fault
    return found


def reliability_table(found: Mapping[str, Reliability]) -> Table:
    """Expected and largest calibration error by method."""
    lines = tuple(
        (method, int(each.counts.sum()), f"{each.expected_error:.3f}", f"{each.largest_error:.3f}")
        for method, each in found.items()
    )
    return Table(
        ("method", "verdicts with a confidence", "expected calibration error", "largest in a bin"), lines
    )


def cost_table(results: Results) -> Table:
    """CPU time of a judgement by method, against the target."""
    lines: list[tuple[Cell, ...]] = []
    for method in results.methods:
        times = [row.judge_ms for row in results.of(method)]
        median, slow = float(np.median(times)), float(np.quantile(times, 0.9))
        met = "yes" if median <= COST_MS else "no"
        lines.append((method, len(times), f"{median:.1f}", f"{slow:.1f}", met))
    columns = ("method", "pairs", "median (CPU ms)", "90th percentile (CPU ms)", f"median ≤ {COST_MS:g} ms")
    return Table(columns, tuple(lines))
