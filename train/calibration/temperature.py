"""One number that makes the relation head's probabilities mean what they say (Guo et al., ICML 2017)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, special

from monitor.domain.verdict import VerdictKind
from train.calibration.evidence import Evidence
from train.metrics.reliability import reliability

RELATIONS = (VerdictKind.OK, VerdictKind.MOVED, VerdictKind.DIFFERENT_SCENE, VerdictKind.OBSTRUCTED)
"""What the head's four probabilities speak for, in their order."""
RANGE = (0.25, 4.0)
_TINY = 1e-12
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Temperature:
    """What the head's logits should be divided by, and what that brings on cameras left out of the fit.

    Attributes:
        value: Above 1 makes the head less sure of itself; 1 leaves it alone.
        frames: How many upright pairs with one right relation there were.
        error_before: Expected calibration error as it is.
        error_after: The same, each camera's with a temperature fitted on the others.
        loss_before: Mean negative log-likelihood as it is.
        loss_after: The same, each camera's with a temperature fitted on the others.
    """

    value: float
    frames: int
    error_before: float
    error_after: float
    loss_before: float
    loss_after: float

    @property
    def helps(self) -> bool:
        """Whether cameras left out of the fit are told better with it, by both measures."""
        return self.error_after < self.error_before and self.loss_after < self.loss_before


def fit_temperature(evidence: Sequence[Evidence]) -> Temperature | None:
    """Fit on all upright pairs whose right relation is one of the head's; None without a head or with one camera.

    Every camera counts alike, and so does, within it, every relation: the mix of a benchmark is not that of a day.
    """
    usable = [one for one in evidence if one.relation is not None and len(one.accepted) == 1]
    usable = [one for one in usable if one.accepted[0] in RELATIONS]
    names = np.array([one.camera for one in usable])
    cameras = sorted({*names.tolist()})
    if len(cameras) < 2:
        return None
    logits = np.log(np.maximum([astuple(one.relation) for one in usable if one.relation], _TINY))
    right = np.array([RELATIONS.index(one.accepted[0]) for one in usable])
    weights = _weights(names, right)
    softened = np.empty_like(logits)
    for camera in cameras:
        here = names == camera
        softened[here] = logits[here] / _fit(logits[~here], right[~here], weights[~here])
    return Temperature(
        value=_fit(logits, right, weights),
        frames=len(usable),
        error_before=_error(logits, right),
        error_after=_error(softened, right),
        loss_before=_loss(1.0, logits, right, weights),
        loss_after=_loss(1.0, softened, right, weights),
    )


def _weights(names: NDArray[np.str_], right: NDArray[np.int_]) -> Floats:
    cells = [f"{name}/{relation}" for name, relation in zip(names, right, strict=True)]
    _, place, counts = np.unique(cells, return_inverse=True, return_counts=True)
    weights = 1.0 / counts[place]
    return np.asarray(weights / weights.sum())


def _fit(logits: Floats, right: NDArray[np.int_], weights: Floats) -> float:
    found = optimize.minimize_scalar(
        lambda log_value: _loss(float(np.exp(log_value)), logits, right, weights),
        bounds=tuple(np.log(RANGE)),
        method="bounded",
    )
    return float(np.exp(found.x))


def _loss(value: float, logits: Floats, right: NDArray[np.int_], weights: Floats) -> float:
    said = special.log_softmax(logits / value, axis=1)[np.arange(len(right)), right]
    return float(-(said * weights).sum() / weights.sum())


def _error(logits: Floats, right: NDArray[np.int_]) -> float:
    probabilities = special.softmax(logits, axis=1)
    return reliability(probabilities.argmax(axis=1) == right, probabilities.max(axis=1)).expected_error
