"""What the recipes of the five published designs share: their data, their validation, their threshold."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar, Generic, TypeVar

import numpy as np
import torch
from torch import Tensor, nn

from monitor.vision.preprocess import InputSpec
from train.data.design_batches import PlaceBatches, PlacePairs
from train.data.listing import read_data
from train.data.loading import Numbered, batches
from train.data.manifest import Manifest
from train.data.places import Places, hold_out
from train.data.sampling import PairingRules
from train.data.splits import Splits, split
from train.design_validation import Judged, judge_batches, operating_point, pair_figures
from train.distributed import bare
from train.exporting.bundle import Exportable
from train.exporting.design import Facts, design_exportable
from train.metrics.errors import FigureError
from train.metrics.retrieval import retrieval_figures
from train.networks.design import DesignNetwork
from train.recipes.design_settings import CommonSettings
from train.validation import Validation

S = TypeVar("S", bound=CommonSettings)
VALIDATION_SEED_STEP = 7919
VALIDATION_PAIRS = 16
"""Pairs in one batch of the validation, which has `run.validation_batches` of them."""
THRESHOLD_BATCHES = 6
"""Of them an exported threshold is found from where a run has no validation of its own."""
LOOKED_UP = 24
"""Places, with up to four pictures of each, that are looked up among each other in the validation."""
LOOKS = 4
CHUNK = 16


class DesignRecipe(ABC, Generic[S]):
    """A published design's training, all but what is its own.

    Args:
        settings: The run's YAML.
        data: The data set, see `train.data.listing`.

    Raises:
        DataError: There is nothing to tell apart.
    """

    facts: Facts
    """What the card of a bundle says of the design."""
    RELATIONS: ClassVar[tuple[str, ...]] = ("same", "changed")
    """What the numbers in a validation batch's `relation` mean."""
    rules: ClassVar[PairingRules] = PairingRules()

    def __init__(self, settings: S, data: Path) -> None:
        self.settings = settings
        self.manifest: Manifest = read_data(data)
        given = settings.data
        self.splits: Splits = split(self.manifest, given.validation_cameras, given.unsteady_cameras)
        self.learned, self.held = self.divide()

    @property
    def fingerprint(self) -> str:
        """Of the data set."""
        return self.manifest.fingerprint

    def divide(self) -> tuple[Places, Places]:
        """Places to learn from, and places to choose by."""
        return hold_out(self.splits, self.settings.data.validation_share)

    def build(self) -> DesignNetwork:
        """The network at its start, on the CPU."""
        network = self.started_network()
        # Two thirds of the time of a step on a CPU, and less on a GPU that computes in halves.
        network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        return network

    @abstractmethod
    def started_network(self) -> DesignNetwork:
        """The network at its start, with pretrained weights where the recipe names them."""

    @abstractmethod
    def training(self) -> Numbered[Any]:
        """What is learned from, batch by batch."""

    @property
    @abstractmethod
    def steps_per_epoch(self) -> int:
        """So many batches hold as many pictures as there are."""

    @abstractmethod
    def objective(self, network: DesignNetwork, embeddings: Tensor, batch: Any) -> Mapping[str, Tensor]:
        """Parts of the loss, given the embeddings of the batch's pictures; their sum is what is minimised."""

    def validation(self) -> Numbered[Any]:
        """Pairs to choose by, the same in every validation: half of one place, half of two."""
        data, seed = self.settings.data, self.settings.run.seed + VALIDATION_SEED_STEP
        return PlacePairs(
            self.held, self.build_spec(), seed, VALIDATION_PAIRS, data.light, data.real_share, data.crop
        )

    def build_spec(self) -> InputSpec:
        """The input of the network."""
        with torch.device("meta"):
            return self.shaped(self.settings, {}).input

    @classmethod
    @abstractmethod
    def shaped(cls, settings: S, weights: Mapping[str, Tensor]) -> DesignNetwork:
        """The network without pretrained weights, of a shape to load a checkpoint's weights into; needs no data."""

    @property
    def pretrained(self) -> bool:
        """Whether the training started from published weights: a network loaded from a checkpoint cannot tell."""
        return False

    def parameter_groups(self, network: DesignNetwork) -> list[dict[str, object]]:
        """Parameters that learn, pretrained ones at a lower rate."""
        started = {id(p) for p in network.pretrained_parameters()}
        learning = [p for p in network.parameters() if p.requires_grad]
        optimiser = self.settings.optimiser
        groups = (
            ([p for p in learning if id(p) not in started], 1.0),
            ([p for p in learning if id(p) in started], optimiser.trunk_factor),
        )
        return [
            {"params": params, "factor": factor, "weight_decay": optimiser.weight_decay}
            for params, factor in groups
            if params
        ]

    def train_batches(self, first: int, stride: int = 1) -> Iterator[Any]:
        """Training batches number `first`, `first + stride`, …, without end for practical purposes."""
        return batches(self.training(), first, workers=self.settings.data.workers, stride=stride)

    def loss(self, network: nn.Module, batch: Any) -> tuple[Tensor, Mapping[str, Tensor]]:
        """The loss of one batch and its parts."""
        images = self.pictures(batch).contiguous(memory_format=torch.channels_last)
        with torch.autocast(images.device.type, torch.bfloat16, enabled=self.settings.run.bf16):
            embeddings = network(images)
        design = bare(network)
        assert isinstance(design, DesignNetwork)
        parts = self.objective(design, embeddings.float(), batch)
        return torch.stack([part.float() for part in parts.values()]).sum(), parts

    @abstractmethod
    def pictures(self, batch: Any) -> Tensor:
        """All pictures of a training batch (N, 3, h, w)."""

    def judged(self, network: DesignNetwork) -> Judged:
        """What the network says of the validation's pairs."""
        drawn = batches(self.validation(), 0, self.settings.run.validation_batches or THRESHOLD_BATCHES)
        return judge_batches(network, drawn, self.settings.run.bf16)

    @torch.no_grad()
    def validate(self, network: Any) -> Validation:
        """Figures, confusion and examples on places that are held out."""
        judged = self.judged(network)
        figures = {**pair_figures(judged, self.RELATIONS), **self.further_figures(network)}
        return Validation(figures, judged.confusion(self.RELATIONS), judged.examples(self.RELATIONS))

    def further_figures(self, network: DesignNetwork) -> Mapping[str, float]:
        """Of the design's own kind; here, how well places are found again among each other."""
        raw, labels = self.looked_up(network)
        embeddings = nn.functional.normalize(raw, dim=1).numpy()
        try:
            found = retrieval_figures(
                embeddings @ embeddings.T, labels, labels, ~np.eye(len(labels), dtype=bool)
            )
        except FigureError:
            return {}
        ranks = {f"rank_{k}": share for k, share in found.rank.items()}
        return {"mean_average_precision": found.mean_average_precision, **ranks}

    @torch.no_grad()
    def looked_up(self, network: DesignNetwork) -> tuple[Tensor, list[int]]:
        """Embeddings (N, D) of up to `LOOKED_UP` held-out places, and the places' numbers; always the same pictures."""
        data, seed = self.settings.data, self.settings.run.seed + 2 * VALIDATION_SEED_STEP
        count = min(LOOKED_UP, len(self.held.all))
        source = PlaceBatches(
            self.held, network.input, seed, count, LOOKS, data.light, data.real_share, data.crop
        )
        drawn = source.batch(0)
        device = next(network.parameters()).device
        with torch.autocast(device.type, torch.bfloat16, enabled=self.settings.run.bf16):
            chunks = [network(images.to(device)) for images in torch.split(drawn.images, CHUNK)]
        return torch.cat(chunks).float().cpu(), drawn.label.tolist()

    def exportable(self, network: DesignNetwork) -> Exportable:
        """With the threshold that the validation's pairs give, and what it makes of them."""
        judged = self.judged(network.eval())
        threshold = {} if network.relations else operating_point(judged)
        figures = pair_figures(judged, self.RELATIONS)
        return design_exportable(network, self.facts, threshold, figures, self.pretrained)
