"""Figures that people read: shares found and missed, errors of displacement, orientation by the bank."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from train.data.loading import Batch
from train.networks.view import RELATIONS, Encoding, PairOutput


def validation_figures(results: Sequence[tuple[Batch, Encoding, PairOutput]]) -> Mapping[str, float]:
    """Share of right relations by class, and median errors of displacement where it is measurable.

    Shift errors are in percent of the view, roll in degrees, zoom in percent.
    """
    if not results:
        return {}
    relation = torch.cat([batch.relation for batch, _, _ in results])
    said = torch.cat([output.relation for _, _, output in results]).argmax(dim=1)
    figures = {}
    for index, name in enumerate(RELATIONS):
        of_class = relation == index
        if of_class.any():
            figures[f"right_{name}"] = float((said[of_class] == index).float().mean())
    measurable = torch.cat([batch.measurable for batch, _, _ in results])
    if measurable.any():
        target = torch.cat([batch.displacement for batch, _, _ in results])[measurable]
        measured = torch.cat([output.displacement for _, _, output in results])[measurable]
        error = (measured - target).abs()
        for moved, name in ((relation[measurable] == 0, "same"), (relation[measurable] == 1, "moved")):
            if moved.any():
                part = error[moved]
                figures[f"shift_error_{name}_percent"] = float(part[:, :2].amax(dim=1).median() * 100)
                figures[f"roll_error_{name}_deg"] = float(part[:, 2].median())
                figures[f"zoom_error_{name}_percent"] = float(part[:, 3].median() * 100)
    return figures


def softmax(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    """Probabilities along the last axis."""
    shifted = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=-1, keepdims=True))


def largest_alarm_share(alarms: int, trials: int, confidence: float = 0.95) -> float:
    """Upper Clopper-Pearson bound of a share: the largest that would still give so few alarms once in twenty times.

    Found by bisection on the binomial sum, which needs no further package; 1.0 for no trials.
    """
    if trials == 0 or alarms >= trials:
        return 1.0

    def at_most(share: float) -> float:
        log_terms = [
            math.lgamma(trials + 1)
            - math.lgamma(k + 1)
            - math.lgamma(trials - k + 1)
            + k * math.log(share)
            + (trials - k) * math.log1p(-share)
            for k in range(alarms + 1)
        ]
        return sum(map(math.exp, log_terms))

    low, high = 1e-12, 1.0 - 1e-12
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if at_most(middle) > 1 - confidence else (low, middle)
    return high
