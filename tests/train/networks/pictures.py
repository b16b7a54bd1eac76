"""Pictures to test networks with, and where pretrained weights may lie."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TypeVar

import torch
from skimage import data
from torch import Tensor, nn
from torch.nn.functional import interpolate

from train.networks.design import DesignNetwork

Design = TypeVar("Design", bound=DesignNetwork)
WEIGHTS = (
    Path(__file__).parents[4] / "shared" / "weights" / "mobilenet_v2_imagenet_from_tflite_ptq_torchvision.pth"
)
NO_WEIGHTS = "the pretrained weights are kept beside the project, in ../shared/weights, and are not here"


def photo(name: str, width: int, height: int) -> Tensor:
    """A photo of scikit-image's (3, height, width), 0–1: its middle in the shape asked for."""
    pixels = torch.from_numpy(getattr(data, name)()).permute(2, 0, 1)[None].float() / 255
    rows, columns = pixels.shape[2:]
    side_y, side_x = min(rows, columns * height // width), min(columns, rows * width // height)
    top, left = (rows - side_y) // 2, (columns - side_x) // 2
    middle = pixels[..., top : top + side_y, left : left + side_x]
    return interpolate(middle, (height, width), mode="bilinear", antialias=True)[0].clamp(0, 1)


def photos(network: DesignNetwork, count: int) -> Tensor:
    """Different photos (count, 3, H, W) as a network takes them."""
    names = ("astronaut", "coffee", "chelsea", "rocket")
    size = network.input
    return torch.stack([photo(names[index % 4], size.width, size.height) for index in range(count)])


@cache
def settled(build: Callable[[], Design]) -> Design:
    """A design with random weights and the statistics of two photos, ready to be used.

    Without statistics of its own a random deep network fades to nothing, and any two of them would agree. Tests share
    it: they must leave it as it is.
    """
    torch.manual_seed(0)
    network = build().train()
    for module in network.modules():
        if isinstance(module, (nn.BatchNorm1d, nn.BatchNorm2d)):
            module.momentum = 1.0
    with torch.no_grad():
        network(photos(network, 2))
    return network.eval()
