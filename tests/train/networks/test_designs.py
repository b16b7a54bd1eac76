"""What all five published designs keep to; the rotation network with its judge stands for the one without."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from tests.train.networks.pictures import photos, settled
from train.inference import open_session
from train.networks.design import DesignNetwork
from train.networks.koch_oneshot import KochOneShot
from train.networks.mobilenet_retrieval import MobileNetRetrieval
from train.networks.osnet import OsNet
from train.networks.rotation_siamese import RotationSiameseThreeWay
from train.networks.triplet_cnn import TripletCnn

OPSET, TOLERANCE = 17, 1e-4
Build = Callable[[], DesignNetwork]


def retrieval() -> MobileNetRetrieval:
    return MobileNetRetrieval(classes=7)


DESIGNS: tuple[Build, ...] = (
    RotationSiameseThreeWay,
    KochOneShot,
    TripletCnn,
    retrieval,
    OsNet,
)
JUDGES: tuple[Build, ...] = (RotationSiameseThreeWay, KochOneShot)
FEATURES = {
    RotationSiameseThreeWay: (1280, 14, 14),
    KochOneShot: (256, 6, 6),
    TripletCnn: (784, 2, 2),
    retrieval: (1280, 7, 7),
    OsNet: (512, 8, 16),
}
SIZES = {
    RotationSiameseThreeWay: 128,
    KochOneShot: 4096,
    TripletCnn: 784,
    retrieval: 1280,
    OsNet: 512,
}
UNIT_LENGTH = (RotationSiameseThreeWay, TripletCnn, OsNet)


@pytest.fixture(autouse=True)
def _seed() -> None:
    torch.manual_seed(0)


@pytest.mark.parametrize("build", DESIGNS)
def test_a_picture_becomes_features_and_an_embedding_of_the_documented_shapes(build: Build) -> None:
    network = settled(build)
    assert (network.input.mean, network.input.std) == (0.0, 255.0)
    with torch.no_grad():
        images = photos(network, 2)
        features, embeddings = network.features(images), network(images)
    assert tuple(features.shape) == (2, *FEATURES[build])
    assert tuple(embeddings.shape) == (2, network.embedding_size) == (2, SIZES[build])
    assert embeddings.isfinite().all()
    assert not torch.allclose(embeddings[0], embeddings[1], atol=1e-4)
    if build in UNIT_LENGTH:
        assert torch.allclose(embeddings.norm(dim=1), torch.ones(2), atol=1e-5)


@pytest.mark.parametrize("build", DESIGNS)
def test_every_parameter_learns(build: Build) -> None:
    network = build().train()
    images = photos(network, 2)
    optimiser = torch.optim.SGD(network.parameters(), 1e-2)
    reached: set[str] = set()
    for _ in range(2):  # a gate that starts at zero hides what lies before it from the first step
        embeddings = network(images)
        loss = (embeddings * torch.randn_like(embeddings)).sum()
        if network.relations:
            loss = loss + network.judge(embeddings[:1], embeddings[1:])[:, 0].sum()
        if isinstance(network, MobileNetRetrieval):
            loss = loss + network.classify(embeddings)[:, 0].sum()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        reached |= {n for n, p in network.named_parameters() if p.grad is not None and p.grad.abs().sum() > 0}
    assert {name for name, _ in network.named_parameters()} - reached == set()


@pytest.mark.parametrize("build", DESIGNS)
def test_onnx_gives_what_torch_gives_at_another_batch_size(build: Build) -> None:
    network = settled(build)
    images = photos(network, 3)
    with torch.no_grad():
        want = network(images).numpy()
    got = open_session(_onnx(network, images[:1], ("images",))).run(None, {"images": images.numpy()})[0]
    assert np.abs(want - got).max() <= TOLERANCE * max(1.0, float(np.abs(want).max()))


class _Judge(nn.Module):
    def __init__(self, network: DesignNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, reference: Tensor, frame: Tensor) -> Tensor:
        return self.network.judge(reference, frame)


@pytest.mark.parametrize("build", JUDGES)
def test_onnx_judges_as_torch_does(build: Build) -> None:
    network = settled(build)
    with torch.no_grad():
        embeddings = network(photos(network, 4))
        want = network.judge(embeddings[:3], embeddings[1:]).numpy()
    names = ("reference", "frame")
    session = open_session(_onnx(_Judge(network).eval(), (embeddings[:2], embeddings[2:]), names))
    got = session.run(None, {"reference": embeddings[:3].numpy(), "frame": embeddings[1:].numpy()})[0]
    assert want.shape == (3, len(network.relations))
    assert np.abs(want - got).max() <= 1e-3


@pytest.mark.parametrize("build", JUDGES)
def test_which_of_two_pictures_is_the_reference_does_not_matter(build: Build) -> None:
    network = settled(build)
    with torch.no_grad():
        a, b = network(photos(network, 2)).split(1)
        assert torch.allclose(network.judge(a, b), network.judge(b, a), atol=1e-5)
        assert not torch.allclose(network.judge(a, b), network.judge(a, a), atol=1e-4)


def _onnx(module: nn.Module, inputs: Tensor | tuple[Tensor, ...], names: tuple[str, ...]) -> bytes:
    file = io.BytesIO()
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            module,
            inputs if isinstance(inputs, tuple) else (inputs,),
            file,
            input_names=list(names),
            output_names=["result"],
            dynamic_axes={name: {0: "count"} for name in (*names, "result")},
            opset_version=OPSET,
            dynamo=False,
        )
    return file.getvalue()
