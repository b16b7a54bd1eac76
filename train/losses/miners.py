"""Which pairs or triplets of a batch a loss is to learn from.

A miner sees distances (A, B) of A anchors to B others, and two masks of the same shape: which others are positives of
an anchor and which are negatives. A pair in neither mask (an anchor with itself, a frame whose truth is in doubt) is
never chosen. What is chosen carries no gradient.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import torch
from torch import Tensor


class Pairs(NamedTuple):
    """Masks (A, B) of the chosen positive and negative pairs."""

    positive: Tensor
    negative: Tensor


class Triplets(NamedTuple):
    """Indices (T,) of the chosen triplets: `anchor` into rows, `positive` and `negative` into columns."""

    anchor: Tensor
    positive: Tensor
    negative: Tensor


class Miner(ABC):
    """Chooses pairs or triplets, whichever the loss is made of."""

    name: ClassVar[str]

    @abstractmethod
    def pairs(self, distances: Tensor, positive: Tensor, negative: Tensor) -> Pairs:
        """Choose pairs, given distances and masks (A, B)."""

    @abstractmethod
    def triplets(self, distances: Tensor, positive: Tensor, negative: Tensor) -> Triplets:
        """Choose triplets, given distances and masks (A, B); none where an anchor lacks positives or negatives."""


class _PairMiner(Miner):
    """Chooses pairs; its triplets are all that its pairs make."""

    def triplets(self, distances: Tensor, positive: Tensor, negative: Tensor) -> Triplets:
        kept = self.pairs(distances, positive, negative)
        # (A, B, B): 17 million entries for 256 pictures, which is where batches for all triplets end anyway.
        anchor, near, far = torch.nonzero(
            kept.positive[:, :, None] & kept.negative[:, None, :], as_tuple=True
        )
        return Triplets(anchor, near, far)


class _TripletMiner(Miner):
    """Chooses triplets; its pairs are those that occur in them, each once."""

    def pairs(self, distances: Tensor, positive: Tensor, negative: Tensor) -> Pairs:
        chosen = self.triplets(distances, positive, negative)
        kept = Pairs(torch.zeros_like(positive), torch.zeros_like(negative))
        kept.positive[chosen.anchor, chosen.positive] = True
        kept.negative[chosen.anchor, chosen.negative] = True
        return kept


@dataclass(frozen=True, slots=True)
class AllMiner(_PairMiner):
    """Every pair, every triplet."""

    name: ClassVar[str] = "all"

    def pairs(self, distances: Tensor, positive: Tensor, negative: Tensor) -> Pairs:
        """The pairs as they came."""
        return Pairs(positive, negative)


@dataclass(frozen=True, slots=True)
class MultiSimilarityMiner(_PairMiner):
    """Pairs that contradict another pair of their anchor, or nearly do (Wang et al. 2019, section 3.2).

    A negative counts if it is nearer than the farthest positive plus `margin`, a positive if it is farther than the
    nearest negative minus `margin`. An anchor without positives or without negatives has nothing to contradict.
    The paper says it in cosine similarities; with cosine distance these are the same pairs.
    """

    name: ClassVar[str] = "multi_similarity"
    margin: float = 0.1

    def pairs(self, distances: Tensor, positive: Tensor, negative: Tensor) -> Pairs:
        """Choose pairs, given distances and masks (A, B)."""
        if not distances.numel():
            return Pairs(positive, negative)
        farthest = _only(distances, positive, -torch.inf).amax(dim=1, keepdim=True)
        nearest = _only(distances, negative, torch.inf).amin(dim=1, keepdim=True)
        return Pairs(
            positive & (distances > nearest - self.margin), negative & (distances < farthest + self.margin)
        )


@dataclass(frozen=True, slots=True)
class RandomMiner(_TripletMiner):
    """For every positive pair one negative of its anchor, each as likely as the others.

    Drawn from torch's generator of the CPU whatever the device, which the loop seeds anew for each step.
    """

    name: ClassVar[str] = "random"

    def triplets(self, distances: Tensor, positive: Tensor, negative: Tensor) -> Triplets:
        """Choose triplets, given masks (A, B)."""
        anchor, near = _positive_pairs(positive, negative)
        candidates = negative[anchor]
        counts = candidates.sum(dim=1)
        rank = (torch.rand(len(anchor)).to(counts.device) * counts).long()
        # The candidate with `rank` candidates before it is the first whose running count exceeds `rank`.
        far = (candidates.cumsum(dim=1) > rank[:, None]).int().argmax(dim=1) if len(anchor) else near
        return Triplets(anchor, near, far)


@dataclass(frozen=True, slots=True)
class SemiHardMiner(_TripletMiner):
    """For every positive pair the nearest negative that is farther than the positive (Schroff et al. 2015, FaceNet).

    Where no negative is farther, the farthest there is: the paper leaves this open; a positive beyond all negatives
    has most to learn, and the easiest negative is the one that does not make embeddings collapse.
    """

    name: ClassVar[str] = "semi_hard"

    def triplets(self, distances: Tensor, positive: Tensor, negative: Tensor) -> Triplets:
        """Choose triplets, given distances and masks (A, B)."""
        anchor, near = _positive_pairs(positive, negative)
        if not len(anchor):
            return Triplets(anchor, near, near)
        candidates, to_all = negative[anchor], distances[anchor]
        farther = candidates & (to_all > distances[anchor, near][:, None])
        nearest_beyond = _only(to_all, farther, torch.inf).argmin(dim=1)
        farthest = _only(to_all, candidates, -torch.inf).argmax(dim=1)
        return Triplets(anchor, near, torch.where(farther.any(dim=1), nearest_beyond, farthest))


@dataclass(frozen=True, slots=True)
class BatchHardMiner(_TripletMiner):
    """For every anchor its farthest positive with its nearest negative (Hermans et al. 2017)."""

    name: ClassVar[str] = "batch_hard"

    def triplets(self, distances: Tensor, positive: Tensor, negative: Tensor) -> Triplets:
        """Choose triplets, given distances and masks (A, B)."""
        (anchor,) = torch.nonzero(positive.any(dim=1) & negative.any(dim=1), as_tuple=True)
        if not len(anchor):
            return Triplets(anchor, anchor, anchor)
        farthest = _only(distances[anchor], positive[anchor], -torch.inf).argmax(dim=1)
        nearest = _only(distances[anchor], negative[anchor], torch.inf).argmin(dim=1)
        return Triplets(anchor, farthest, nearest)


def _only(distances: Tensor, mask: Tensor, otherwise: float) -> Tensor:
    return distances.masked_fill(~mask, otherwise)


def _positive_pairs(positive: Tensor, negative: Tensor) -> tuple[Tensor, Tensor]:
    """Anchors and positives (T,) of the pairs whose anchor has a negative."""
    anchor, near = torch.nonzero(positive & negative.any(dim=1, keepdim=True), as_tuple=True)
    return anchor, near
