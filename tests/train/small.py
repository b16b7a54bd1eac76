"""A recipe whose network is trained in milliseconds, for what the loop does whatever it trains."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from tests.train.drawn import tiny_recipe
from train.recipes.settings import RecipeSettings
from train.validation import Confusion, Validation


@dataclass
class SmallBatch:
    given: Tensor
    wanted: Tensor
    number: int

    def to(self, device: torch.device) -> SmallBatch:
        return SmallBatch(self.given.to(device), self.wanted.to(device), self.number)


def small_batch(number: int) -> SmallBatch:
    chance = torch.Generator().manual_seed(number)
    given = torch.randn(4, 6, generator=chance)
    return SmallBatch(given, given[:, :2] * 2, number)


class SmallRecipe:
    """A layer, dropout (chance within a step), another layer; notes which batches it was given."""

    def __init__(self, settings: RecipeSettings) -> None:
        self.settings = settings
        self.seen: list[int] = []
        self.figures: list[float] = []
        self.validated = 0

    fingerprint = "drawn"

    @property
    def steps_per_epoch(self) -> int:
        return 5

    def build(self) -> nn.Module:
        return nn.Sequential(nn.Linear(6, 8), nn.BatchNorm1d(8), nn.Dropout(0.3), nn.Linear(8, 2))

    def parameter_groups(self, network: nn.Module) -> list[dict[str, object]]:
        return [{"params": list(network.parameters()), "factor": 1.0}]

    def train_batches(self, first: int, stride: int = 1) -> Iterator[SmallBatch]:
        number = first
        while True:
            yield small_batch(number)
            number += stride

    def loss(self, network: nn.Module, batch: SmallBatch) -> tuple[Tensor, Mapping[str, Tensor]]:
        self.seen.append(batch.number)
        error = nn.functional.mse_loss(network(batch.given), batch.wanted)
        return error, {"error": error}

    def validate(self, network: nn.Module) -> Validation:
        """The error on a batch of its own, or the next of `figures` where a test gives them."""
        batch = small_batch(10**6)
        error = float(nn.functional.mse_loss(network(batch.given), batch.wanted))
        if self.figures:
            error = self.figures[self.validated]
        self.validated += 1
        counts = np.array([[5, 1], [0, self.validated]])
        picture = np.full((20, 30, 3), 10 * self.validated, np.uint8)
        return Validation({"error": error}, Confusion(("same", "moved"), counts), {"same_0": picture})


def small_recipe(steps: int, **run: object) -> SmallRecipe:
    """A small recipe of so many steps."""
    return SmallRecipe(tiny_recipe(steps, **run))
