"""What the one training loop needs to know of a network's training."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Protocol

from torch import Tensor

from train.exporting.bundle import Exportable
from train.recipes.settings import RecipeSettings
from train.validation import Validation


class Recipe(Protocol):
    """Everything about training one network that the loop does not know."""

    @property
    def settings(self) -> RecipeSettings:
        """The run's YAML."""
        ...

    @property
    def fingerprint(self) -> str:
        """Of the data set: a run is not gone on with on other pictures."""
        ...

    @property
    def steps_per_epoch(self) -> int | None:
        """So many batches show every training picture once; None where pairs are drawn without end."""
        ...

    def build(self) -> Any:
        """The network at its start, on the CPU."""
        ...

    def parameter_groups(self, network: Any) -> list[dict[str, object]]:
        """Groups for the optimiser, each with its `factor` of the learning rate."""
        ...

    def train_batches(self, first: int, stride: int = 1) -> Iterator[Any]:
        """Batches number `first`, `first + stride`, and so on; one number is always the same batch.

        What a batch is, is between the recipe and its loss; it has `to(device)`.
        """
        ...

    def loss(self, network: Any, batch: Any) -> tuple[Tensor, Mapping[str, Tensor]]:
        """The loss of a batch and its parts by name; the network may be wrapped, see `train.distributed.bare`."""
        ...

    @classmethod
    def shaped(cls, settings: Any, weights: Mapping[str, Tensor]) -> Any:
        """The network without pretrained weights, of a shape to load a checkpoint's weights into; needs no data."""
        ...

    def exportable(self, network: Any) -> Exportable:
        """Trained weights as a bundle shows them."""
        ...

    def validate(self, network: Any) -> Validation:
        """What the network does on cameras that are held out."""
        ...
