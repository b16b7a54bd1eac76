"""Recipe of design A: upside down or not, by a distance; and with a third class for pairs of nothing in common."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import ClassVar

import torch
from torch import Tensor
from torch.nn import functional as F

from train.data.design_batches import SAME, UNRELATED, PairBatch, TurnedPairs
from train.data.places import Places
from train.exporting.design import Facts
from train.losses.metric import metric_loss
from train.networks.design import DesignNetwork
from train.networks.rotation_siamese import RotationSiamese, RotationSiameseThreeWay
from train.recipes.design import VALIDATION_PAIRS, VALIDATION_SEED_STEP, DesignRecipe
from train.recipes.design_settings import RotationSiameseSettings

ARCHITECTURE = "Rotation Siamese: MobileNetV2 with coordinate attention at 448x448"
ASKED_OF_STRANGERS = 1 / 3
"""Share of unrelated pairs in the validation, whether they are learned or not: the flaw is to be seen."""


class RotationSiameseRecipe(DesignRecipe[RotationSiameseSettings]):
    """Contrastive loss on Euclidean distance; where unrelated pairs are learned, with the relation's cross-entropy."""

    RELATIONS: ClassVar[tuple[str, ...]] = RotationSiameseThreeWay.relations

    @property
    def facts(self) -> Facts:  # type: ignore[override]
        """Two classes, or three."""
        if self.settings.three_classes:
            return Facts(
                f"{ARCHITECTURE}, a judge of three classes", ("ok", "flipped_180", "different_scene")
            )
        return Facts(f"{ARCHITECTURE}, Euclidean distance", ("ok", "flipped_180"))

    @classmethod
    def shaped(cls, settings: RotationSiameseSettings, weights: Mapping[str, Tensor]) -> RotationSiamese:
        """Of two classes, or three."""
        return _network(settings)()

    @property
    def pretrained(self) -> bool:
        """Whether the recipe names weights."""
        return self.settings.start.weights is not None

    def started_network(self) -> RotationSiamese:
        """With the trunk's weights, where the recipe names them."""
        start = self.settings.start
        return _network(self.settings)(weights=start.weights, frozen_stages=start.frozen_stages)

    def training(self) -> TurnedPairs:
        """Pairs as published, with strangers where the recipe asks for them."""
        data = self.settings.data
        return self._pairs(self.learned, self.settings.run.seed, data.pairs_per_batch, data.unrelated_share)

    def validation(self) -> TurnedPairs:
        """Of all three kinds in any case."""
        seed = self.settings.run.seed + VALIDATION_SEED_STEP
        return self._pairs(self.held, seed, VALIDATION_PAIRS, ASKED_OF_STRANGERS)

    def _pairs(self, places: Places, seed: int, count: int, unrelated_share: float) -> TurnedPairs:
        data, spec = self.settings.data, self.build_spec()
        return TurnedPairs(
            places, spec, seed, count, data.light, data.same_deg, data.rotated_deg, unrelated_share, data.crop
        )

    @property
    def steps_per_epoch(self) -> int:
        """Every picture is a reference once."""
        return math.ceil(self.learned.pictures / self.settings.data.pairs_per_batch)

    def pictures(self, batch: PairBatch) -> Tensor:
        """References, then frames."""
        return torch.cat([batch.reference, batch.frame])

    def objective(self, network: DesignNetwork, embeddings: Tensor, batch: PairBatch) -> Mapping[str, Tensor]:
        """Contrastive between same and rotated pairs; the relation of all, where there are three classes."""
        reference, frame = embeddings.chunk(2)
        taught = batch.relation != UNRELATED
        same = batch.relation[taught] == SAME
        contrastive = metric_loss(self.settings.loss).paired(reference[taught], frame[taught], same)
        if not network.relations:
            return {"contrastive": contrastive}
        relation = F.cross_entropy(network.judge(reference, frame), batch.relation)
        return {"contrastive": contrastive, "relation": self.settings.relation_weight * relation}

    def further_figures(self, network: DesignNetwork) -> Mapping[str, float]:
        """None: it was not made to find places again."""
        return {}


def _network(settings: RotationSiameseSettings) -> type[RotationSiamese]:
    return RotationSiameseThreeWay if settings.three_classes else RotationSiamese
