"""Recipes of designs C and E: embeddings by triplets, of whole batches with several pictures of each place."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TypeVar

from torch import Tensor

from train.data.design_batches import LabelBatch, PlaceBatches
from train.exporting.design import Facts
from train.losses.metric import label_pairs, metric_loss
from train.networks.design import DesignNetwork
from train.networks.osnet import OsNet
from train.networks.triplet_cnn import TripletCnn
from train.recipes.design import DesignRecipe
from train.recipes.design_settings import OsNetTripletSettings, TripletCnnSettings

T = TypeVar("T", TripletCnnSettings, OsNetTripletSettings)


class TripletRecipe(DesignRecipe[T]):
    """Pictures of one place are to be nearer than those of others; the miner says which triplets count."""

    def started_network(self) -> DesignNetwork:
        """Started by chance: nothing is pretrained."""
        return self.shaped(self.settings, {})

    def training(self) -> PlaceBatches:
        """P places, K pictures of each."""
        data, seed = self.settings.data, self.settings.run.seed
        return PlaceBatches(
            self.learned,
            self.build_spec(),
            seed,
            data.places_per_batch,
            data.pictures_per_place,
            data.light,
            data.real_share,
            data.crop,
        )

    @property
    def steps_per_epoch(self) -> int:
        """As many pictures as there are."""
        data = self.settings.data
        return math.ceil(self.learned.pictures / (data.places_per_batch * data.pictures_per_place))

    def pictures(self, batch: LabelBatch) -> Tensor:
        """All."""
        return batch.images

    def objective(
        self, network: DesignNetwork, embeddings: Tensor, batch: LabelBatch
    ) -> Mapping[str, Tensor]:
        """The triplet loss of the miner's choice."""
        pairs = label_pairs(batch.label)
        loss = metric_loss(self.settings.loss)
        return {"triplet": loss(embeddings, embeddings, pairs.positive, pairs.negative)}


class TripletCnnRecipe(TripletRecipe[TripletCnnSettings]):
    """Design C."""

    facts = Facts(
        "Five convolutions with pooling on 28x28, 784 numbers by triplets, cosine", ("ok", "different_scene")
    )

    @classmethod
    def shaped(cls, settings: TripletCnnSettings, weights: Mapping[str, Tensor]) -> TripletCnn:
        """At its start."""
        return TripletCnn()


class OsNetTripletRecipe(TripletRecipe[OsNetTripletSettings]):
    """Design E."""

    facts = Facts(
        "OSNet x1.0 (Zhou et al. 2019), 512 numbers by triplets with batch-hard mining, cosine",
        ("ok", "different_scene"),
    )

    @classmethod
    def shaped(cls, settings: OsNetTripletSettings, weights: Mapping[str, Tensor]) -> OsNet:
        """At its start."""
        return OsNet(settings.width, settings.height)
