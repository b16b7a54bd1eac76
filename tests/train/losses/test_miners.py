"""Every miner chooses what a loop over pairs or triplets chooses."""

from __future__ import annotations

import math
from collections import Counter

import pytest
import torch
from hypothesis import given
from torch import Tensor

from tests.train.losses.batches import drawn, examples, indices, labels, seeds
from train.losses.distances import euclidean_matrix
from train.losses.metric import MINERS
from train.losses.miners import (
    AllMiner,
    BatchHardMiner,
    Miner,
    MultiSimilarityMiner,
    Pairs,
    RandomMiner,
    SemiHardMiner,
)

Chosen = set[tuple[int, int, int]]


def chosen(miner: Miner, distances: Tensor, pairs: Pairs) -> Chosen:
    triplets = miner.triplets(distances, *pairs)
    found = list(zip(*(t.tolist() for t in triplets), strict=True))
    assert len(found) == len(set(found))
    return set(found)


@examples
@given(labels=labels, seed=seeds)
def test_all_are_all(labels: Tensor, seed: int) -> None:
    embeddings, pairs = drawn(labels, seed)
    distances = euclidean_matrix(embeddings, embeddings)
    expected = {
        (a, p, n)
        for a, (near, far) in enumerate(zip(*map(indices, pairs), strict=True))
        for p in near
        for n in far
    }
    assert chosen(AllMiner(), distances, pairs) == expected
    kept = AllMiner().pairs(distances, *pairs)
    assert torch.equal(kept.positive, pairs.positive)
    assert torch.equal(kept.negative, pairs.negative)


@examples
@given(labels=labels, seed=seeds)
def test_random_draws_one_negative_of_the_anchor_for_every_positive_pair(labels: Tensor, seed: int) -> None:
    embeddings, pairs = drawn(labels, seed)
    torch.manual_seed(seed)
    found = chosen(RandomMiner(), euclidean_matrix(embeddings, embeddings), pairs)
    near, far = map(indices, pairs)
    torch.manual_seed(seed)
    draws = iter(torch.rand(sum(len(near[a]) for a in range(len(labels)) if far[a])).tolist())
    expected = {
        (a, p, far[a][int(next(draws) * len(far[a]))]) for a in range(len(labels)) if far[a] for p in near[a]
    }
    assert found == expected


def test_random_draws_every_negative_as_often() -> None:
    torch.manual_seed(0)
    positive = torch.tensor([[True, False, False, False, False]]).expand(6000, 5)
    negative = torch.tensor([[False, True, False, True, True]]).expand(6000, 5)
    drawn_negatives = RandomMiner().triplets(torch.zeros(6000, 5), positive, negative).negative
    counts = Counter(drawn_negatives.tolist())
    assert set(counts) == {1, 3, 4}
    assert all(abs(count - 2000) < 5 * math.sqrt(2000) for count in counts.values())


@examples
@given(labels=labels, seed=seeds)
def test_semi_hard_takes_the_nearest_negative_beyond_the_positive_or_else_the_farthest(
    labels: Tensor, seed: int
) -> None:
    embeddings, pairs = drawn(labels, seed, size=2)
    distances = euclidean_matrix(embeddings, embeddings)
    expected = set()
    for a, (near, far) in enumerate(zip(*map(indices, pairs), strict=True)):
        for p in near:
            if not far:
                continue
            beyond = [n for n in far if distances[a, n] > distances[a, p]]
            if beyond:
                expected.add((a, p, min(beyond, key=lambda n: float(distances[a, n]))))
            else:
                expected.add((a, p, max(far, key=lambda n: float(distances[a, n]))))
    assert chosen(SemiHardMiner(), distances, pairs) == expected


def test_a_negative_as_far_as_the_positive_is_not_semi_hard() -> None:
    positive = torch.tensor([[True, False, False, False]])
    distances = torch.tensor([[1.0, 1.0, 3.0, 2.0]])
    assert chosen(SemiHardMiner(), distances, Pairs(positive, ~positive)) == {(0, 0, 3)}


@examples
@given(labels=labels, seed=seeds)
def test_batch_hard_takes_the_farthest_positive_and_the_nearest_negative(labels: Tensor, seed: int) -> None:
    embeddings, pairs = drawn(labels, seed)
    distances = euclidean_matrix(embeddings, embeddings)
    expected = set()
    for a, (near, far) in enumerate(zip(*map(indices, pairs), strict=True)):
        if near and far:
            farthest = max(near, key=lambda p: float(distances[a, p]))
            expected.add((a, farthest, min(far, key=lambda n: float(distances[a, n]))))
    assert chosen(BatchHardMiner(), distances, pairs) == expected


@examples
@given(labels=labels, seed=seeds)
def test_multi_similarity_keeps_pairs_that_contradict_another_of_their_anchor(
    labels: Tensor, seed: int
) -> None:
    embeddings, pairs = drawn(labels, seed)
    distances = euclidean_matrix(embeddings, embeddings)
    kept = MultiSimilarityMiner(margin=0.3).pairs(distances, *pairs)
    found = tuple(map(indices, kept))
    for a, (near, far) in enumerate(zip(*map(indices, pairs), strict=True)):
        to_near, to_far = [float(distances[a, p]) for p in near], [float(distances[a, n]) for n in far]
        assert found[0][a] == [p for p in near if far and float(distances[a, p]) > min(to_far) - 0.3]
        assert found[1][a] == [n for n in far if near and float(distances[a, n]) < max(to_near) + 0.3]


@examples
@given(labels=labels, seed=seeds)
@pytest.mark.parametrize("name", ["random", "semi_hard", "batch_hard"])
def test_the_pairs_of_a_triplet_miner_are_those_in_its_triplets(name: str, labels: Tensor, seed: int) -> None:
    embeddings, pairs = drawn(labels, seed)
    distances = euclidean_matrix(embeddings, embeddings)
    torch.manual_seed(seed)
    triplets = chosen(MINERS[name], distances, pairs)
    torch.manual_seed(seed)
    kept = MINERS[name].pairs(distances, *pairs)
    assert set(map(tuple, torch.nonzero(kept.positive).tolist())) == {(a, p) for a, p, _ in triplets}
    assert set(map(tuple, torch.nonzero(kept.negative).tolist())) == {(a, n) for a, _, n in triplets}


@examples
@given(labels=labels, seed=seeds)
def test_the_triplets_of_a_pair_miner_are_all_that_its_pairs_make(labels: Tensor, seed: int) -> None:
    embeddings, pairs = drawn(labels, seed)
    distances = euclidean_matrix(embeddings, embeddings)
    miner = MultiSimilarityMiner()
    kept = miner.pairs(distances, *pairs)
    assert chosen(miner, distances, pairs) == chosen(AllMiner(), distances, kept)


@pytest.mark.parametrize("name", MINERS)
@pytest.mark.parametrize("shape", [(0, 0), (0, 3), (2, 3)])
def test_a_batch_without_positives_or_without_pictures_has_no_triplets(
    name: str, shape: tuple[int, int]
) -> None:
    nothing, everything = torch.zeros(shape, dtype=torch.bool), torch.ones(shape, dtype=torch.bool)
    for positive, negative in ((nothing, everything), (everything, nothing)):
        triplets = MINERS[name].triplets(torch.rand(shape), positive, negative)
        assert [len(t) for t in triplets] == [0, 0, 0]
        MINERS[name].pairs(torch.rand(shape), positive, negative)


@pytest.mark.parametrize("name", MINERS)
def test_of_identical_embeddings_only_asked_for_pairs_are_chosen(name: str) -> None:
    _, pairs = drawn(torch.tensor([0, 0, 1, 1, 2]), 3)
    triplets = chosen(MINERS[name], torch.zeros(5, 5), pairs)
    assert triplets
    assert all(pairs.positive[a, p] and pairs.negative[a, n] for a, p, n in triplets)
