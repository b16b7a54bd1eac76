"""Chooses the thresholds of the classical methods on the cameras of the train split; `dev` is never opened for it.

Each method measures every pair once; then thresholds are searched that name as much right as possible while at most
1 % of the unmoved views are reported. A method that cannot do that without missing half of all changes gets the best
balanced accuracy between "same" and "changed" instead. The result is printed, to be written into `tuned.py`.

Example: python -m train.benchmark.classical.tune --data ../shared/data
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.optimize import differential_evolution

from monitor.domain.displacement import Tolerance
from monitor.domain.verdict import VerdictKind
from train.benchmark.classical import CLASSICAL
from train.benchmark.classical.judgement import (
    Evidence,
    RegistrationThresholds,
    SimilarityThresholds,
    judge_registration,
    judge_similarity,
)
from train.benchmark.method import Answer, Pair
from train.benchmark.pairs import SAME, TURNED, pairs
from train.benchmark.rows import ABSTENTIONS
from train.data.manifest import read_manifest
from train.data.sampling import PairingRules
from train.data.splits import Pool, split
from train.recipes.reading import read_view_recipe

KINDS = (
    *SAME,
    *TURNED,
    "shift 2 %",
    "shift 5 %",
    "shift 10 %",
    "roll 3°",
    "zoom 1.06",
    "zoom 1.1",
    "mixed",
    "other scene",
)
"""What is tuned on: clear of the tolerance, and nothing that no classical method has a name for (covers, defocus)."""

ALARM_SHARE = 0.01
"""Largest share of unmoved views that may be reported."""
FEWEST_DETECTED = 0.5
"""A method that keeps to `ALARM_SHARE` only by missing more of the changes than this cannot keep to it."""

Judge = Callable[[Evidence], Answer]


@dataclass(frozen=True, slots=True)
class Measured:
    """What a method measured on one pair, beside the truth."""

    kind: str
    accepted: tuple[VerdictKind, ...]
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Outcome:
    """What thresholds make of the measurements; shares from 0 to 1.

    Attributes:
        alarms: Of unmoved views that are reported.
        abstained: Of unmoved views on which the method abstains.
        detected: Of changes, that are reported under whatever name; each kind weighs the same.
        named: Of all pairs, whose verdict is right; same, turned, moved and other scene weigh the same.
    """

    alarms: float
    abstained: float
    detected: float
    named: float


@dataclass(frozen=True, slots=True)
class Search:
    """A family of thresholds, spanned by numbers from 0 to 1.

    Attributes:
        size: How many numbers.
        thresholds: From such numbers to the family's thresholds.
        judge: What the family says with them.
        names_moves: Whether it can tell a moved view from another one; if not, reporting it will do.
    """

    size: int
    thresholds: Callable[[NDArray[np.float64]], Any]
    judge: Callable[[Evidence, Any], Answer]
    names_moves: bool


def training_pool(data: Path, recipe: Path) -> tuple[Pool, PairingRules]:
    """The steady cameras of the train split, validation cameras included, with the recipe's pairing rules.

    Raises:
        MonitorError: The data or the recipe cannot be read.
    """
    settings = read_view_recipe(recipe).data
    rules = PairingRules(1.0, settings.within, settings.same_condition, settings.day_night_share)
    return split(read_manifest(data), (), settings.unsteady_cameras).train, rules


def measure_all(methods: Mapping[str, Any], drawn: Iterable[Pair]) -> dict[str, list[Measured]]:
    """Key of each method to what it measured on the pairs; those of one reference must come together."""
    measured: dict[str, list[Measured]] = {key: [] for key in methods}
    reference, enrolled = None, {}
    for pair in drawn:
        if pair.reference is not reference:
            reference = pair.reference
            enrolled = {key: method.enroll(reference) for key, method in methods.items()}
        for key, method in methods.items():
            evidence = method.measure(enrolled[key], pair.frame)
            measured[key].append(Measured(pair.kind, pair.truth.verdicts, evidence))
    return measured


def outcome(measured: Sequence[Measured], judge: Judge, names_moves: bool) -> Outcome:
    """What a judge makes of the measurements."""
    alarms, abstained = [], []
    detected: dict[str, list[bool]] = {}
    named: dict[str, list[bool]] = {}
    for one in measured:
        verdict = judge(one.evidence).verdict
        reported = verdict is not VerdictKind.OK and verdict not in ABSTENTIONS
        if one.kind in SAME:
            alarms.append(reported)
            abstained.append(verdict in ABSTENTIONS)
            named.setdefault("same", []).append(verdict is VerdictKind.OK)
            continue
        detected.setdefault(one.kind, []).append(reported)
        moved = one.accepted[0] is VerdictKind.MOVED
        group = "turned" if one.kind in TURNED else "moved" if moved else "other"
        right = reported if moved and not names_moves else verdict in one.accepted
        named.setdefault(group, []).append(right)
    return Outcome(
        float(np.mean(alarms)),
        float(np.mean(abstained)),
        float(np.mean([np.mean(values) for values in detected.values()])),
        float(np.mean([np.mean(values) for values in named.values()])),
    )


def search_for(measured: Sequence[Measured]) -> Search:
    """How to search for a method that measured this; strengths are spanned by their own quantiles."""
    upright = np.sort([one.evidence.upright.strength for one in measured])
    turned = np.sort([one.evidence.turned.strength for one in measured])

    def registration(numbers: NDArray[np.float64]) -> RegistrationThresholds:
        lost = float(np.quantile(upright, numbers[0]))
        return RegistrationThresholds(
            lost_below=lost,
            found_above=max(lost, float(np.quantile(upright, numbers[1]))),
            turned_above=float(np.quantile(turned, numbers[2])),
            turned_ratio=float(1.0 + numbers[3]),
            tolerance=Tolerance(
                shift_fov=_log_between(numbers[4], 0.005, 0.03),
                roll_deg=_log_between(numbers[5], 0.3, 3.0),
                zoom=_log_between(numbers[6], 0.005, 0.06),
            ),
        )

    def similarity(numbers: NDArray[np.float64]) -> SimilarityThresholds:
        return SimilarityThresholds(
            same_above=float(np.quantile(upright, numbers[0])),
            turned_above=float(np.quantile(turned, numbers[1])),
            turned_margin=float(0.3 * numbers[2]),
        )

    if any(one.evidence.upright.displacement for one in measured):
        return Search(7, registration, judge_registration, True)
    return Search(3, similarity, judge_similarity, False)


def tune(measured: Sequence[Measured], seed: int = 0, rounds: int = 30) -> tuple[Any, Outcome, str]:
    """The best thresholds for one method, what they give, and by which rule they were chosen."""
    search = search_for(measured)

    def given(numbers: NDArray[np.float64]) -> Outcome:
        thresholds = search.thresholds(numbers)
        return outcome(measured, lambda evidence: search.judge(evidence, thresholds), search.names_moves)

    def within_budget(numbers: NDArray[np.float64]) -> float:
        found = given(numbers)
        return -found.named + 20.0 * max(0.0, found.alarms - ALARM_SHARE)

    def balanced(numbers: NDArray[np.float64]) -> float:
        found = given(numbers)
        # What is named right breaks ties between thresholds that report the same.
        return -(1.0 - found.alarms + found.detected) / 2 - 0.1 * found.named

    best = _minimum(within_budget, search.size, seed, rounds)
    found = given(best)
    if found.alarms <= ALARM_SHARE and found.detected >= FEWEST_DETECTED:
        return search.thresholds(best), found, f"at most {ALARM_SHARE:.0%} alarms on the same view"
    best = _minimum(balanced, search.size, seed, rounds)
    return search.thresholds(best), given(best), "best balanced accuracy"


def _minimum(
    cost: Callable[[NDArray[np.float64]], float], size: int, seed: int, rounds: int
) -> NDArray[np.float64]:
    found = differential_evolution(
        cost, [(0.0, 1.0)] * size, rng=seed, popsize=8, maxiter=rounds, tol=0.0, polish=False
    )
    return np.asarray(found.x, np.float64)


def _log_between(number: float, low: float, high: float) -> float:
    return float(low * (high / low) ** number)


@click.command()
@click.option("--data", type=click.Path(path_type=Path), default=Path("../shared/data"), show_default=True)
@click.option(
    "--recipe",
    type=click.Path(path_type=Path),
    default=Path("config/recipes/view.yaml"),
    show_default=True,
    help="Says which cameras are unsteady, and which of their frames may meet.",
)
@click.option("--method", "keys", type=click.Choice(list(CLASSICAL)), multiple=True, help="[default: all]")
@click.option(
    "--per-camera", type=click.IntRange(1), default=4, show_default=True, help="References a camera."
)
@click.option("--seed", type=int, default=1, show_default=True)
def main(data: Path, recipe: Path, keys: tuple[str, ...], per_camera: int, seed: int) -> None:
    """Tune the classical methods on the train split, and print what was chosen."""
    cv2.setNumThreads(1)
    pool, rules = training_pool(data, recipe)
    click.echo(f"{pool!r}, {per_camera} references a camera, seed {seed}")
    for key in keys or tuple(CLASSICAL):
        method = CLASSICAL[key]()
        started_s = time.process_time()
        drawn = list(measure_all({key: method}, pairs(pool, rules, per_camera, seed, KINDS))[key])
        spent_s = time.process_time() - started_s
        thresholds, found, rule = tune(drawn, seed)
        click.echo(
            f"{key}: {len(drawn)} pairs, {1000 * spent_s / len(drawn):.1f} CPU ms each with drawing; {rule}"
        )
        click.echo(f"  {thresholds}")
        click.echo(
            f"  same view: alarms {found.alarms:.1%}, abstained {found.abstained:.1%}; "
            f"changes detected {found.detected:.1%}; named right {found.named:.1%}"
        )


if __name__ == "__main__":
    main()
