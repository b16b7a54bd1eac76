"""The recipe of the default network: builds it, feeds it and says what is wrong with its answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import torch
from torch import Tensor, nn

from train.data.groups import Batch, Groups
from train.data.loading import batches
from train.data.manifest import Manifest, read_manifest
from train.data.sampling import PairingRules, Sampler
from train.data.splits import Splits, split
from train.distributed import bare
from train.exporting.bundle import Exportable
from train.exporting.view import view_exportable
from train.losses.metric import metric_loss
from train.losses.view import total_loss
from train.metrics.validation import validation_figures
from train.networks.view import ViewHead, ViewNetwork
from train.recipes.view_settings import ViewSettings
from train.validation import Validation, example_pairs, relation_confusion

VALIDATION_SEED_STEP = 7919


class ViewRecipe:
    """Everything about training the view network that the loop does not know.

    Args:
        settings: The run's YAML.
        data: Directory that holds `manifest.csv`.
    """

    def __init__(self, settings: ViewSettings, data: Path) -> None:
        self.settings = settings
        self.manifest: Manifest = read_manifest(data)
        self.splits: Splits = split(
            self.manifest, settings.data.validation_cameras, settings.data.unsteady_cameras
        )
        self.rules = PairingRules(
            settings.data.real_share,
            settings.data.within,
            settings.data.same_condition,
            settings.data.day_night_share,
        )
        self._sampler = Sampler(self.splits.train, self.rules)
        self._validation_sampler = Sampler(self.splits.validation, self.rules)
        self._weights = settings.losses
        self._metric = metric_loss(settings.losses.metric)

    @property
    def fingerprint(self) -> str:
        """Of the data set."""
        return self.manifest.fingerprint

    @property
    def steps_per_epoch(self) -> None:
        """Groups are drawn without end."""
        return

    def build(self) -> ViewNetwork:
        """The network at its start."""
        network = ViewNetwork(self.settings.start.frozen_stages, self.settings.start.frozen_filters)
        if self.settings.start.pretrained:
            network.encoder.trunk.load_pretrained()
        network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        return network

    @classmethod
    def shaped(cls, settings: ViewSettings, weights: Mapping[str, Tensor]) -> ViewNetwork:
        """Without pretrained weights."""
        return ViewNetwork(settings.start.frozen_stages)

    def exportable(self, network: ViewNetwork) -> Exportable:
        """With the recipe's shift of the relations."""
        network.head.shift_relations(self.settings.export.relation_logits)
        return view_exportable(network)

    def parameter_groups(self, network: ViewNetwork) -> list[dict[str, object]]:
        """Parameters that learn, pretrained ones at a lower rate; each group carries `factor` for the schedule."""
        trunk = [p for p in network.encoder.trunk.parameters() if p.requires_grad]
        known = {id(p) for p in network.encoder.trunk.parameters()}
        fresh = [p for p in network.parameters() if id(p) not in known]
        optimiser = self.settings.optimiser
        groups = [{"params": fresh, "factor": 1.0}, {"params": trunk, "factor": optimiser.trunk_factor}]
        return [{**g, "weight_decay": optimiser.weight_decay} for g in groups if g["params"]]

    def train_batches(self, first: int, stride: int = 1) -> Iterator[Batch]:
        """Training batches number `first`, `first + stride`, …, without end for practical purposes."""
        data = self.settings.data
        drawn = Groups(self._sampler, self.settings.run.seed, data.groups_per_batch)
        return batches(drawn, first, workers=data.workers, stride=stride)

    def loss(self, network: nn.Module, batch: Batch) -> tuple[Tensor, Mapping[str, Tensor]]:
        """The loss of one batch and its parts."""
        enabled = self.settings.run.bf16
        with torch.autocast(batch.images.device.type, torch.bfloat16, enabled=enabled):
            images = batch.images.contiguous(memory_format=torch.channels_last)
            encoding, output = network(images, batch.reference, batch.frame)
        head = bare(network).head
        assert isinstance(head, ViewHead)
        fine, coarse = head.fine_reader.correlation, head.coarse_reader.correlation
        return total_loss(encoding, output, batch, self._weights, self._metric, fine, coarse)

    @torch.no_grad()
    def validate(self, network: ViewNetwork) -> Validation:
        """Figures on synthetic groups of cameras that are held out; always the same groups."""
        run = self.settings.run
        device = next(network.parameters()).device
        seed = run.seed + VALIDATION_SEED_STEP
        groups = Groups(self._validation_sampler, seed, self.settings.data.groups_per_batch)
        drawn = batches(groups, 0, run.validation_batches)
        outputs = []
        for batch in (on_the_cpu.to(device) for on_the_cpu in drawn):
            with torch.autocast(device.type, torch.bfloat16, enabled=run.bf16):
                encoding, output = network(batch.images, batch.reference, batch.frame)
            outputs.append((batch, encoding, output))
        return Validation(validation_figures(outputs), relation_confusion(outputs), example_pairs(outputs))
