"""Losses of distances or similarities, as published; which pairs they see is for a miner to say.

Each is a mean, is 0 with gradients of 0 where it has nothing to judge, and has finite gradients for coinciding
embeddings. In three families, by what a loss is made of: single pairs, triplets, or all pairs of an anchor.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import torch
from torch import Tensor
from torch.nn import functional as F


@dataclass(frozen=True, slots=True)
class ContrastiveLoss:
    """Draws positives together and pushes negatives beyond the margin (Hadsell, Chopra and LeCun 2006).

    d² / 2 for a positive pair at distance d, max(0, margin − d)² / 2 for a negative one. Both halves weigh by their
    number of pairs: of a whole batch the negatives are many, and the miner `random` evens them out.
    """

    name: ClassVar[str] = "contrastive"
    distances: ClassVar[tuple[str, ...]] = (
        "euclidean",
        "squared_euclidean",
        "manhattan",
        "cosine",
        "unit_cosine",
    )
    margin: float = 1.0

    def __call__(self, positive: Tensor, negative: Tensor) -> Tensor:
        """Mean over distances of positive pairs (P,) and of negative pairs (N,)."""
        return _mean(torch.cat([positive.square() / 2, F.relu(self.margin - negative).square() / 2]))


@dataclass(frozen=True, slots=True)
class BinaryCrossEntropyLoss:
    """Cross-entropy of "same", whose logit is scale · (threshold − d).

    Koch, Zemel and Salakhutdinov (2015) learn a weight for each component of the L1 distance; that dense layer belongs
    to the network, and `train.losses.pairs.same_loss` judges what comes out of it. Here all weigh alike.
    """

    name: ClassVar[str] = "binary_cross_entropy"
    distances: ClassVar[tuple[str, ...]] = ("manhattan",)
    scale: float = 1.0
    threshold: float = 1.0

    def __call__(self, positive: Tensor, negative: Tensor) -> Tensor:
        """Mean over distances of positive pairs (P,) and of negative pairs (N,)."""
        contradiction = torch.cat([positive - self.threshold, self.threshold - negative])
        return _mean(F.softplus(self.scale * contradiction))


@dataclass(frozen=True, slots=True)
class TripletLoss:
    """Wants the negative farther than the positive, by a margin or the more the better.

    max(0, margin + d(anchor, positive) − d(anchor, negative)) (Schroff et al. 2015) or, where the margin is `soft`,
    log(1 + exp(d(anchor, positive) − d(anchor, negative))) (Hermans et al. 2017).
    """

    name: ClassVar[str] = "triplet"
    distances: ClassVar[tuple[str, ...]] = ContrastiveLoss.distances
    margin: float | Literal["soft"] = "soft"

    def __call__(self, to_positive: Tensor, to_negative: Tensor) -> Tensor:
        """Mean over triplets, satisfied ones included, of distances (T,) from the anchor."""
        excess = to_positive - to_negative
        return _mean(F.softplus(excess) if self.margin == "soft" else F.relu(excess + self.margin))


@dataclass(frozen=True, slots=True)
class InfoNceLoss:
    """Cross-entropy of picking each positive from among itself and the anchor's negatives (van den Oord et al. 2018).

    Other positives of the anchor are no rivals. With one positive for each anchor and all other pictures as negatives
    this is NT-Xent (Chen et al. 2020).
    """

    name: ClassVar[str] = "info_nce"
    distances: ClassVar[tuple[str, ...]] = ("cosine", "unit_cosine")
    temperature: float = 0.07

    def __call__(self, similarity: Tensor, positive: Tensor, negative: Tensor) -> Tensor:
        """Mean over positive pairs, given similarities and masks (A, B); a pair without rivals counts as 0."""
        if not positive.any():
            return similarity.sum() * 0
        logits = similarity / self.temperature
        rivals = torch.where(negative, logits, -torch.inf).logsumexp(dim=1, keepdim=True)
        return F.softplus(rivals - logits)[positive].mean()


@dataclass(frozen=True, slots=True)
class MultiSimilarityLoss:
    """Weighs each pair by how it stands to the other pairs of its anchor (Wang et al. 2019, equation 15).

    log(1 + Σ exp(−alpha (s − base))) / alpha over an anchor's positives plus log(1 + Σ exp(beta (s − base))) / beta
    over its negatives, s the cosine similarity. The paper writes λ for `base`.
    """

    name: ClassVar[str] = "multi_similarity"
    distances: ClassVar[tuple[str, ...]] = ("cosine", "unit_cosine")
    alpha: float = 2.0
    beta: float = 50.0
    base: float = 0.5

    def __call__(self, similarity: Tensor, positive: Tensor, negative: Tensor) -> Tensor:
        """Mean over all anchors, those without chosen pairs included, given similarities and masks (A, B)."""
        above = similarity - self.base
        drawn = _log_one_plus_sum_exp(-self.alpha * above, positive) / self.alpha
        pushed = _log_one_plus_sum_exp(self.beta * above, negative) / self.beta
        return _mean(drawn + pushed)


DistanceLoss = ContrastiveLoss | BinaryCrossEntropyLoss
SimilarityLoss = InfoNceLoss | MultiSimilarityLoss
MetricTerm = DistanceLoss | TripletLoss | SimilarityLoss


def _mean(values: Tensor) -> Tensor:
    return values.mean() if values.numel() else values.sum()


def _log_one_plus_sum_exp(values: Tensor, mask: Tensor) -> Tensor:
    """log(1 + Σ exp(value)) over the masked values of each row of (A, B): (A,)."""
    kept = torch.where(mask, values, -torch.inf)
    return torch.cat([kept, values.new_zeros(len(values), 1)], dim=1).logsumexp(dim=1)
