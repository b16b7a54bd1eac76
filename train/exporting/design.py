"""A published design as a bundle: a global embedding, and a threshold or a judge of two embeddings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from monitor.vision.bundle import ENCODER_FILE, HEAD_FILE
from monitor.vision.card import GridSpec
from train.exporting.bundle import Exportable
from train.exporting.graphs import Graph
from train.networks.design import DesignNetwork

FEATURES = "features"
"""Grid that holds the raw embedding: for the judge, if there is one, or for distances between raw embeddings."""
TOLERANCE = 1e-4
JUDGE_TOLERANCE = 1e-3
OWN = "Weights trained here: the terms of the project that ships them. "
LICENCE = (
    OWN + "The training pictures carry mixed, partly research-only terms and are not part of the bundle."
)
PRETRAINED = (
    "ImageNet weights of MobileNetV2 (Apache-2.0), trained further on the pictures of the recipe's data set."
)
FROM_CHANCE = "Trained from chance on the pictures of the recipe's data set."


@dataclass(frozen=True, slots=True)
class Facts:
    """What the card says of a design.

    Attributes:
        architecture: One line, with its source.
        can_tell: Verdicts that it can tell by itself, `ok` first.
    """

    architecture: str
    can_tell: tuple[str, ...]


class _Encoder(nn.Module):
    """Picture to embedding of unit length; with the raw one beside it where somebody takes that."""

    def __init__(self, network: DesignNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        raw = self.network(images)
        embedding = F.normalize(raw, dim=1)
        return (embedding, raw[:, :, None, None]) if _keeps_raw(self.network) else (embedding,)


def _keeps_raw(network: DesignNetwork) -> bool:
    return bool(network.relations) or not network.unit_length


class _Judge(nn.Module):
    def __init__(self, network: DesignNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, reference: Tensor, frame: Tensor) -> tuple[Tensor, ...]:
        return (self.network.judge(reference.flatten(1), frame.flatten(1)),)


def design_exportable(
    network: DesignNetwork,
    facts: Facts,
    operating_point: Mapping[str, float],
    figures: Mapping[str, float],
    pretrained: bool,
) -> Exportable:
    """A design, with the threshold and the figures that were found on held-out pictures."""
    network = network.eval()
    spec, size = network.input, network.embedding_size

    def pictures(count: int) -> tuple[Tensor, ...]:
        chance = torch.Generator().manual_seed(count)
        return (torch.rand(count, 3, spec.height, spec.width, generator=chance),)

    def embeddings(count: int) -> tuple[Tensor, ...]:
        with torch.no_grad():
            raw = [network(*pictures(count + place)) for place in range(2)]
        return tuple(one[:count, :, None, None] for one in raw)

    names = ("embedding", FEATURES) if _keeps_raw(network) else ("embedding",)
    graphs = {ENCODER_FILE: Graph(_Encoder(network), pictures, ("images",), names, TOLERANCE)}
    if network.relations:
        inputs = (f"reference_{FEATURES}", f"frame_{FEATURES}")
        graphs[HEAD_FILE] = Graph(_Judge(network), embeddings, inputs, ("relation",), JUDGE_TOLERANCE)
    return Exportable(
        graphs=graphs,
        architecture=facts.architecture,
        input=spec,
        embedding_size=size,
        grids=(GridSpec(FEATURES, spec.height, size, 1, 1),) if _keeps_raw(network) else (),
        relations=network.relations,
        can_tell=facts.can_tell,
        licence=LICENCE,
        origin=PRETRAINED if pretrained else FROM_CHANCE,
        operating_point=operating_point,
        metrics={"held_out": {name: round(value, 4) for name, value in figures.items()}},
    )
