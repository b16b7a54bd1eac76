"""Losses of what a network says of ready pairs: same or not, which relation, which displacement."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional as F

# Displacements are compared in units in which an error of 1 is about equally bad: 10 % of the view, 10°, 0.1 of log.
DISPLACEMENT_UNITS = (0.1, 0.1, 10.0, 0.1)


def same_loss(logits: Tensor, same: Tensor) -> Tensor:
    """Binary cross-entropy of logits (P,) of "same" against the truth (P,) bool; 0 where there is no pair.

    Koch, Zemel and Salakhutdinov (2015): the logit is a dense layer on the absolute difference of two embeddings.
    """
    if not logits.numel():
        return logits.sum()
    return F.binary_cross_entropy_with_logits(logits, same.to(logits.dtype))


def relation_loss(logits: Tensor, relation: Tensor, class_weights: Tensor) -> Tensor:
    """Cross-entropy over R relations (P, R) against indices (P,), -1 left out; weighted mean, 0 where none is left."""
    judged = relation >= 0
    if not judged.any():
        return logits.sum() * 0
    return F.cross_entropy(logits[judged], relation[judged], weight=class_weights)


def displacement_loss(displacement: Tensor, log_sigma: Tensor, target: Tensor, measurable: Tensor) -> Tensor:
    """Negative log-likelihood of a Laplace distribution, (P, 4), meaned over components of the measurable pairs.

    `log_sigma` is the log of the Laplace scale b: the loss is |error| / b + log b, b in `DISPLACEMENT_UNITS`.
    """
    if not measurable.any():
        return displacement.sum() * 0
    units = displacement.new_tensor(DISPLACEMENT_UNITS)
    log_scale = (log_sigma - units.log())[measurable]
    error = ((displacement - target) / units)[measurable].abs()
    return (error * (-log_scale).exp() + log_scale).mean()
