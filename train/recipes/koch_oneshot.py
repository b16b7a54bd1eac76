"""Recipe of design B: two pictures, the same or not, learned from anchors, positives and negatives."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from train.data.design_batches import SAME, PairBatch, PlacePairs
from train.exporting.design import Facts
from train.losses.pairs import same_loss
from train.metrics.errors import FigureError
from train.metrics.oneshot import draw_contests, n_way_accuracy
from train.networks.design import DesignNetwork
from train.networks.koch_oneshot import KochOneShot
from train.recipes.design import VALIDATION_SEED_STEP, DesignRecipe
from train.recipes.design_settings import KochOneShotSettings

WAYS, CONTESTS = 20, 400
"""As in the paper; fewer ways where fewer places are held out."""


class KochOneShotRecipe(DesignRecipe[KochOneShotSettings]):
    """Cross-entropy of a dense layer on the L1 distance, component by component."""

    facts = Facts(
        "Koch, Zemel and Salakhutdinov (2015): four convolutions on 105x105 greys, weighted L1 distance, sigmoid",
        ("ok", "different_scene"),
    )

    @classmethod
    def shaped(cls, settings: KochOneShotSettings, weights: Mapping[str, Tensor]) -> KochOneShot:
        """It starts by chance in any case."""
        return KochOneShot()

    def started_network(self) -> KochOneShot:
        """As published."""
        return KochOneShot()

    def training(self) -> PlacePairs:
        """Half of one place, half of two."""
        data, seed = self.settings.data, self.settings.run.seed
        return PlacePairs(
            self.learned,
            self.build_spec(),
            seed,
            data.pairs_per_batch,
            data.light,
            data.real_share,
            data.crop,
        )

    @property
    def steps_per_epoch(self) -> int:
        """As the recipe says."""
        data = self.settings.data
        return math.ceil(data.pairs_per_epoch / data.pairs_per_batch)

    def pictures(self, batch: PairBatch) -> Tensor:
        """References, then frames."""
        return torch.cat([batch.reference, batch.frame])

    def objective(self, network: DesignNetwork, embeddings: Tensor, batch: PairBatch) -> Mapping[str, Tensor]:
        """Binary cross-entropy."""
        assert isinstance(network, KochOneShot)
        logits = network.same_logit(*embeddings.chunk(2))
        return {"cross_entropy": same_loss(logits, batch.relation == SAME)}

    @torch.no_grad()
    def further_figures(self, network: DesignNetwork) -> Mapping[str, float]:
        """N-way one-shot accuracy among held-out places, N being 20 where there are as many."""
        raw, labels = self.looked_up(network)
        ways = min(WAYS, len(set(labels)))
        chance = np.random.default_rng(self.settings.run.seed + VALIDATION_SEED_STEP)
        try:
            contests = draw_contests(labels, ways, CONTESTS, chance)
        except FigureError:
            return {}
        raw = raw.to(next(network.parameters()).device)
        query, support = torch.from_numpy(contests.query), torch.from_numpy(contests.support)
        columns = [network.judge(raw[query], raw[support[:, way]])[:, SAME] for way in range(ways)]
        return {f"one_shot_{ways}_way": n_way_accuracy(torch.stack(columns, dim=1).cpu().numpy())}
