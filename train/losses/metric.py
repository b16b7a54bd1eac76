"""One loss of embeddings, put together from a distance, a miner and a loss."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from train.losses.distances import Distance, LossError, distance_named
from train.losses.miners import (
    AllMiner,
    BatchHardMiner,
    Miner,
    MultiSimilarityMiner,
    Pairs,
    RandomMiner,
    SemiHardMiner,
)
from train.losses.settings import (
    BinaryCrossEntropySettings,
    ContrastiveSettings,
    InfoNceSettings,
    MetricSettings,
    TripletSettings,
)
from train.losses.terms import (
    BinaryCrossEntropyLoss,
    ContrastiveLoss,
    DistanceLoss,
    InfoNceLoss,
    MetricTerm,
    MultiSimilarityLoss,
    SimilarityLoss,
    TripletLoss,
)

MINERS: Mapping[str, Miner] = {
    m.name: m for m in (AllMiner(), RandomMiner(), SemiHardMiner(), BatchHardMiner(), MultiSimilarityMiner())
}


@dataclass(frozen=True, slots=True)
class MetricLoss:
    """A loss of the distances that a miner chooses. Computed in full precision, under autocast too.

    Raises:
        LossError: The loss is not defined for this distance.
    """

    distance: Distance
    loss: MetricTerm
    miner: Miner

    def __post_init__(self) -> None:
        if self.distance.name not in self.loss.distances:
            raise LossError(
                f"Loss {self.loss.name} does not go with distance {self.distance.name}.",
                f"Choose distance {' or '.join(self.loss.distances)}.",
            )

    def __call__(self, anchors: Tensor, others: Tensor, positive: Tensor, negative: Tensor) -> Tensor:
        """The loss of a batch.

        Args:
            anchors: (A, D) embeddings.
            others: (B, D) embeddings; they may be the anchors again.
            positive: (A, B) bool: this other is to be near this anchor.
            negative: (A, B) bool: this other is to be far. A pair in neither takes no part.

        Returns:
            A scalar; 0 with gradients of 0 where the masks, or the miner, leave nothing to judge.
        """
        with torch.autocast(anchors.device.type, enabled=False):
            anchors, others = _at_full_precision(anchors), _at_full_precision(others)
            if isinstance(self.loss, SimilarityLoss):
                assert self.distance.similarity_matrix is not None
                similarity = self.distance.similarity_matrix(anchors, others)
                chosen = self.miner.pairs(1 - similarity.detach(), positive, negative)
                return self.loss(similarity, chosen.positive, chosen.negative)
            distances = self.distance.matrix(anchors, others)
            if isinstance(self.loss, TripletLoss):
                triplets = self.miner.triplets(distances.detach(), positive, negative)
                return self.loss(
                    distances[triplets.anchor, triplets.positive],
                    distances[triplets.anchor, triplets.negative],
                )
            chosen = self.miner.pairs(distances.detach(), positive, negative)
            return self.loss(distances[chosen.positive], distances[chosen.negative])

    def paired(self, first: Tensor, second: Tensor, same: Tensor) -> Tensor:
        """The loss of ready pairs: (P, D) against (P, D), row by row, `same` (P,) bool. Nothing is mined.

        Raises:
            LossError: The loss compares the pairs of an anchor with each other, so single pairs are not enough.
        """
        if not isinstance(self.loss, DistanceLoss):
            raise LossError(
                f"Loss {self.loss.name} cannot judge single pairs.",
                "Choose contrastive or binary_cross_entropy, or give it whole batches.",
            )
        with torch.autocast(first.device.type, enabled=False):
            distances = self.distance.paired(_at_full_precision(first), _at_full_precision(second))
            return self.loss(distances[same], distances[~same])


def label_pairs(labels: Tensor) -> Pairs:
    """Masks (N, N) for a batch compared with itself: same label (N,), and not itself, is positive; other, negative."""
    same = labels[:, None] == labels[None]
    itself = torch.eye(len(labels), dtype=torch.bool, device=labels.device)
    return Pairs(same & ~itself, ~same)


def metric_loss(settings: MetricSettings) -> MetricLoss:
    """Put together what a recipe asks for."""
    miner = MINERS[settings.miner]
    if settings.mining_margin is not None:
        miner = MultiSimilarityMiner(settings.mining_margin)
    return MetricLoss(distance_named(settings.distance), _term(settings), miner)


def _term(settings: MetricSettings) -> MetricTerm:
    if isinstance(settings, ContrastiveSettings):
        return ContrastiveLoss(settings.margin)
    if isinstance(settings, TripletSettings):
        return TripletLoss(settings.margin)
    if isinstance(settings, InfoNceSettings):
        return InfoNceLoss(settings.temperature)
    if isinstance(settings, BinaryCrossEntropySettings):
        return BinaryCrossEntropyLoss(settings.scale, settings.threshold)
    return MultiSimilarityLoss(settings.alpha, settings.beta, settings.base)


def _at_full_precision(embeddings: Tensor) -> Tensor:
    """Half precision to float32, the rest as it is: distances of near neighbours vanish in eight bits."""
    return embeddings.to(torch.promote_types(embeddings.dtype, torch.float32))
