"""What each published design has of its own."""

from __future__ import annotations

import pytest
import torch
from torch.nn.functional import affine_grid, grid_sample
from torch.utils.flop_counter import FlopCounterMode

from tests.train.networks.pictures import NO_WEIGHTS, WEIGHTS, photos, settled
from train.networks.koch_oneshot import KochOneShot
from train.networks.mobilenet_retrieval import MobileNetRetrieval
from train.networks.osnet import OsNet
from train.networks.rotation_siamese import RotationSiamese, RotationSiameseThreeWay
from train.networks.triplet_cnn import TripletCnn


@pytest.fixture(autouse=True)
def _seed() -> None:
    torch.manual_seed(0)


def test_the_mean_over_the_picture_does_not_hide_that_it_was_turned() -> None:
    network = settled(RotationSiamese)
    images = photos(network, 2)
    with torch.no_grad():
        assert ((network(images) - network(images.flip(2, 3))).norm(dim=1) > 0.05).all()


@pytest.mark.skipif(not WEIGHTS.is_file(), reason=NO_WEIGHTS)
def test_a_picture_on_its_head_lies_further_away_than_one_half_a_degree_off() -> None:
    network = RotationSiamese(weights=WEIGHTS).eval()
    images = photos(network, 2)
    angle = torch.tensor(0.5).deg2rad()
    turn = torch.tensor([[angle.cos(), -angle.sin(), 0], [angle.sin(), angle.cos(), 0]]).expand(2, 2, 3)
    grid = affine_grid(turn, list(images.shape), align_corners=False)
    tilted = grid_sample(images, grid, padding_mode="reflection", align_corners=False)
    with torch.no_grad():
        upright, flipped, nearly = network(images), network(images.flip(2, 3)), network(tilted)
    assert ((upright - flipped).norm(dim=1) > 2 * (upright - nearly).norm(dim=1)).all()


def test_the_three_way_judge_names_same_first() -> None:
    assert RotationSiameseThreeWay.relations == ("same", "rotated", "unrelated")
    assert RotationSiameseThreeWay(embedding_size=16).judge(torch.rand(5, 16), torch.rand(5, 16)).shape == (
        5,
        3,
    )


def test_koch_has_the_layers_of_the_paper() -> None:
    network = KochOneShot()
    convolutions = [m for m in network.layers if isinstance(m, torch.nn.Conv2d)]
    assert [(m.out_channels, m.kernel_size) for m in convolutions] == [
        (64, (10, 10)),
        (128, (7, 7)),
        (128, (4, 4)),
        (256, (4, 4)),
    ]
    assert sum(isinstance(m, torch.nn.MaxPool2d) for m in network.layers) == 3
    assert network.dense.weight.shape == (4096, 256 * 6 * 6)


def test_koch_starts_as_published() -> None:
    network = KochOneShot().requires_grad_(False)
    assert float(network.layers[3].weight.std()) == pytest.approx(0.01, rel=0.02)
    assert float(network.dense.weight.std()) == pytest.approx(0.2, rel=0.02)
    for biases in (network.layers[9].bias, network.dense.bias):
        assert float(biases.mean()) == pytest.approx(0.5, abs=0.005)


def test_koch_sees_grey_only() -> None:
    network = KochOneShot().eval()
    images = photos(network, 1)
    grey = (images * torch.tensor([0.299, 0.587, 0.114]).view(3, 1, 1)).sum(1, keepdim=True).expand_as(images)
    with torch.no_grad():
        assert torch.allclose(network.features(images), network.features(grey), atol=1e-5)


def test_the_two_logits_of_koch_say_what_its_one_sigmoid_says() -> None:
    network = KochOneShot().eval()
    reference, frame = torch.rand(5, 4096), torch.rand(5, 4096)
    with torch.no_grad():
        same = network.same_logit(reference, frame)
        shares = network.judge(reference, frame).softmax(1)
    assert same.shape == (5,)
    assert torch.allclose(shares, torch.stack([same.sigmoid(), 1 - same.sigmoid()], 1), atol=1e-6)
    by_hand = (reference - frame).abs() @ network.distance.weight[0] + network.distance.bias
    assert torch.allclose(same, by_hand, atol=1e-3)


def test_the_thumbnails_shrink_to_one_cell_by_rounding_up() -> None:
    network = TripletCnn().eval()
    features, sides = torch.rand(1, 3, 28, 28), []
    with torch.no_grad():
        for block in network.blocks:
            features = block(features)
            sides.append(features.shape[-1])
    assert sides == [14, 7, 4, 2]


def test_the_classifier_drops_out_only_while_training() -> None:
    network = MobileNetRetrieval(classes=3)
    embeddings = torch.rand(2, 1280)
    assert network.classify(embeddings).shape == (2, 3)
    assert not torch.equal(network.train().classify(embeddings), network.classify(embeddings))
    assert torch.equal(network.eval().classify(embeddings), network.classify(embeddings))


@pytest.mark.parametrize(("columns", "rows"), [(128, 256), (256, 128)])
def test_osnet_costs_what_its_paper_says(columns: int, rows: int) -> None:
    network = OsNet(columns, rows).eval()
    assert sum(p.numel() for p in network.parameters()) == pytest.approx(2.2e6, rel=0.02)
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        network(torch.rand(1, 3, rows, columns))
    assert counter.get_total_flops() / 2 == pytest.approx(978.9e6, rel=1e-3)


def test_osnet_comes_narrower_and_in_other_shapes() -> None:
    network = OsNet(columns=160, rows=96, width=0.25).eval()
    assert sum(p.numel() for p in network.parameters()) < 0.3e6
    with torch.no_grad():
        assert network.features(photos(network, 1)).shape == (1, 128, 6, 10)
        assert network(photos(network, 1)).shape == (1, 512)
    with pytest.raises(ValueError, match="multiple of 16"):
        OsNet(columns=250)


def test_all_streams_of_an_omni_scale_block_share_one_gate() -> None:
    block = OsNet(width=0.25).layers[4]
    assert [len(stream) for stream in block.streams] == [1, 2, 3, 4]
    assert sum("gate" in name for name, _ in block.named_parameters()) == 4
