"""Design C: a small network on thumbnails, trained with triplets."""

from __future__ import annotations

from itertools import pairwise

from torch import Tensor, nn
from torch.nn import functional as F

from monitor.vision.preprocess import InputSpec
from train.networks.design import UNIT, DesignNetwork

SIDE = 28
CHANNELS = (3, 32, 64, 128, 256, 784)


class TripletCnn(DesignNetwork):
    """Five layers of convolution and pooling, 28×28 down to one cell of 784 channels: the embedding.

    Pooling rounds up (28, 14, 7, 4, 2, 1), or five of them would leave nothing. The design states the input, the
    layers and the embedding; widths and the batch norms before the activations are ours. The last layer has neither
    norm nor activation, so that cosine similarity uses its whole range.
    """

    def __init__(self) -> None:
        super().__init__()
        self.input = InputSpec(SIDE, SIDE, 0.0, UNIT)
        self.embedding_size = CHANNELS[-1]
        self.blocks = nn.Sequential(*(_block(a, b) for a, b in pairwise(CHANNELS[:-1])))
        self.last = nn.Conv2d(*CHANNELS[-2:], 3, padding=1)

    def features(self, images: Tensor) -> Tensor:
        """The last layer before it is pooled: (N, 784, 2, 2)."""
        features: Tensor = self.last(self.blocks(images - 0.5))
        return features

    def forward(self, images: Tensor) -> Tensor:
        """Embeddings (N, 784) of unit length, of pictures (N, 3, 28, 28)."""
        embedding = F.max_pool2d(self.features(images), 2, ceil_mode=True).flatten(1)
        return F.normalize(embedding.float(), dim=1)


def _block(channels_in: int, channels_out: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(channels_in, channels_out, 3, padding=1, bias=False),
        nn.BatchNorm2d(channels_out),
        nn.ReLU(),
        nn.MaxPool2d(2, ceil_mode=True),
    )
