"""What `monitor bench --fairness` says."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from monitor.cli.screen import Screen
    from monitor.wiring.fairness import Fairness, Waits

FAIRNESS_S = 120.0
LOSS = 0.1
"""By how much the dead may delay the living."""


def bench_fairness(screen: Screen, seconds: float, *, as_json: bool) -> None:
    """Measure, and show what came of it."""
    from monitor.wiring.fairness import WARM_UP_S, measure_fairness

    screen.note(
        f"Preparing two sites, then {WARM_UP_S:.0f} seconds of calm and {seconds:.0f} measured ones …"
    )
    with tempfile.TemporaryDirectory(prefix="monitor-bench-") as directory:
        measured = measure_fairness(Path(directory), seconds)
    if as_json:
        screen.json(measured.as_dict(), indent=2)
    else:
        _show(measured, screen)


def _show(measured: Fairness, screen: Screen) -> None:
    screen.table(
        [
            "the living",
            "checks/min",
            "late p50",
            "p95",
            "p99",
            "verdict after p50",
            "p95",
            "p99",
            "longest gap",
        ],
        [_row("alone", measured.alone), _row(f"beside {measured.dead} dead", measured.beside)],
    )
    seen = measured.beside.counters
    screen.say(
        f"{measured.living} living cameras, one check every {measured.interval_s:.0f} s; the dead died at once as the "
        f"{measured.seconds:.0f} s began. Beside them: {seen.demoted} checks moved to the other lane, {seen.sat_out} "
        f"sat out, {seen.skipped_host} times a host was busy, {seen.skipped_busy} times a lane."
    )
    delay = max(measured.told_ratio, measured.told_ratio_p95) - 1
    is_fair = measured.checks_ratio >= 1 - LOSS and delay <= LOSS
    screen.say(
        f"Beside the dead the living had {measured.checks_ratio * 100:.1f} % of their checks, and their verdicts came "
        f"after {measured.told_ratio:.2f} (median) and {measured.told_ratio_p95:.2f} (95th percentile) times as long: "
        f"{'within' if is_fair else 'NOT within'} {LOSS * 100:.0f} %.",
        "good" if is_fair else "bad",
    )


def _row(name: str, waits: Waits) -> list[str]:
    return [
        name,
        f"{waits.checks_per_min:.0f}",
        *(f"{seconds:.2f} s" for seconds in waits.late_s.values()),
        *(f"{seconds:.2f} s" for seconds in waits.told_s.values()),
        f"{waits.worst_gap_s:.1f} s",
    ]
