"""Design E: OSNet, built from its paper.

Zhou, Yang, Cavallaro and Xiang (2019), Omni-Scale Feature Learning for Person Re-Identification, ICCV.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from monitor.vision.preprocess import InputSpec
from train.networks.design import UNIT, DesignNetwork
from train.networks.mobilenet import IMAGENET_MEAN, IMAGENET_STD

STEM_CHANNELS, STAGE_CHANNELS = 64, (256, 384, 512)
BOTTLENECKS, STREAMS = 2, 4
BOTTLENECK_REDUCTION, GATE_REDUCTION = 4, 16
EMBEDDING_SIZE = 512


class LiteConv(nn.Sequential):
    """A 3×3 convolution taken apart: a pointwise one, then one by channel, then norm and activation."""

    def __init__(self, channels: int) -> None:
        super().__init__(
            nn.Conv2d(channels, channels, 1, bias=False),
            nn.Conv2d(channels, channels, 3, padding=1, groups=channels, bias=False),
            nn.BatchNorm2d(channels),
            nn.ReLU(inplace=True),
        )


class AggregationGate(nn.Module):
    """A weight, 0–1, for every channel of a stream, from the stream's own means; one gate serves all streams."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        hidden = max(1, channels // GATE_REDUCTION)
        self.squeeze = nn.Conv2d(channels, hidden, 1)
        self.expand = nn.Conv2d(hidden, channels, 1)

    def forward(self, features: Tensor) -> Tensor:
        """(N, C, H, W) to the same shape."""
        weights = self.expand(F.relu(self.squeeze(features.mean(dim=(2, 3), keepdim=True))))
        return features * torch.sigmoid(weights)


class OmniScaleBlock(nn.Module):
    """Residual bottleneck with streams of one to four lite convolutions, seeing 3×3 to 9×9, gated and added."""

    def __init__(self, channels_in: int, channels_out: int) -> None:
        super().__init__()
        inner = max(1, channels_out // BOTTLENECK_REDUCTION)
        self.reduce = _pointwise(channels_in, inner)
        self.streams = nn.ModuleList(
            nn.Sequential(*(LiteConv(inner) for _ in range(depth))) for depth in range(1, STREAMS + 1)
        )
        self.gate = AggregationGate(inner)
        self.restore = _pointwise(inner, channels_out, activation=False)
        self.shortcut = (
            nn.Identity()
            if channels_in == channels_out
            else _pointwise(channels_in, channels_out, activation=False)
        )

    def forward(self, features: Tensor) -> Tensor:
        """(N, in, H, W) to (N, out, H, W)."""
        reduced = self.reduce(features)
        mixed = self.gate(self.streams[0](reduced))
        for stream in self.streams[1:]:
            mixed = mixed + self.gate(stream(reduced))
        return F.relu(self.restore(mixed) + self.shortcut(features))


class OsNet(DesignNetwork):
    """OSNet x1.0 at 128 rows × 256 columns.

    The paper's pictures are people, 256 rows × 128 columns; a camera's view is wider than high, so ours lie down. The
    number of cells is the same.

    Args:
        columns: Width of the pictures; a multiple of 16.
        rows: Height of the pictures; a multiple of 16.
        width: Multiplies the channels of every layer but the embedding's.

    Raises:
        ValueError: A side is no multiple of 16.
    """

    stride = 16
    mean: Tensor
    deviation: Tensor

    def __init__(self, columns: int = 256, rows: int = 128, width: float = 1.0) -> None:
        super().__init__()
        if columns % self.stride or rows % self.stride:
            raise ValueError(f"{columns}×{rows} is no multiple of {self.stride} on both sides")
        self.input = InputSpec(columns, rows, 0.0, UNIT)
        self.embedding_size = EMBEDDING_SIZE
        stem, *stages = (int(channels * width) for channels in (STEM_CHANNELS, *STAGE_CHANNELS))
        layers: list[nn.Module] = [
            nn.Conv2d(3, stem, 7, stride=2, padding=3, bias=False),
            nn.BatchNorm2d(stem),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(3, stride=2, padding=1),
        ]
        channels_in = stem
        for channels in stages:
            if channels_in != stem:
                layers += [_pointwise(channels_in, channels_in), nn.AvgPool2d(2)]
            for _ in range(BOTTLENECKS):
                layers.append(OmniScaleBlock(channels_in, channels))
                channels_in = channels
        layers.append(_pointwise(channels_in, channels_in))
        self.layers = nn.Sequential(*layers)
        self.embedding = nn.Sequential(
            nn.Linear(channels_in, EMBEDDING_SIZE), nn.BatchNorm1d(EMBEDDING_SIZE), nn.ReLU()
        )
        self.register_buffer("mean", torch.tensor(IMAGENET_MEAN).view(3, 1, 1), persistent=False)
        self.register_buffer("deviation", torch.tensor(IMAGENET_STD).view(3, 1, 1), persistent=False)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def features(self, images: Tensor) -> Tensor:
        """The last convolution: (N, 512, rows / 16, columns / 16) at width 1."""
        features: Tensor = self.layers((images - self.mean) / self.deviation)
        return features

    def forward(self, images: Tensor) -> Tensor:
        """Embeddings (N, 512) of unit length and without negative numbers, of pictures (N, 3, rows, columns)."""
        embedding = self.embedding(self.features(images).mean(dim=(2, 3)))
        return F.normalize(embedding.float(), dim=1)


def _pointwise(channels_in: int, channels_out: int, *, activation: bool = True) -> nn.Sequential:
    layers: list[nn.Module] = [
        nn.Conv2d(channels_in, channels_out, 1, bias=False),
        nn.BatchNorm2d(channels_out),
    ]
    return nn.Sequential(*layers, nn.ReLU(inplace=True)) if activation else nn.Sequential(*layers)
