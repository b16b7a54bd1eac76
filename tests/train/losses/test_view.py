"""Every loss of the view network equals the loop that says what it means."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import cast

import pytest
import torch
from torch.nn.functional import log_softmax, normalize

from train.data.groups import Batch
from train.data.synthesis import (
    MOVED_FRAME,
    REFERENCE,
    SAME_FRAME,
    TURNED_FRAME,
    TURNED_REFERENCE,
    WILD_FRAME,
)
from train.losses.metric import metric_loss
from train.losses.pairs import displacement_loss, relation_loss
from train.losses.settings import InfoNceSettings, MultiSimilaritySettings, TripletSettings
from train.losses.view import agreement_loss, embedding_loss, embedding_pairs, flow_loss, matching_loss
from train.networks.correlation import LocalCorrelation
from train.networks.view import Encoding
from train.recipes.view_settings import LossSettings

DEFAULT = metric_loss(LossSettings().metric)


@pytest.fixture(autouse=True)
def _seed() -> None:
    torch.manual_seed(0)


def embedding_batch() -> tuple[Encoding, Batch]:
    """Two groups of six: one frame illegible, one wild frame the same place."""
    group = torch.arange(12) // 6
    slot = torch.arange(12) % 6
    orientation = torch.tensor([0, 2, 0, 0, 2, 0, 0, 4, 0, 0, 4, 0])
    legible = torch.ones(12, dtype=torch.bool)
    legible[8] = False
    same_place = torch.isin(slot, torch.tensor([REFERENCE, TURNED_REFERENCE, SAME_FRAME, TURNED_FRAME]))
    same_place[WILD_FRAME] = True
    embedding = normalize(torch.randn(12, 16), dim=1)
    batch = SimpleNamespace(
        group=group,
        place=group + 7,
        slot=slot,
        orientation=orientation,
        legible=legible,
        same_place=same_place,
    )
    return Encoding(embedding, torch.empty(0), torch.empty(0)), cast(Batch, batch)


def test_embedding_loss_is_info_nce_with_turned_and_foreign_pictures_as_negatives() -> None:
    encoding, batch = embedding_batch()
    terms = []
    for anchor in range(12):
        if batch.slot[anchor] not in (REFERENCE, TURNED_REFERENCE) or not batch.legible[anchor]:
            continue
        positives, negatives = [], []
        for other in range(12):
            if other == anchor or not batch.legible[other]:
                continue
            similarity = float(encoding.embedding[anchor] @ encoding.embedding[other]) / 0.07
            alike = (batch.group[anchor], batch.orientation[anchor]) == (
                batch.group[other],
                batch.orientation[other],
            )
            if not alike:
                negatives.append(similarity)
            elif batch.same_place[other] and batch.slot[other] != MOVED_FRAME:
                positives.append(similarity)
        for positive in positives:
            terms.append(-positive + math.log(math.exp(positive) + sum(map(math.exp, negatives))))
    assert len(terms) == 4
    assert float(embedding_loss(encoding, batch, DEFAULT)) == pytest.approx(sum(terms) / len(terms), rel=1e-4)


def test_info_nce_of_a_batch_is_the_same_whichever_cosine_is_named() -> None:
    encoding, batch = embedding_batch()
    by_cosine = metric_loss(InfoNceSettings(loss="info_nce"))
    torch.testing.assert_close(
        embedding_loss(encoding, batch, by_cosine), embedding_loss(encoding, batch, DEFAULT)
    )


def test_moved_and_covered_frames_are_neither_positives_nor_negatives_of_their_own_reference() -> None:
    _, batch = embedding_batch()
    batch.same_place[WILD_FRAME] = False
    pairs = embedding_pairs(batch)
    columns = torch.nonzero(pairs.others)[:, 0].tolist()
    for left_out in (MOVED_FRAME, WILD_FRAME):
        column = columns.index(left_out)
        assert not pairs.positive[0, column]
        assert not pairs.negative[0, column]


def test_two_groups_of_one_camera_are_neither_alike_nor_foreign_to_each_other() -> None:
    _, batch = embedding_batch()
    batch.place[:] = 7
    pairs = embedding_pairs(batch)
    same_group = batch.group[pairs.anchors][:, None] == batch.group[pairs.others][None]
    assert not pairs.positive[~same_group].any()
    assert not pairs.negative[~same_group].any()
    assert pairs.negative[same_group].any()


def test_the_embedding_may_learn_by_triplets_or_by_multi_similarity_instead() -> None:
    encoding, batch = embedding_batch()
    pairs = embedding_pairs(batch)
    similarity = encoding.embedding[pairs.anchors] @ encoding.embedding[pairs.others].T
    hardest = []
    for row, positive, negative in zip(similarity, pairs.positive, pairs.negative, strict=True):
        if positive.any():
            hardest.append(max(0.0, float(row[negative].max() - row[positive].min()) + 0.4))
    assert len(hardest) == 3
    triplet = metric_loss(TripletSettings(loss="triplet", distance="cosine", margin=0.4))
    assert float(embedding_loss(encoding, batch, triplet)) == pytest.approx(
        sum(hardest) / len(hardest), rel=1e-4
    )
    multi_similarity = metric_loss(MultiSimilaritySettings(loss="multi_similarity"))
    assert float(embedding_loss(encoding, batch, multi_similarity)) > 0


def test_matching_loss_splits_the_true_offset_over_its_four_neighbours() -> None:
    correlation = LocalCorrelation(3, 4, 1)
    logits = torch.randn(2, 9, 3, 4)
    flow = torch.rand(2, 2, 3, 4) * 0.6 - 0.3
    seen = (torch.rand(2, 3, 4) > 0.3).float() * torch.rand(2, 3, 4)
    total, below = 0.0, 0.0
    for pair in range(2):
        for row in range(3):
            for column in range(4):
                dx = float(flow[pair, 0, row, column]) * 4
                dy = float(flow[pair, 1, row, column]) * 3
                weight = float(seen[pair, row, column])
                if weight == 0 or abs(dx) > 1 or abs(dy) > 1:
                    continue
                masked = logits[pair, :, row, column] - 30.0 * (1 - correlation.inside[:, row, column])
                log_weights = log_softmax(masked, dim=0)
                for index in range(9):
                    to_y, to_x = index // 3 - 1, index % 3 - 1
                    share = max(0.0, 1 - abs(dx - to_x)) * max(0.0, 1 - abs(dy - to_y))
                    total -= weight * share * float(log_weights[index])
                below += weight
    assert below > 2
    assert float(matching_loss(logits, correlation, flow, seen)) == pytest.approx(total / below, rel=1e-4)


def test_flow_loss_is_the_mean_distance_in_cells_of_the_cells_that_found_their_match() -> None:
    correlation = LocalCorrelation(3, 4, 1)
    target = torch.randn(2, 2, 3, 4) * 0.1
    flow = target + torch.randn(2, 2, 3, 4) * 0.25
    seen = (torch.rand(2, 3, 4) > 0.3).float() * torch.rand(2, 3, 4)
    total, below = 0.0, 0.0
    for pair in range(2):
        for row in range(3):
            for column in range(4):
                in_x = abs(float(flow[pair, 0, row, column] - target[pair, 0, row, column])) * 4
                in_y = abs(float(flow[pair, 1, row, column] - target[pair, 1, row, column])) * 3
                if in_x < 1 and in_y < 1:
                    total += float(seen[pair, row, column]) * (in_x + in_y)
                    below += float(seen[pair, row, column])
    assert below > 2
    assert float(flow_loss(flow, correlation, target, seen)) == pytest.approx(total / below, rel=1e-4)


def test_agreement_loss_is_the_mean_cross_entropy_over_cells_of_known_pairs() -> None:
    logits, seen = torch.randn(3, 2, 2), (torch.rand(3, 2, 2) > 0.5).float()
    known = torch.tensor([True, False, True])
    total = 0.0
    for pair in (0, 2):
        for row in range(2):
            for column in range(2):
                p = 1 / (1 + math.exp(-float(logits[pair, row, column])))
                total -= math.log(p if seen[pair, row, column] else 1 - p)
    assert float(agreement_loss(logits, seen, known)) == pytest.approx(total / 8, rel=1e-4)


@pytest.mark.parametrize("empty", ["relation", "displacement", "matching", "flow", "agreement"])
def test_a_loss_without_any_truth_is_zero_and_still_has_a_gradient(empty: str) -> None:
    x = torch.randn(2, 9, 3, 4, requires_grad=True)
    no_pair = torch.tensor([False, False])
    found = {
        "relation": lambda: relation_loss(x[:, :4, 0, 0], torch.tensor([-1, -1]), torch.ones(4)),
        "displacement": lambda: displacement_loss(
            x[:, :4, 0, 0], x[:, 4:8, 0, 0], torch.zeros(2, 4), no_pair
        ),
        "matching": lambda: matching_loss(
            x, LocalCorrelation(3, 4, 1), torch.zeros(2, 2, 3, 4), torch.zeros(2, 3, 4)
        ),
        "flow": lambda: flow_loss(
            x[:, :2], LocalCorrelation(3, 4, 1), torch.zeros(2, 2, 3, 4), torch.zeros(2, 3, 4)
        ),
        "agreement": lambda: agreement_loss(x[:, 0], torch.zeros(2, 3, 4), no_pair),
    }[empty]()
    found.backward()
    assert float(found.detach()) == 0.0
    assert x.grad is not None
    assert not x.grad.any()
