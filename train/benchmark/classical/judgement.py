"""From what a classical method measured to what it says: one rule for those that register, one for those that cannot.

Measuring knows no threshold and judging knows no picture, so that `tune` can try thousands of thresholds on one
pass over the pictures.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from monitor.domain.displacement import Displacement, Tolerance
from monitor.domain.orientation import Orientation
from monitor.domain.verdict import VerdictKind
from train.benchmark.method import Answer

FARTHEST = 5.0
"""Scores of change are cut to plus and minus this."""


@dataclass(frozen=True, slots=True)
class Registration:
    """How well a frame fits the reference in one orientation.

    Attributes:
        strength: Higher fits better; the scale is the method's own, 0 for not at all (a similarity may be negative).
        displacement: Of the frame against the reference in that orientation; None where nothing was measured.
    """

    strength: float
    displacement: Displacement | None = None


LOST = Registration(0.0)


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a method measured on a pair.

    Attributes:
        upright: Against the reference as it is.
        turned: Against the best of the reference's other orientations.
        orientation: That orientation.
        blank: Whether the frame shows nothing to go by.
    """

    upright: Registration
    turned: Registration
    orientation: Orientation
    blank: bool = False


@dataclass(frozen=True, slots=True)
class RegistrationThresholds:
    """When a method that measures displacement believes what it measured; see `judge_registration`.

    Attributes:
        lost_below: Strength upright under which the frame was not found in the reference at all.
        found_above: Strength upright from which a measured move is believed; at least `lost_below`.
        turned_above: Strength from which a turned reference was found.
        turned_ratio: How many times stronger the turned reference must be than the upright one.
        tolerance: Displacement up to which the view counts as the same.
    """

    lost_below: float
    found_above: float
    turned_above: float
    turned_ratio: float
    tolerance: Tolerance


@dataclass(frozen=True, slots=True)
class SimilarityThresholds:
    """When a method that only knows "alike" speaks; see `judge_similarity`.

    Attributes:
        same_above: Similarity upright from which the view counts as the same.
        turned_above: Similarity from which a turned reference was found.
        turned_margin: By how much the turned reference must be more alike than the upright one.
    """

    same_above: float
    turned_above: float
    turned_margin: float


def judge_registration(evidence: Evidence, thresholds: RegistrationThresholds) -> Answer:
    """Name what a registration shows.

    - A turned reference that is found, and clearly stronger than upright: that orientation.
    - Both found, neither clearly stronger: `unsure`, the evidence contradicts itself.
    - Upright not found: `different_scene`; a blank frame: `unsure`, there is nothing to be found.
    - Found within the tolerance: `ok`. A weak lock is enough for that: another scene would have locked anywhere.
    - Found beyond it: `moved`, or `unsure` where the lock is too weak for such a claim.

    `change` is the largest of three logarithms, each 0 at its threshold: how far displaced, how far from found,
    how much rather turned.
    """
    upright, turned = evidence.upright, evidence.turned
    turned_found = turned.strength >= thresholds.turned_above
    ratio = _log_ratio(turned.strength, upright.strength)
    clearly_turned = turned_found and ratio >= math.log(thresholds.turned_ratio)
    torn = turned_found and upright.strength >= thresholds.lost_below and ratio >= 0.0
    excess = math.inf if upright.displacement is None else upright.displacement.excess(thresholds.tolerance)
    parts = [_log_ratio(thresholds.lost_below, upright.strength), _log_ratio(excess, 1.0)]
    if turned_found:
        parts.append(ratio - math.log(thresholds.turned_ratio))
    change = max(parts)
    if evidence.blank:
        return Answer(VerdictKind.UNSURE, FARTHEST)
    if clearly_turned:
        return Answer(evidence.orientation.verdict, change, displacement=turned.displacement)
    if torn:
        return Answer(VerdictKind.UNSURE, change)
    if upright.strength < thresholds.lost_below or upright.displacement is None:
        return Answer(VerdictKind.DIFFERENT_SCENE, change)
    if excess <= 1.0:
        return Answer(VerdictKind.OK, change, displacement=upright.displacement)
    believed = upright.strength >= thresholds.found_above
    verdict = VerdictKind.MOVED if believed else VerdictKind.UNSURE
    return Answer(verdict, change, displacement=upright.displacement)


def judge_similarity(evidence: Evidence, thresholds: SimilarityThresholds) -> Answer:
    """Name what a similarity shows: same, turned, or changed.

    Such a method cannot tell a moved view from another one. Its "changed" is given as `different_scene`, because all
    it can say is that the reference does not match; a moved view is therefore never named `moved`. `unsure` for a
    blank frame, and where a turned reference is found but not clearly more alike than an upright one that is the same.

    `change` is one minus the similarity upright, raised where a turned reference is more alike than that.
    """
    upright, turned = evidence.upright.strength, evidence.turned.strength
    turned_found = turned >= thresholds.turned_above
    change = 1.0 - upright + (max(0.0, turned - upright - thresholds.turned_margin) if turned_found else 0.0)
    if evidence.blank:
        return Answer(VerdictKind.UNSURE, FARTHEST)
    if turned_found and turned - upright >= thresholds.turned_margin:
        return Answer(evidence.orientation.verdict, change)
    if upright >= thresholds.same_above:
        torn = turned_found and turned > upright
        return Answer(VerdictKind.UNSURE if torn else VerdictKind.OK, change)
    return Answer(VerdictKind.DIFFERENT_SCENE, change)


def _log_ratio(above: float, below: float) -> float:
    """Natural logarithm of a ratio of numbers that are not negative, cut to plus and minus `FARTHEST`."""
    tiny = 1e-9
    if math.isnan(above) or math.isinf(above):
        return FARTHEST
    return max(-FARTHEST, min(FARTHEST, math.log(max(above, tiny) / max(below, tiny))))
