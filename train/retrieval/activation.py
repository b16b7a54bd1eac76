"""Where in a picture a network's last feature map is strong, and where it is like a reference's.

The strength of a cell is the sum of the squares of its channels, as the visualisations of OSNet have it (Zhou et al.,
Omni-Scale Feature Learning for Person Re-Identification, 2019, after Zagoruyko and Komodakis, Paying More Attention to
Attention, 2017). It says where the network sees much, not what it concludes from it.
"""

from __future__ import annotations

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from monitor.vision.preprocess import InputSpec, prepare
from train.networks.design import DesignNetwork
from train.networks.view import ViewNetwork

Floats = NDArray[np.float32]
Network = DesignNetwork | ViewNetwork
SAME_WITHIN = 1e-5
"""Strengths that differ by so small a share of the largest are the same."""


def activation_map(network: Network, pixels: NDArray[np.uint8]) -> Floats:
    """How strong the last feature map is over a picture (H, W, 3) uint8 RGB.

    Args:
        network: In eval mode; left as it is.
        pixels: Of any size.

    Returns:
        (H, W), 0 at the weakest place and 1 at the strongest; all 0 where every place is as strong as any other.
    """
    strength = _enlarge(_features(network, pixels).square().sum(dim=0), pixels)
    low, high = float(strength.min()), float(strength.max())
    # Rounding differs from cell to cell: what varies by no more than that does not vary.
    if not high - low > SAME_WITHIN * high:
        return np.zeros_like(strength)
    return (strength - low) / np.float32(high - low)


def agreement_map(network: Network, reference: NDArray[np.uint8], frame: NDArray[np.uint8]) -> Floats:
    """Where a frame is like a reference: the cosine of each of its cells with the reference's mean cell.

    Args:
        network: In eval mode; left as it is.
        reference: (H, W, 3) uint8 RGB.
        frame: The same, of any size.

    Returns:
        (H, W) of the frame, from -1 to 1; below 0, where a cell speaks against the reference, only if features can be
        negative.
    """
    mean = F.normalize(_features(network, reference).mean(dim=(1, 2)), dim=0)
    cells = F.normalize(_features(network, frame), dim=0)
    return _enlarge(torch.einsum("c,chw->hw", mean, cells), frame)


def _features(network: Network, pixels: NDArray[np.uint8]) -> Tensor:
    """The last feature map (C, h, w) of one picture, on the CPU in full precision."""
    input_size = network.input if isinstance(network, DesignNetwork) else InputSpec()
    device = next(iter(network.parameters())).device
    images = torch.from_numpy(prepare(pixels, input_size))[None].to(device)
    with torch.inference_mode():
        if isinstance(network, DesignNetwork):
            features = network.features(images)
        else:
            # What both its grids and its embedding are made from; the grids' own cells are all of length 1.
            features = network.encoder.attention(network.encoder.trunk(images)[1])
    return features[0].float().cpu()


def _enlarge(cells: Tensor, pixels: NDArray[np.uint8]) -> Floats:
    """A map (h, w) over the picture it belongs to."""
    height, width = pixels.shape[:2]
    # Linear: a cubic would leave the range that the values have.
    enlarged = cv2.resize(cells.numpy(), (width, height), interpolation=cv2.INTER_LINEAR)
    return np.asarray(enlarged, dtype=np.float32)
