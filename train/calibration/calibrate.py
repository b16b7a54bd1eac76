"""Calibrates a bundle: gathers evidence, chooses limits for a budget of false alarms, writes both onto the card."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from pathlib import Path

from monitor.domain.thresholds import Thresholds
from monitor.vision.bundle import Bundle, load_bundle, rewrite_card
from monitor.vision.card import RELATION_TEMPERATURE
from monitor.vision.encoder import NetworkEncoder
from monitor.vision.likeness import Likeness
from monitor.vision.network import Network
from train.benchmark.pairs import pairs
from train.calibration.alarms import AlarmEstimator
from train.calibration.debounce import Debounce
from train.calibration.evidence import SERIES, Evidence, gather_pairs, gather_series
from train.calibration.limits import SET_BY_CALIBRATION, candidates, choose, measure
from train.calibration.plan import CalibrationCameras, CalibrationError, CalibrationOptions
from train.calibration.report import Findings, as_text, on_card
from train.calibration.similarities import similarity_limits
from train.calibration.temperature import fit_temperature

SAME_PAIRS = ("same", "same, jitter", "same, occluder", "same, noise")
CHANGED_PAIRS = ("flip", "shift 2 %", "shift 5 %", "other scene", "covered")
SAME_KINDS = (SERIES, *SAME_PAIRS)


@dataclass(frozen=True, slots=True)
class Calibration:
    """What came of it.

    Attributes:
        bundle: With its new card.
        findings: What was chosen and found.
        text: The same for people.
    """

    bundle: Bundle
    findings: Findings
    text: str


def calibrate_bundle(
    path: Path,
    cameras: CalibrationCameras,
    options: CalibrationOptions | None = None,
    say: Callable[[str], None] = lambda _line: None,
    threads: int = 1,
) -> Calibration:
    """Choose a bundle's operating point, and write it onto its card with all that is known of it.

    1. Evidence of the whole decision is gathered on untouched views (over time, shaken, partly covered, noisy) and on
    changed ones. 2. A temperature of the relation head is kept if it helps on cameras left out of its fit. 3. Limits
    are chosen, see `train.calibration.limits.choose`. 4. Alarms per camera-year are estimated, debounce included.

    Args:
        path: The bundle; its card is replaced, its weights and its id stay.
        cameras: Whose pictures to use.
        options: The defaults where None.
        say: Told of every step.
        threads: Of the network.

    Raises:
        BundleError: The bundle cannot be used.
        CalibrationError: There is no untouched view to look at.
        DataError: A picture cannot be read, or there is only one view.
    """
    options = options or CalibrationOptions()
    bundle = _with_temperature(load_bundle(path), None)
    evidence = _gather(bundle, cameras, options, threads)
    say(f"{len(evidence)} comparisons on {len(cameras.pool.cameras)} cameras")
    temperature = fit_temperature(evidence)
    if temperature is not None and temperature.helps:
        bundle = _with_temperature(bundle, temperature.value)
        evidence = _gather(bundle, cameras, options, threads)
        say(f"a temperature of {temperature.value:.2f} helps: compared again with it")
    debounce = Debounce(
        options.policy, options.interval_s, checks=options.simulated_checks, seed=options.seed
    )
    estimator = AlarmEstimator(evidence, debounce, Thresholds())
    points = [measure(evidence, thresholds) for thresholds in candidates(Thresholds())]
    choice = choose(points, SAME_KINDS, options.demands, options.budget_per_camera_year, estimator.upper)
    say("limits are chosen")
    default_point = measure(evidence, Thresholds())
    findings = Findings(
        choice=choice,
        rate=estimator.estimate(choice.point),
        default_point=default_point,
        default_rate=estimator.estimate(default_point),
        temperature=temperature,
        correlation=estimator.correlation,
        observed_days=estimator.observed_days,
    )
    point = {
        **{name: getattr(choice.point.thresholds, name) for name in SET_BY_CALIBRATION},
        **similarity_limits(evidence),
        **_kept_of(bundle),
    }
    calibration = on_card(findings, options, cameras)
    written = rewrite_card(path, operating_point=point, calibration=calibration)
    return Calibration(written, findings, as_text(calibration, point))


def _gather(
    bundle: Bundle, cameras: CalibrationCameras, options: CalibrationOptions, threads: int
) -> list[Evidence]:
    encoder = NetworkEncoder(Network(bundle, threads))
    pool, rules = cameras.pool, cameras.rules
    series = gather_series(
        encoder,
        pool,
        rules,
        references_per_camera=options.references_per_camera,
        frames_per_reference=options.frames_per_reference,
    )
    kinds = (*SAME_PAIRS, *CHANGED_PAIRS)
    drawn = pairs(pool, rules, options.per_camera, options.seed, kinds)
    evidence = [*series, *gather_pairs(encoder, drawn)]
    if not any(one.kind in SAME_KINDS for one in evidence):
        raise CalibrationError(
            "There is no untouched view to look at.", "Hold out cameras with two pictures or more."
        )
    return evidence


def _kept_of(bundle: Bundle) -> dict[str, float]:
    """What is not chosen here: the temperature, and with what limit a similarity is judged, which `export` found."""
    point = bundle.card.operating_point
    kept = (RELATION_TEMPERATURE, *(field.name for field in fields(Likeness)))
    return {name: point[name] for name in kept if name in point}


def _with_temperature(bundle: Bundle, value: float | None) -> Bundle:
    point = {
        name: number for name, number in bundle.card.operating_point.items() if name != RELATION_TEMPERATURE
    }
    if value is not None:
        point[RELATION_TEMPERATURE] = value
    return replace(bundle, card=replace(bundle.card, operating_point=point))
