"""MobileNetV2's trunk, with and without the pretrained weights."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

from tests.train.networks.pictures import NO_WEIGHTS, WEIGHTS, photo
from train.networks.mobilenet import MobileNetTrunk, WeightsError
from train.networks.mobilenet_retrieval import MobileNetRetrieval
from train.networks.rotation_siamese import RotationSiamese
from train.networks.torchvision_import import import_torchvision
from train.networks.trunk import SameConv

needs_weights = pytest.mark.skipif(not WEIGHTS.is_file(), reason=NO_WEIGHTS)


@pytest.fixture
def started(tmp_path: Path) -> Path:
    """Weights as somebody's own training would leave them, for three classes."""
    torch.manual_seed(1)
    network = import_torchvision("torchvision.models").mobilenet_v2(num_classes=3)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean += 0.1
    path = tmp_path / "weights.pth"
    torch.save(network.state_dict(), path)
    return path


def test_weights_load_with_a_classifier_of_any_size_and_keep_their_statistics(started: Path) -> None:
    trunk = MobileNetTrunk(started).train()
    published = torch.load(started, weights_only=True)
    trunk(torch.rand(2, 3, 64, 64))
    kept = trunk.layers.state_dict()
    assert all(torch.equal(value, published[f"features.{name}"]) for name, value in kept.items())
    assert len(kept) == len(published) - 2


def test_a_random_trunk_learns_its_statistics() -> None:
    trunk = MobileNetTrunk().train()
    before = trunk.layers[0][1].running_mean.clone()
    trunk(torch.rand(2, 3, 64, 64))
    assert not torch.equal(before, trunk.layers[0][1].running_mean)
    assert trunk.pretrained_parameters() == []


def test_a_trained_network_comes_back_without_the_file_it_started_from(started: Path) -> None:
    trained, again = RotationSiamese(weights=started).eval(), RotationSiamese().eval()
    again.load_state_dict(trained.state_dict(), strict=True)
    images = torch.rand(1, 3, 448, 448)
    with torch.no_grad():
        assert torch.equal(trained(images), again(images))


@pytest.mark.parametrize(("frozen", "learning"), [(0, 19), (1, 17), (5, 13), (17, 1)])
def test_frozen_blocks_get_no_gradient_and_the_others_are_the_pretrained_ones(
    started: Path, frozen: int, learning: int
) -> None:
    trunk = MobileNetTrunk(started, frozen)
    trunk(torch.rand(1, 3, 64, 64)).sum().backward()
    learns = [any(p.grad is not None for p in layer.parameters()) for layer in trunk.layers]
    assert learns == [False] * (19 - learning) + [True] * learning
    assert sum(len(list(layer.parameters())) for layer in trunk.layers[19 - learning :]) == len(
        trunk.pretrained_parameters()
    )


def test_more_frozen_blocks_than_there_are_is_an_error() -> None:
    with pytest.raises(ValueError, match="17 blocks"):
        MobileNetTrunk(frozen_stages=18)


def test_stride_two_pads_right_and_bottom_only() -> None:
    trunk = MobileNetTrunk().eval()
    strided = [m for m in trunk.modules() if isinstance(m, nn.Conv2d) and m.stride == (2, 2)]
    assert len(strided) == 5
    assert all(isinstance(m, SameConv) for m in strided)
    images = torch.zeros(1, 3, 8, 8)
    images[..., 0, 0] = 1.0
    with torch.no_grad():
        reached = strided[0](images)[0, 0].nonzero()
    assert reached.tolist() == [[0, 0]]


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"no weights at .*absent\.pth"):
        MobileNetTrunk(tmp_path / "absent.pth")


def test_a_file_of_something_else_is_refused(tmp_path: Path) -> None:
    text, listed, other = tmp_path / "a.pth", tmp_path / "b.pth", tmp_path / "c.pth"
    text.write_text("not weights at all")
    torch.save([1, 2], listed)
    torch.save(nn.Linear(2, 2).state_dict(), other)
    with pytest.raises(WeightsError, match="cannot be read as weights"):
        MobileNetTrunk(text)
    with pytest.raises(WeightsError, match="holds a list"):
        MobileNetTrunk(listed)
    with pytest.raises(WeightsError, match="other weights than MobileNetV2's"):
        MobileNetTrunk(other)
    with pytest.raises(WeightsError, match="cannot be read"):
        MobileNetTrunk(tmp_path)


@needs_weights
@pytest.mark.parametrize(
    ("name", "among"),
    [
        ("coffee", {"espresso", "cup", "coffee mug"}),
        ("chelsea", {"Egyptian cat", "tabby", "tiger cat"}),
        (
            "rocket",
            {"missile", "projectile", "crane", "radio telescope", "drilling platform", "space shuttle"},
        ),
    ],
)
def test_the_published_classifier_sees_in_the_trunk_what_the_photo_shows(name: str, among: set[str]) -> None:
    published = torch.load(WEIGHTS, weights_only=True)
    categories = import_torchvision("torchvision.models").MobileNet_V2_Weights.IMAGENET1K_V1.meta[
        "categories"
    ]
    network = MobileNetRetrieval(classes=1000, weights=WEIGHTS).eval()
    network.classifier[1].load_state_dict(
        {part: published[f"classifier.1.{part}"] for part in ("weight", "bias")}
    )
    with torch.no_grad():
        logits = network.classify(network(photo(name, 224, 224)[None]))[0]
    best = [categories[index] for index in logits.topk(3).indices]
    assert among & set(best), best
