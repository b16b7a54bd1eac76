"""What calibration found, as it stands on the card and as people read it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from train.calibration.alarms import AlarmRate
from train.calibration.limits import SET_BY_CALIBRATION, Choice, Point
from train.calibration.plan import CalibrationCameras, CalibrationOptions
from train.calibration.shares import CONFIDENCE
from train.calibration.temperature import Temperature

YEAR_DAYS = 365.25
ASSUMPTIONS = (
    "A view that nobody touches is told right or wrong by a two-state Markov process.",
    "How long it is told wrong is fitted to frames mostly half an hour apart: minutes are not seen.",
    "Where nothing was told wrong, the upper bound takes the worst duration and the verdict that insists soonest.",
    "A share's bound is Clopper's and Pearson's, for as many frames as the correlation within cameras leaves.",
    "The bound by footage alone takes each frame for the time to the next, up to an hour.",
    "All wrong verdicts of one episode are the same; the debounce is the service's own state machine.",
    "One reference is enrolled, without masks and without what a running service learns to be constant.",
    "These cameras stand for yours.",
)


@dataclass(frozen=True, slots=True)
class Findings:
    """What calibration found.

    Attributes:
        choice: The limits, and why.
        rate: False alarms under them.
        default_point: The same evidence under the built-in limits, to compare with.
        default_rate: False alarms under those.
        temperature: Of the relation head, or None without one.
        correlation: How alike a camera's frames are, 0–1.
        observed_days: Camera-days of footage behind the rates.
    """

    choice: Choice
    rate: AlarmRate
    default_point: Point
    default_rate: AlarmRate
    temperature: Temperature | None
    correlation: float
    observed_days: float


def on_card(findings: Findings, options: CalibrationOptions, cameras: CalibrationCameras) -> dict[str, Any]:
    """The card's `calibration`: JSON values that say what was chosen, from what, and how sure that is."""
    policy, choice = options.policy, findings.choice
    return {
        "budget_alarms_per_camera_year": options.budget_per_camera_year,
        "budget_is_shown": choice.is_shown,
        "reason": choice.reason,
        "verdict": verdict_on_budget(findings, options),
        "interval_s": options.interval_s,
        "debounce": {
            "open_checks": policy.open_checks,
            "window": policy.window,
            "default_duration_s": policy.default_duration_s,
            "min_duration_s": {cause.value: time_s for cause, time_s in policy.min_duration_s.items()},
            "recheck_s": policy.recheck_s,
        },
        "cameras": {
            "held_out": sorted(cameras.held_out.cameras),
            "trained_on": sorted(cameras.trained_on.cameras),
        },
        "observed_camera_days": findings.observed_days,
        "needed_camera_days": needed_days(options.budget_per_camera_year),
        "upper_95_by_footage": by_footage(findings),
        "correlation_within_cameras": findings.correlation,
        "chosen": _at(choice.point, findings.rate),
        "built_in_limits": _at(findings.default_point, findings.default_rate),
        "temperature": None
        if findings.temperature is None
        else {**asdict(findings.temperature), "used": findings.temperature.helps},
        "assumptions": list(ASSUMPTIONS),
    }


def needed_days(budget_per_camera_year: float) -> float:
    """Camera-days that must pass without a false alarm to show a budget (the rule of three, exactly)."""
    return -math.log(1 - CONFIDENCE) / budget_per_camera_year * YEAR_DAYS


def by_footage(findings: Findings) -> float | None:
    """Most alarms per camera-year that footage without a single false report leaves possible at 95 %; else None."""
    if findings.rate.false_reports or not findings.observed_days:
        return None
    return -math.log(1 - CONFIDENCE) / findings.observed_days * YEAR_DAYS


def verdict_on_budget(findings: Findings, options: CalibrationOptions) -> str:
    """One or two sentences: whether the budget is kept, or what was shown instead."""
    rate, budget = findings.rate, options.budget_per_camera_year
    found = (
        f"{rate.false_reports} of {rate.frames} untouched frames were reported (worth {rate.effective_frames:.0f} "
        f"independent ones, from {findings.observed_days:.1f} camera-days): {rate.estimate:.3g} alarms per "
        f"camera-year at one check in {options.interval_s:g} s, at most {rate.upper:.3g} with 95 %"
    )
    if findings.choice.is_shown:
        return f"The budget of {budget:g} alarms per camera-year is kept: {found}."
    footage = by_footage(findings)
    if footage is not None:
        found += f" (at most {footage:.3g} if each frame stands for the time to the next)"
    return (
        f"The budget of {budget:g} alarms per camera-year cannot be shown with these cameras: {found}. "
        f"To show it takes {needed_days(budget):.0f} camera-days without a false alarm."
    )


def _at(point: Point, rate: AlarmRate) -> dict[str, Any]:
    return {
        "limits": {name: getattr(point.thresholds, name) for name in SET_BY_CALIBRATION},
        "alarms_per_camera_year": {
            "estimate": rate.estimate,
            "lower_95": rate.lower,
            "upper_95": rate.upper,
        },
        "untouched": {
            "frames": rate.frames,
            "effective_frames": rate.effective_frames,
            "false_reports": rate.false_reports,
            "share_upper_95": rate.share_upper,
            "persistence_s": rate.persistence.estimate_s,
            "persistence_s_possible": [min(rate.persistence.possible_s), max(rate.persistence.possible_s)],
        },
        "kinds": {
            kind: {
                "frames": count,
                "reported": point.reports[kind] / count,
                "named_right": point.right[kind] / count,
                "told_nothing": point.silent[kind] / count,
            }
            for kind, count in point.trials.items()
        },
    }


def as_text(calibration: Mapping[str, Any], operating_point: Mapping[str, float]) -> str:
    """A card's calibration as a table for people."""
    chosen, built_in = calibration["chosen"], calibration["built_in_limits"]
    lines = [
        f"{'kind':<18}{'frames':>7}{'reported':>10}{'right':>9}{'nothing':>9}   with the built-in limits",
        *(_row(kind, entry, built_in["kinds"][kind]) for kind, entry in chosen["kinds"].items()),
        f"limits: {_limits(chosen)}   built in: {_limits(built_in)}",
        f"alarms per camera-year: {_alarms(chosen)}   built in: {_alarms(built_in)}",
        f"operating point: {'  '.join(f'{name} {value:.3f}' for name, value in operating_point.items())}",
    ]
    if (temperature := calibration["temperature"]) is not None:
        lines.append(
            f"temperature of the head: {temperature['value']:.2f} ({'used' if temperature['used'] else 'not used'}); "
            f"calibration error {temperature['error_before']:.3f} -> {temperature['error_after']:.3f}, log loss "
            f"{temperature['loss_before']:.3f} -> {temperature['loss_after']:.3f} on cameras left out"
        )
    return "\n".join([*lines, calibration["reason"], calibration["verdict"]])


def _row(kind: str, entry: Mapping[str, float], before: Mapping[str, float]) -> str:
    def shares(of: Mapping[str, float]) -> str:
        return f"{of['reported']:>9.1%}{of['named_right']:>9.1%}{of['told_nothing']:>9.1%}"

    return f"{kind:<18}{entry['frames']:>7} {shares(entry)}  {shares(before)}"


def _limits(at: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {value:g}" for name, value in at["limits"].items())


def _alarms(at: Mapping[str, Any]) -> str:
    rate = at["alarms_per_camera_year"]
    return f"{rate['estimate']:.3g} ({rate['lower_95']:.3g} to {rate['upper_95']:.3g})"
