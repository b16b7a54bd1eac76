"""Every loss of ready pairs equals a loop over them."""

from __future__ import annotations

import math

import pytest
import torch

from train.losses.pairs import DISPLACEMENT_UNITS, displacement_loss, relation_loss, same_loss


@pytest.fixture(autouse=True)
def _seed() -> None:
    torch.manual_seed(0)


def test_same_loss_is_minus_the_log_probability_of_the_truth() -> None:
    logits, same = torch.randn(6) * 3, torch.tensor([True, False, True, True, False, False])
    total = 0.0
    for logit, truth in zip(logits.tolist(), same.tolist(), strict=True):
        probability = 1 / (1 + math.exp(-logit))
        total -= math.log(probability if truth else 1 - probability)
    assert float(same_loss(logits, same)) == pytest.approx(total / 6, rel=1e-5)
    assert float(same_loss(logits[:0], same[:0])) == 0


def test_same_loss_of_half_precision_logits_has_a_gradient() -> None:
    logits = torch.tensor([60.0, -60.0], dtype=torch.bfloat16, requires_grad=True)
    with torch.autocast("cpu", torch.bfloat16):
        loss = same_loss(logits, torch.tensor([False, True]))
    loss.backward()
    assert float(loss.detach()) == pytest.approx(60)
    assert logits.grad is not None
    assert logits.grad.tolist() == [0.5, -0.5]


def test_relation_loss_is_the_weighted_mean_of_minus_log_probability_over_judged_pairs() -> None:
    logits, relation = torch.randn(6, 4), torch.tensor([0, 3, -1, 2, 1, -1])
    weights = torch.tensor([1.5, 1.2, 0.8, 1.0])
    above = below = 0.0
    for row, truth in zip(logits.tolist(), relation.tolist(), strict=True):
        if truth < 0:
            continue
        log_sum = math.log(sum(math.exp(v) for v in row))
        above += float(weights[truth]) * (log_sum - row[truth])
        below += float(weights[truth])
    assert float(relation_loss(logits, relation, weights)) == pytest.approx(above / below, rel=1e-5)


def test_displacement_loss_is_the_laplace_likelihood_of_measurable_pairs() -> None:
    measured, log_sigma, target = torch.randn(5, 4), torch.randn(5, 4), torch.randn(5, 4)
    measurable = torch.tensor([True, False, True, True, False])
    total, count = 0.0, 0
    for pair in range(5):
        if not measurable[pair]:
            continue
        for component, unit in enumerate(DISPLACEMENT_UNITS):
            scale = math.exp(float(log_sigma[pair, component])) / unit
            error = abs(float(measured[pair, component] - target[pair, component])) / unit
            total += error / scale + math.log(scale)
            count += 1
    found = displacement_loss(measured, log_sigma, target, measurable)
    assert float(found) == pytest.approx(total / count, rel=1e-4)
