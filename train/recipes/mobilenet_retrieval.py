"""Recipe of design D: a classifier of places (or of any folders), whose features find pictures again."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from train.data.design_batches import ClassBatches, LabelBatch
from train.data.loading import batches
from train.data.places import Place, Places, last_of_each, places_of
from train.exporting.design import Facts
from train.metrics.classification import confusion
from train.networks.design import DesignNetwork
from train.networks.mobilenet_retrieval import MobileNetRetrieval
from train.recipes.design import DesignRecipe
from train.recipes.design_settings import MobileNetRetrievalSettings
from train.validation import Confusion, Validation

CLASSES = "classifier.1.bias"
"""The weights that tell how many classes there are."""
MOST_TESTED = 512
"""Held-out pictures that one validation classifies at most."""


class MobileNetRetrievalRecipe(DesignRecipe[MobileNetRetrievalSettings]):
    """Cross-entropy over classes; the last pictures of each class are held out, for a classifier must know its classes.

    Args:
        settings: The run's YAML.
        data: The data set, see `train.data.listing`.

    Raises:
        DataError: Fewer than two classes of two pictures or more.
    """

    facts = Facts(
        "MobileNetV2 at 224x224 as a classifier of places, its 1280 features, cosine",
        ("ok", "different_scene"),
    )

    def __init__(self, settings: MobileNetRetrievalSettings, data: Path) -> None:
        super().__init__(settings, data)
        often = places_of(self.splits.train).often
        self.classes, self.tested = last_of_each(often, settings.data.validation_share)

    def divide(self) -> tuple[Places, Places]:
        """Without validation cameras, the last pictures of each class are also what is chosen by.

        Whole classes cannot be held out as the other designs do it: the classifier learns them all.
        """
        if self.splits.validation.cameras:
            return super().divide()
        classes, tested = last_of_each(
            places_of(self.splits.train).often, self.settings.data.validation_share
        )
        return Places(classes, ()), Places(tested, ())

    @classmethod
    def shaped(
        cls, settings: MobileNetRetrievalSettings, weights: Mapping[str, Tensor]
    ) -> MobileNetRetrieval:
        """Of as many classes as the weights know; of two where there are none."""
        return MobileNetRetrieval(len(weights[CLASSES]) if weights else 2)

    @property
    def pretrained(self) -> bool:
        """Whether the recipe names weights."""
        return self.settings.start.weights is not None

    def started_network(self) -> MobileNetRetrieval:
        """With the trunk's weights, where the recipe names them."""
        start = self.settings.start
        return MobileNetRetrieval(len(self.classes), start.weights, start.frozen_stages)

    def training(self) -> ClassBatches:
        """Every picture once in an epoch."""
        return self._pictures(self.classes, self.settings.data.light)

    def _pictures(self, classes: tuple[Place, ...], light: float) -> ClassBatches:
        data, seed = self.settings.data, self.settings.run.seed
        return ClassBatches(classes, self.build_spec(), seed, data.pictures_per_batch, light, data.crop)

    @property
    def steps_per_epoch(self) -> int:
        """Every picture once."""
        return math.ceil(len(self.training().pictures) / self.settings.data.pictures_per_batch)

    def pictures(self, batch: LabelBatch) -> Tensor:
        """All."""
        return batch.images

    def objective(
        self, network: DesignNetwork, embeddings: Tensor, batch: LabelBatch
    ) -> Mapping[str, Tensor]:
        """Cross-entropy of the classes."""
        assert isinstance(network, MobileNetRetrieval)
        return {"cross_entropy": F.cross_entropy(network.classify(embeddings), batch.label)}

    @torch.no_grad()
    def validate(self, network: Any) -> Validation:
        """As the other designs, with the accuracy on held-out pictures and the confusion of the classes."""
        found = super().validate(network)
        accuracy, confused = self._classified(network)
        return replace(found, figures={"top_1": accuracy, **found.figures}, confusion=confused)

    def _classified(self, network: MobileNetRetrieval) -> tuple[float, Confusion]:
        tested = self._pictures(self.tested, 0.0)
        total = min(len(tested.pictures), MOST_TESTED)
        device = next(network.parameters()).device
        truth: list[int] = []
        said: list[int] = []
        for batch in batches(tested, 0, math.ceil(total / tested.count)):
            with torch.autocast(device.type, torch.bfloat16, enabled=self.settings.run.bf16):
                logits = network.classify(network(batch.images.to(device)))
            truth += batch.label.tolist()
            said += logits.argmax(dim=1).tolist()
        names = tuple(place.label for place in self.tested)
        counted = confusion([names[i] for i in truth[:total]], [names[i] for i in said[:total]], labels=names)
        return counted.accuracy, Confusion(names, np.asarray(counted.counts), "classes")
