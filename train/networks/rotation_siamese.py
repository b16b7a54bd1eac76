"""Design A: does this picture stand on its head? A Siamese MobileNetV2 with attention."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from monitor.vision.preprocess import InputSpec
from train.networks.cells import CoordinateAttention
from train.networks.design import UNIT, DesignNetwork
from train.networks.mobilenet import MobileNetTrunk

SIDE = 448
SQUEEZED = 40
"""A 32nd of the trunk's channels, as coordinate attention has it."""


class RotationSiamese(DesignNetwork):
    """MobileNetV2, coordinate attention (Hou et al. 2021), mean over the picture, one linear layer.

    Embeddings have unit length, so their Euclidean distance lies within 0–2. Pairs are trained with the contrastive
    loss: apart by half a degree they are the same, by about 180 degrees they are not. What an unrelated pair gives
    was never trained; `RotationSiameseThreeWay` cures that.

    Args:
        embedding_size: D.
        weights: Weights of the trunk, see `MobileNetTrunk`; None starts at random.
        frozen_stages: Blocks of the trunk that do not learn.

    Raises:
        WeightsError: The file is missing, or is no state dict of MobileNetV2.
    """

    def __init__(
        self, embedding_size: int = 128, weights: Path | None = None, frozen_stages: int = 0
    ) -> None:
        super().__init__()
        self.input = InputSpec(SIDE, SIDE, 0.0, UNIT)
        self.embedding_size = embedding_size
        self.trunk = MobileNetTrunk(weights, frozen_stages)
        self.attention = CoordinateAttention(self.trunk.channels, SQUEEZED)
        self.embedding = nn.Linear(self.trunk.channels, embedding_size)

    def features(self, images: Tensor) -> Tensor:
        """What attention leaves of the trunk's features: (N, 1280, 14, 14)."""
        attended: Tensor = self.attention(self.trunk(images))
        return attended

    def forward(self, images: Tensor) -> Tensor:
        """Embeddings (N, D) of unit length, of pictures (N, 3, 448, 448)."""
        embedding = self.embedding(self.features(images).mean(dim=(2, 3)))
        return F.normalize(embedding.float(), dim=1)

    def pretrained_parameters(self) -> list[nn.Parameter]:
        """Those of the trunk, where it started from weights."""
        return self.trunk.pretrained_parameters()


class RotationSiameseThreeWay(RotationSiamese):
    """The same network with a judge of three relations, trained on unrelated pairs too.

    Distance alone has no place for a third class: an unrelated picture lies as far away as a turned one. The judge
    reads both how far apart and how alike two embeddings are in each direction, whichever of the two comes first.
    """

    relations: ClassVar[tuple[str, ...]] = ("same", "rotated", "unrelated")

    def __init__(
        self, embedding_size: int = 128, weights: Path | None = None, frozen_stages: int = 0
    ) -> None:
        super().__init__(embedding_size, weights, frozen_stages)
        self.judgement = nn.Sequential(
            nn.Linear(2 * embedding_size, 64), nn.ReLU(), nn.Linear(64, len(self.relations))
        )

    def judge(self, reference: Tensor, frame: Tensor) -> Tensor:
        """Logits (P, 3) of pairs of embeddings (P, D) of unit length."""
        # Numbers of a unit vector shrink with its size; the judge gets them of order one.
        apart = (reference - frame).abs() * self.embedding_size**0.5
        alike = reference * frame * self.embedding_size
        logits: Tensor = self.judgement(torch.cat([apart, alike], dim=1))
        return logits
