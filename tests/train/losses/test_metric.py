"""Distance, miner and loss in one: every combination that fits works, on every batch; the others are refused."""

from __future__ import annotations

from itertools import product

import pytest
import torch
from hypothesis import given
from torch import Tensor, nn
from torch.nn.functional import normalize

from tests.train.losses.batches import drawn, examples, indices, labels, seeds
from train.losses.distances import DISTANCES, LossError, distance_named
from train.losses.metric import MINERS, MetricLoss, label_pairs
from train.losses.terms import (
    BinaryCrossEntropyLoss,
    ContrastiveLoss,
    InfoNceLoss,
    MultiSimilarityLoss,
    TripletLoss,
)

TERMS = (
    ContrastiveLoss(0.7),
    BinaryCrossEntropyLoss(),
    TripletLoss(0.2),
    TripletLoss("soft"),
    InfoNceLoss(),
    MultiSimilarityLoss(),
)
FITTING = [
    MetricLoss(DISTANCES[name], term, miner)
    for term, miner in product(TERMS, MINERS.values())
    for name in term.distances
]
# Every miner with each loss's own distance, and every distance with all pairs.
LEARNT = [m for m in FITTING if m.miner.name == "all" or m.distance.name == m.loss.distances[0]]


def name_of(metric: MetricLoss) -> str:
    margin = getattr(metric.loss, "margin", "")
    return f"{metric.loss.name}{margin}-{metric.distance.name}-{metric.miner.name}"


@pytest.mark.parametrize("term", TERMS, ids=lambda t: t.name)
def test_a_distance_that_does_not_fit_is_refused_with_those_that_do(term: TripletLoss) -> None:
    for name in DISTANCES:
        if name in term.distances:
            continue
        with pytest.raises(LossError, match=f"{term.name} does not go with distance {name}") as refused:
            MetricLoss(distance_named(name), term, MINERS["all"])
        assert all(fitting in str(refused.value.remedy) for fitting in term.distances)


@examples
@given(labels=labels, seed=seeds)
def test_a_triplet_loss_is_a_loop_over_anchors_positives_and_the_nearest_negatives(
    labels: Tensor, seed: int
) -> None:
    embeddings, pairs = drawn(labels, seed)
    terms = []
    for a, (near, far) in enumerate(zip(*map(indices, pairs), strict=True)):
        to = [float((embeddings[a] - other).square().sum()) for other in embeddings]
        if near and far:
            terms.append(max(0.0, max(to[p] for p in near) - min(to[n] for n in far) + 0.2))
    metric = MetricLoss(distance_named("squared_euclidean"), TripletLoss(0.2), MINERS["batch_hard"])
    expected = sum(terms) / len(terms) if terms else 0.0
    assert float(metric(embeddings, embeddings, *pairs)) == pytest.approx(expected, abs=1e-9)


@examples
@given(labels=labels, seed=seeds)
def test_a_contrastive_loss_of_random_pairs_sees_no_more_negatives_than_positives(
    labels: Tensor, seed: int
) -> None:
    embeddings, pairs = drawn(labels, seed)
    metric = MetricLoss(distance_named("euclidean"), ContrastiveLoss(5.0), MINERS["random"])
    torch.manual_seed(seed)
    found = float(metric(embeddings, embeddings, *pairs))
    torch.manual_seed(seed)
    kept = metric.miner.pairs(torch.zeros(len(labels), len(labels)), *pairs)
    near, far = map(indices, kept)
    assert sum(map(len, far)) <= sum(map(len, near))
    terms = [
        float((embeddings[a] - embeddings[p]).norm()) ** 2 / 2 for a in range(len(labels)) for p in near[a]
    ]
    terms += [
        max(0.0, 5.0 - float((embeddings[a] - embeddings[n]).norm())) ** 2 / 2
        for a in range(len(labels))
        for n in far[a]
    ]
    assert found == pytest.approx(sum(terms) / len(terms) if terms else 0.0, abs=1e-9)


@pytest.mark.parametrize("distance", ["cosine", "unit_cosine"])
def test_a_multi_similarity_loss_mines_by_similarity_as_the_paper_does(distance: str) -> None:
    embeddings, pairs = drawn(torch.tensor([0, 0, 0, 1, 1, 1, 2, 2, 2]), 5)
    embeddings = normalize(embeddings)
    similarity = embeddings @ embeddings.T
    near, far = map(indices, pairs)
    kept = torch.zeros_like(pairs.positive), torch.zeros_like(pairs.negative)
    for a in range(9):
        for p in near[a]:
            kept[0][a, p] = similarity[a, p] < max(similarity[a, n] for n in far[a]) + 0.1
        for n in far[a]:
            kept[1][a, n] = similarity[a, n] > min(similarity[a, p] for p in near[a]) - 0.1
    assert kept[1].sum() < pairs.negative.sum()
    metric = MetricLoss(distance_named(distance), MultiSimilarityLoss(), MINERS["multi_similarity"])
    torch.testing.assert_close(
        metric(embeddings, embeddings, *pairs), MultiSimilarityLoss()(similarity, *kept)
    )


@pytest.mark.parametrize("metric", FITTING, ids=name_of)
def test_gradients_flow_in_bf16_autocast_and_the_loss_is_computed_in_full_precision(
    metric: MetricLoss,
) -> None:
    torch.manual_seed(0)
    network, pictures, pairs = nn.Linear(6, 8), torch.randn(12, 6), label_pairs(torch.arange(12) // 3)
    if metric.distance.name == "unit_cosine":
        pictures = normalize(pictures)
    with torch.autocast("cpu", torch.bfloat16):
        embeddings = network(pictures)
        assert embeddings.dtype == torch.bfloat16
        torch.manual_seed(1)
        loss = metric(embeddings, embeddings, *pairs)
    loss.backward()
    assert network.weight.grad is not None
    assert network.weight.grad.isfinite().all()
    assert network.weight.grad.any()
    torch.manual_seed(1)
    exact = metric(embeddings.double(), embeddings.double(), *pairs)
    assert float(loss.detach()) == pytest.approx(float(exact.detach()), rel=1e-5)


@pytest.mark.parametrize("metric", FITTING, ids=name_of)
def test_batches_that_are_empty_or_of_one_class_or_without_positives_give_a_finite_loss_and_gradient(
    metric: MetricLoss,
) -> None:
    torch.manual_seed(0)
    for few in ([], [0], [0, 0, 0, 0], [0, 1, 2, 3]):
        embeddings = torch.randn(len(few), 4, requires_grad=True)
        loss = metric(embeddings, embeddings, *label_pairs(torch.tensor(few, dtype=torch.long)))
        loss.backward()
        assert loss.isfinite()
        assert embeddings.grad is not None
        assert embeddings.grad.isfinite().all()
        needs_both = isinstance(metric.loss, TripletLoss | InfoNceLoss) or metric.miner.name != "all"
        if len(few) < 2 or needs_both:
            assert float(loss.detach()) == 0
            assert not embeddings.grad.any()


@pytest.mark.parametrize("metric", FITTING, ids=name_of)
def test_identical_embeddings_give_a_finite_loss_and_gradient(metric: MetricLoss) -> None:
    embeddings = torch.full((6, 4), 0.5, requires_grad=True)
    loss = metric(embeddings, embeddings, *label_pairs(torch.arange(6) // 2))
    loss.backward()
    assert float(loss.detach()) > 0
    assert embeddings.grad is not None
    assert embeddings.grad.isfinite().all()


@pytest.mark.parametrize("metric", LEARNT, ids=name_of)
def test_a_few_steps_draw_pictures_of_one_label_together(metric: MetricLoss) -> None:
    torch.manual_seed(0)
    embeddings = nn.Parameter(torch.randn(12, 6) * 0.6)
    positive, negative = pairs = label_pairs(torch.arange(12) // 3)
    optimiser = torch.optim.Adam([embeddings], lr=0.06)

    def overlap() -> float:
        with torch.no_grad():
            distances = distance_named("cosine").matrix(embeddings, embeddings)
        return float(distances[positive].mean() - distances[negative].mean())

    before = overlap()
    for _ in range(12):
        optimiser.zero_grad()
        unit = normalize(embeddings) if metric.distance.name == "unit_cosine" else embeddings
        metric(unit, unit, *pairs).backward()
        optimiser.step()
    assert overlap() < before - 0.1


@pytest.mark.parametrize("term", [ContrastiveLoss(0.7), BinaryCrossEntropyLoss()], ids=lambda t: t.name)
def test_ready_pairs_are_judged_one_by_one(term: ContrastiveLoss) -> None:
    torch.manual_seed(0)
    first, second, same = (
        torch.randn(5, 4),
        torch.randn(5, 4),
        torch.tensor([True, False, True, False, False]),
    )
    metric = MetricLoss(distance_named("manhattan"), term, MINERS["all"])
    single = [
        float(metric(a[None], b[None], s.reshape(1, 1), ~s.reshape(1, 1)))
        for a, b, s in zip(first, second, same, strict=True)
    ]
    assert float(metric.paired(first, second, same)) == pytest.approx(sum(single) / 5, rel=1e-5)
    assert float(metric.paired(first[:0], second[:0], same[:0])) == 0


@pytest.mark.parametrize("term", [TripletLoss(), InfoNceLoss(), MultiSimilarityLoss()], ids=lambda t: t.name)
def test_a_loss_that_compares_pairs_refuses_single_ones(term: TripletLoss) -> None:
    metric = MetricLoss(distance_named("cosine"), term, MINERS["all"])
    with pytest.raises(LossError, match="cannot judge single pairs"):
        metric.paired(torch.ones(2, 3), torch.ones(2, 3), torch.tensor([True, False]))


def test_pictures_of_one_label_are_positives_but_for_themselves() -> None:
    positive, negative = label_pairs(torch.tensor([4, 7, 4]))
    assert positive.tolist() == [[False, False, True], [False, False, False], [True, False, False]]
    assert negative.tolist() == [[False, True, False], [True, False, True], [False, True, False]]
