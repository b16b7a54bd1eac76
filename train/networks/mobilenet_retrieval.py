"""Design D: MobileNetV2 as a classifier, whose features find pictures of the same kind."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from torch import Tensor, nn

from monitor.vision.preprocess import InputSpec
from train.networks.design import UNIT, DesignNetwork
from train.networks.mobilenet import MobileNetTrunk

SIDE = 224
DROPOUT = 0.2


class MobileNetRetrieval(DesignNetwork):
    """MobileNetV2 at 224×224. What goes into its classifier is the embedding, compared by either distance.

    Args:
        classes: How many the pictures are sorted into.
        weights: Weights of the trunk, see `MobileNetTrunk`; None starts at random. The classifier is new.
        frozen_stages: Blocks of the trunk that do not learn.

    Raises:
        WeightsError: The file is missing, or is no state dict of MobileNetV2.
    """

    unit_length: ClassVar[bool] = False

    def __init__(self, classes: int, weights: Path | None = None, frozen_stages: int = 0) -> None:
        super().__init__()
        self.input = InputSpec(SIDE, SIDE, 0.0, UNIT)
        self.classes = classes
        self.trunk = MobileNetTrunk(weights, frozen_stages)
        self.embedding_size = self.trunk.channels
        self.classifier = nn.Sequential(nn.Dropout(DROPOUT), nn.Linear(self.embedding_size, classes))

    def features(self, images: Tensor) -> Tensor:
        """The trunk's features: (N, 1280, 7, 7)."""
        features: Tensor = self.trunk(images)
        return features

    def forward(self, images: Tensor) -> Tensor:
        """Embeddings (N, 1280), 0–6, of pictures (N, 3, 224, 224): their features' means."""
        return self.features(images).mean(dim=(2, 3))

    def classify(self, embeddings: Tensor) -> Tensor:
        """Logits (N, classes) of embeddings (N, 1280)."""
        logits: Tensor = self.classifier(embeddings)
        return logits

    def pretrained_parameters(self) -> list[nn.Parameter]:
        """Those of the trunk, where it started from weights."""
        return self.trunk.pretrained_parameters()
