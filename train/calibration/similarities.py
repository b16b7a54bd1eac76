"""Limits of the embedding and of the head alone, beside those of the decision."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from monitor.domain.orientation import Orientation
from train.calibration.alarms import NATURAL
from train.calibration.evidence import Evidence

SINGLE_FRAME_SHARE = 0.01
"""Share of untouched frames that `alarm_above` would report, were the head alone asked, once."""


def similarity_limits(evidence: Sequence[Evidence]) -> dict[str, float]:
    """What can be said of the network by itself.

    Returns:
        `similarity_same` (5 % of untouched views lie below), `similarity_other` (1 % of other scenes lie above; the
        service names no lookalike below it), `orientation_margin` (by which an untouched frame is more like the
        reference upright than turned, in all but 1 % of the frames; negative where it is not), and with a head
        `alarm_above` (of 1 - p(same), for the head alone). What nothing was gathered for is left out.
    """
    natural = [one for one in evidence if one.kind in NATURAL]
    upright = np.array([one.comparison.similarities[Orientation.UPRIGHT] for one in natural])
    margins = [
        one.comparison.similarities[Orientation.UPRIGHT]
        - max(value for turn, value in one.comparison.similarities.items() if turn is not Orientation.UPRIGHT)
        for one in natural
        if len(one.comparison.similarities) > 1
    ]
    other = [
        one.comparison.similarities[Orientation.UPRIGHT] for one in evidence if one.kind == "other scene"
    ]
    said = [1.0 - one.relation.same for one in natural if one.relation is not None]
    limits = {}
    if natural:
        limits["similarity_same"] = float(np.quantile(upright, 0.05))
    if other:
        limits["similarity_other"] = float(np.quantile(other, 0.99))
    if margins:
        limits["orientation_margin"] = float(np.quantile(margins, 0.01))
    if said:
        limits["alarm_above"] = float(np.clip(np.quantile(said, 1 - SINGLE_FRAME_SHARE), 0.5, 0.999))
    return limits
