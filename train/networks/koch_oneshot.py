"""Design B: are these two pictures of one thing? Learned once, for things never seen.

Koch, Zemel and Salakhutdinov (2015), Siamese Neural Networks for One-shot Image Recognition, ICML Deep
Learning Workshop.
"""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor, nn

from monitor.vision.preprocess import InputSpec
from train.networks.design import UNIT, DesignNetwork

SIDE = 105
EMBEDDING_SIZE = 4096
# (filters, side of a filter); max pooling halves all but the last.
CONVOLUTIONS = ((64, 10), (128, 7), (128, 4), (256, 4))
LAST_SIDE = 6
LUMA = (0.299, 0.587, 0.114)
CONVOLUTION_STD, DENSE_STD, BIAS_MEAN, BIAS_STD = 1e-2, 2e-1, 0.5, 1e-2


class KochOneShot(DesignNetwork):
    """Four convolutions on 105×105 greys, 4096 sigmoid units, and a weighted L1 distance as the logit.

    An embedding holds the sigmoids as they are, 0–1. Weights start as in the paper, dense ones wide: most of the
    sigmoids are then near 0 or 1 from the first step on, which makes of the embedding a code of bits and of the
    distance the bits that differ. It trains so on camera views too. The paper's pictures are drawings of letters; how
    greys come from colours is ours (ITU-R BT.601).
    """

    relations: ClassVar[tuple[str, ...]] = ("same", "changed")
    unit_length: ClassVar[bool] = False
    luma: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.input = InputSpec(SIDE, SIDE, 0.0, UNIT)
        self.embedding_size = EMBEDDING_SIZE
        layers: list[nn.Module] = []
        channels = 1
        for filters, side in CONVOLUTIONS:
            if layers:
                layers.append(nn.MaxPool2d(2))
            layers += [nn.Conv2d(channels, filters, side), nn.ReLU()]
            channels = filters
        self.layers = nn.Sequential(*layers)
        self.dense = nn.Linear(channels * LAST_SIDE**2, EMBEDDING_SIZE)
        self.distance = nn.Linear(EMBEDDING_SIZE, 1)
        self.register_buffer("luma", torch.tensor(LUMA).view(3, 1, 1), persistent=False)
        self._start_as_published()

    def _start_as_published(self) -> None:
        for module in self.modules():
            if isinstance(module, (nn.Conv2d, nn.Linear)):
                std = CONVOLUTION_STD if isinstance(module, nn.Conv2d) else DENSE_STD
                nn.init.normal_(module.weight, 0.0, std)
                if module.bias is not None:
                    nn.init.normal_(module.bias, BIAS_MEAN, BIAS_STD)

    def features(self, images: Tensor) -> Tensor:
        """The last convolution: (N, 256, 6, 6)."""
        features: Tensor = self.layers((images * self.luma).sum(dim=1, keepdim=True))
        return features

    def forward(self, images: Tensor) -> Tensor:
        """Embeddings (N, 4096), 0–1, of pictures (N, 3, 105, 105)."""
        return torch.sigmoid(self.dense(self.features(images).flatten(1)).float())

    def same_logit(self, reference: Tensor, frame: Tensor) -> Tensor:
        """Logit (P,) that pairs of embeddings (P, 4096) show the same."""
        logit: Tensor = self.distance((reference - frame).abs())
        return logit.squeeze(1)

    def judge(self, reference: Tensor, frame: Tensor) -> Tensor:
        """Logits (P, 2) whose softmax is the sigmoid of `same_logit` and its complement."""
        same = self.same_logit(reference, frame)
        return torch.stack([same, torch.zeros_like(same)], dim=1)
