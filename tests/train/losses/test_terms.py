"""Every loss equals a loop over its pairs or triplets."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from torch.nn.functional import cross_entropy

from tests.train.losses.batches import drawn, examples, indices, labels, seeds
from train.losses.distances import cosine_similarity_matrix
from train.losses.metric import label_pairs
from train.losses.terms import (
    BinaryCrossEntropyLoss,
    ContrastiveLoss,
    InfoNceLoss,
    MultiSimilarityLoss,
    TripletLoss,
)

some = st.lists(st.floats(0, 3), max_size=6)


def doubles(values: list[float]) -> Tensor:
    return torch.tensor(values, dtype=torch.float64)


def mean(terms: list[float]) -> float:
    return sum(terms) / len(terms) if terms else 0.0


@examples
@given(near=some, far=some, margin=st.floats(0.1, 2))
def test_contrastive_loss_squares_positives_and_what_negatives_lack_of_the_margin(
    near: list[float], far: list[float], margin: float
) -> None:
    terms = [d**2 / 2 for d in near] + [max(0.0, margin - d) ** 2 / 2 for d in far]
    found = ContrastiveLoss(margin)(doubles(near), doubles(far))
    assert float(found) == pytest.approx(mean(terms), abs=1e-9)


@examples
@given(near=some, far=some, scale=st.floats(0.1, 5), threshold=st.floats(0.1, 2))
def test_binary_cross_entropy_is_minus_the_log_probability_of_the_truth(
    near: list[float], far: list[float], scale: float, threshold: float
) -> None:
    def same(distance: float) -> float:
        return 1 / (1 + math.exp(-scale * (threshold - distance)))

    terms = [-math.log(same(d)) for d in near] + [-math.log(1 - same(d)) for d in far]
    found = BinaryCrossEntropyLoss(scale, threshold)(doubles(near), doubles(far))
    assert float(found) == pytest.approx(mean(terms), rel=1e-6, abs=1e-9)


@examples
@given(triplets=st.lists(st.tuples(st.floats(0, 3), st.floats(0, 3)), max_size=6))
@pytest.mark.parametrize("margin", [0.2, 1.0, "soft"])
def test_triplet_loss_is_the_mean_of_what_the_negative_lacks(
    margin: float | str, triplets: list[tuple[float, float]]
) -> None:
    terms = [
        math.log(1 + math.exp(p - n)) if isinstance(margin, str) else max(0.0, margin + p - n)
        for p, n in triplets
    ]
    found = TripletLoss(margin)(doubles([p for p, _ in triplets]), doubles([n for _, n in triplets]))
    assert float(found) == pytest.approx(mean(terms), abs=1e-9)


@examples
@given(labels=labels, seed=seeds, temperature=st.floats(0.05, 1))
def test_info_nce_sets_each_positive_against_all_negatives_of_its_anchor(
    labels: Tensor, seed: int, temperature: float
) -> None:
    embeddings, pairs = drawn(labels, seed)
    similarity = cosine_similarity_matrix(embeddings, embeddings)
    terms = []
    for a, (near, far) in enumerate(zip(*map(indices, pairs), strict=True)):
        for p in near:
            positive = math.exp(float(similarity[a, p]) / temperature)
            rivals = sum(math.exp(float(similarity[a, n]) / temperature) for n in far)
            terms.append(-math.log(positive / (positive + rivals)))
    assert float(InfoNceLoss(temperature)(similarity, *pairs)) == pytest.approx(mean(terms), abs=1e-9)


def test_info_nce_of_two_views_of_each_picture_is_nt_xent() -> None:
    embeddings, _ = drawn(torch.arange(12) % 6, 0)
    similarity = cosine_similarity_matrix(embeddings, embeddings)
    expected = cross_entropy(
        (similarity / 0.1).masked_fill(torch.eye(12, dtype=torch.bool), -torch.inf),
        (torch.arange(12) + 6) % 12,
    )
    torch.testing.assert_close(InfoNceLoss(0.1)(similarity, *label_pairs(torch.arange(12) % 6)), expected)


@examples
@given(labels=labels, seed=seeds)
def test_multi_similarity_weighs_pairs_by_their_exponentials(labels: Tensor, seed: int) -> None:
    embeddings, pairs = drawn(labels, seed)
    similarity = cosine_similarity_matrix(embeddings, embeddings)
    terms = []
    for a, (near, far) in enumerate(zip(*map(indices, pairs), strict=True)):
        drawn_sum = sum(math.exp(-3 * (float(similarity[a, p]) - 0.4)) for p in near)
        pushed_sum = sum(math.exp(20 * (float(similarity[a, n]) - 0.4)) for n in far)
        terms.append(math.log(1 + drawn_sum) / 3 + math.log(1 + pushed_sum) / 20)
    found = MultiSimilarityLoss(alpha=3, beta=20, base=0.4)(similarity, *pairs)
    assert float(found) == pytest.approx(mean(terms), abs=1e-9)


def test_exponentials_of_large_numbers_stay_finite() -> None:
    similarity = torch.tensor([[1.0, -1.0, 1.0]], requires_grad=True)
    near, far = torch.tensor([[False, True, False]]), torch.tensor([[True, False, True]])
    for loss in (InfoNceLoss(1e-3), MultiSimilarityLoss(alpha=500, beta=5000)):
        (gradient,) = torch.autograd.grad(loss(similarity, near, far), similarity)
        assert gradient.isfinite().all()
        assert gradient[0, 1] < 0 < gradient[0, 0]
