"""Judges a bundle on real pictures with known displacements: the head alone, one frame, no history."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from monitor.domain.orientation import Orientation, turn
from train.inference import BundleRunner
from train.metrics.bounds import largest_alarm_share
from train.metrics.reliability import softmax
from train.networks.view import RELATIONS
from train.protocol import KINDS, Trial

SAME_KINDS = ("same", "same, jitter", "same, occluder 10-30 %")
RIGHT = {
    **dict.fromkeys(KINDS, ("moved",)),
    **dict.fromkeys(SAME_KINDS, ("same",)),
    "other scene": ("different",),
    "covered 65-100 %": ("obstructed",),
}


@dataclass(slots=True)
class Findings:
    """What the network said of every trial, by kind.

    Attributes:
        relation: Kind to (T, 4) probabilities in the order of `RELATIONS`.
        error: Kind to (T, 3) absolute errors: shift (larger of dx, dy), roll in degrees, log zoom.
        similarity: Kind to (T,) cosine of embeddings.
        bank: Orientation the frame has to (T, 5) cosines with the reference in each `Orientation`.
        camera: (T,) camera of each trial.
        light: (T,) light of each trial.
    """

    relation: dict[str, NDArray[np.float64]] = field(default_factory=dict)
    error: dict[str, NDArray[np.float64]] = field(default_factory=dict)
    similarity: dict[str, NDArray[np.float64]] = field(default_factory=dict)
    bank: dict[Orientation, NDArray[np.float64]] = field(default_factory=dict)
    camera: list[str] = field(default_factory=list)
    light: list[str] = field(default_factory=list)


def judge(runner: BundleRunner, drawn: Iterable[Trial]) -> Findings:
    """Run a bundle over trials."""
    findings = Findings()
    rows: dict[str, dict[Any, list[NDArray[np.float64]]]] = {
        part: defaultdict(list) for part in ("relation", "error", "similarity", "bank")
    }
    for trial in drawn:
        findings.camera.append(trial.camera)
        findings.light.append(trial.light)
        _judge_one(runner, trial, rows)
    for part, by_kind in rows.items():
        getattr(findings, part).update({kind: np.stack(values) for kind, values in by_kind.items()})
    return findings


def _judge_one(
    runner: BundleRunner, trial: Trial, rows: Mapping[str, dict[Any, list[NDArray[np.float64]]]]
) -> None:
    orientations = list(Orientation)
    bank = [turn(trial.reference, orientation) for orientation in orientations]
    turned = [trial.turned[orientation] for orientation in orientations]
    encoded = runner.encode([*bank, *trial.frames.values(), *turned])
    first = len(bank)
    indices = range(first, first + len(trial.frames))
    said = runner.compare(encoded, [0] * len(trial.frames), list(indices))
    probabilities = softmax(said["relation"].astype(np.float64))
    cosines = encoded["embedding"].astype(np.float64) @ encoded["embedding"][:first].T.astype(np.float64)
    for position, kind in enumerate(trial.frames):
        rows["relation"][kind].append(probabilities[position])
        rows["similarity"][kind].append(cosines[first + position, :1])
        if kind in trial.warps:
            error = np.abs(said["displacement"][position] - trial.warps[kind].target()).astype(np.float64)
            rows["error"][kind].append(np.array([error[:2].max(), error[2], error[3]]))
    for position, orientation in enumerate(orientations):
        rows["bank"][orientation].append(cosines[first + len(trial.frames) + position])


def alarm(probabilities: NDArray[np.float64]) -> NDArray[np.float64]:
    """How strongly the head speaks against "same": 1 - p(same), for (T, 4) probabilities."""
    return 1.0 - probabilities[:, RELATIONS.index("same")]


def figures(findings: Findings, threshold: float) -> dict[str, Any]:
    """Shares and errors by kind, at an alarm threshold.

    For each kind: `alarms` (share of frames not let pass as "same"), `named` (share whose likeliest relation is the
    right one) and, where the displacement is known, medians and 90th percentiles of its errors (% of the view,
    degrees, % of zoom). For each orientation: share where the bank's best is right. Same-view alarms also by light.
    """
    by_kind: dict[str, dict[str, float]] = {}
    for kind, probabilities in findings.relation.items():
        right = [RELATIONS.index(name) for name in RIGHT[kind]]
        entry = {
            "trials": len(probabilities),
            "alarms": float((alarm(probabilities) > threshold).mean()),
            "named": float(np.isin(probabilities.argmax(axis=1), right).mean()),
        }
        if kind in findings.error:
            for column, (name, unit) in enumerate(
                (("shift_percent", 100), ("roll_deg", 1), ("zoom_percent", 100))
            ):
                errors = findings.error[kind][:, column] * unit
                entry[f"{name}_median"] = float(np.median(errors))
                entry[f"{name}_p90"] = float(np.quantile(errors, 0.9))
        by_kind[kind] = entry
    orientations = list(Orientation)
    bank = {
        orientation.value: float((cosines.argmax(axis=1) == orientations.index(orientation)).mean())
        for orientation, cosines in findings.bank.items()
    }
    same = alarm(findings.relation["same"]) > threshold
    groups = {"light": findings.light, "camera": findings.camera}
    return {
        "cameras": len(set(findings.camera)),
        "threshold": threshold,
        "kinds": by_kind,
        "orientation_by_bank": bank,
        **{f"same_view_alarms_by_{name}": _by(values, same) for name, values in groups.items()},
        "same_view_alarms_upper_95": largest_alarm_share(int(same.sum()), len(same)),
    }


def _by(labels: Sequence[str], alarms: NDArray[np.bool_]) -> dict[str, float]:
    names = np.array(labels)
    return {name: float(alarms[names == name].mean()) for name in sorted(set(labels))}


def as_text(found: Mapping[str, Any]) -> str:
    """The figures as a table for people."""
    lines = [f"{found['cameras']} cameras, alarm when 1 - p(same) > {found['threshold']:.3f}"]
    lines.append(
        f"{'kind':<24}{'trials':>7}{'alarms':>9}{'named':>9}   median / p90 error: shift %, roll °, zoom %"
    )
    for kind, entry in found["kinds"].items():
        line = f"{kind:<24}{entry['trials']:>7}{entry['alarms']:>9.1%}{entry['named']:>9.1%}"
        if "shift_percent_median" in entry:
            pairs = (
                f"{entry[name + '_median']:.2f} / {entry[name + '_p90']:.2f}"
                for name in ("shift_percent", "roll_deg", "zoom_percent")
            )
            line += "   " + ",  ".join(pairs)
        lines.append(line)
    bank = "  ".join(f"{name} {share:.1%}" for name, share in found["orientation_by_bank"].items())
    lines.append(f"orientation by embedding bank: {bank}")
    for name in ("light", "camera"):
        shares = found[f"same_view_alarms_by_{name}"]
        lines.append(
            f"alarms on the same view by {name}: " + "  ".join(f"{k} {v:.1%}" for k, v in shares.items())
        )
    lines.append(
        f"alarms on the same view, upper 95 % bound if frames were independent: "
        f"{found['same_view_alarms_upper_95']:.1%}"
    )
    return "\n".join(lines)
