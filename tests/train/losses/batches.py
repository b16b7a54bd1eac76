"""Batches for the tests of distances, miners and losses: labels from hypothesis, embeddings from a seed."""

from __future__ import annotations

import torch
from hypothesis import settings
from hypothesis import strategies as st
from torch import Tensor

from train.losses.metric import label_pairs
from train.losses.miners import Pairs

# No deadline: on a busy machine an example may take any time.
examples = settings(max_examples=40, deadline=None)
# Few labels among up to nine pictures: batches of one class, of all different ones, and single pictures occur.
labels = st.lists(st.integers(0, 2), min_size=1, max_size=9).map(torch.tensor)
seeds = st.integers(0, 2**20)


def drawn(labels: Tensor, seed: int, size: int = 4, ignored_share: float = 0.15) -> tuple[Tensor, Pairs]:
    """Embeddings (N, size) in double precision, and masks from which some pairs are left out altogether."""
    chance = torch.Generator().manual_seed(seed)
    embeddings = torch.randn(len(labels), size, generator=chance, dtype=torch.float64)
    counted = torch.rand(len(labels), len(labels), generator=chance) >= ignored_share
    pairs = label_pairs(labels)
    return embeddings, Pairs(pairs.positive & counted, pairs.negative & counted)


def indices(mask: Tensor) -> list[list[int]]:
    """For each row the columns that are set."""
    return [[column for column, is_set in enumerate(row) if is_set] for row in mask.tolist()]
