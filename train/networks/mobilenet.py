"""torchvision's MobileNetV2 without its classifier: the trunk of two of the published designs."""

from __future__ import annotations

import pickle
from pathlib import Path

import torch
from torch import Tensor, nn

from monitor.domain.errors import MonitorError
from train.networks.torchvision_import import import_torchvision
from train.networks.trunk import SameConv

BLOCKS = 17
IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
LAYERS = "features."


class WeightsError(MonitorError):
    """The file of pretrained weights is not there or is something else."""


class MobileNetTrunk(nn.Module):
    """MobileNetV2 1.0 (Sandler et al. 2018) to its last 1280 channels, at stride 32.

    The five convolutions of stride 2 pad right and bottom only, as the networks do from which the weights came; so do
    those of a trunk that starts at random, so that a checkpoint fits whether or not the file of weights is at hand.

    In a trunk that starts from weights the statistics of the batch norms stay as they are, in training too: where they
    were folded into the convolutions a batch's own statistics would scale every layer anew. A trunk that starts at
    random learns them.

    Args:
        weights: State dict in torchvision's layout; the classifier in it may be of any size. None starts at random.
        frozen_stages: How many of the 17 inverted residual blocks do not learn, from the first on; the stem is frozen
            with the first.

    Raises:
        WeightsError: The file is missing, or is no state dict of MobileNetV2.
        ValueError: More blocks are to be frozen than there are.
    """

    channels = 1280
    stride = 32
    mean: Tensor
    deviation: Tensor

    def __init__(self, weights: Path | None = None, frozen_stages: int = 0) -> None:
        super().__init__()
        if not 0 <= frozen_stages <= BLOCKS:
            raise ValueError(f"frozen_stages is {frozen_stages}; MobileNetV2 has {BLOCKS} blocks")
        self.layers = import_torchvision("torchvision.models").mobilenet_v2().features
        _pad_as_tensorflow(self.layers)
        self.pretrained = weights is not None
        if weights is not None:
            self._load(weights)
        self.layers[: frozen_stages + 1 if frozen_stages else 0].requires_grad_(False)
        self.register_buffer("mean", torch.tensor(IMAGENET_MEAN).view(3, 1, 1), persistent=False)
        self.register_buffer("deviation", torch.tensor(IMAGENET_STD).view(3, 1, 1), persistent=False)

    def train(self, mode: bool = True) -> MobileNetTrunk:
        """Switch the mode, but not that of batch norms whose statistics came with the weights."""
        super().train(mode)
        for module in self.modules() if self.pretrained else ():
            if isinstance(module, nn.BatchNorm2d):
                module.eval()
        return self

    def forward(self, images: Tensor) -> Tensor:
        """Pictures (N, 3, H, W), 0–1, H and W multiples of 32, to features (N, 1280, H/32, W/32), 0–6."""
        features: Tensor = self.layers((images - self.mean) / self.deviation)
        return features

    def pretrained_parameters(self) -> list[nn.Parameter]:
        """Those that came with the weights and go on learning."""
        return [p for p in self.parameters() if p.requires_grad] if self.pretrained else []

    def _load(self, path: Path) -> None:
        try:
            published = torch.load(path, map_location="cpu", weights_only=True)
        except FileNotFoundError:
            raise WeightsError(
                f"There are no weights at {path}.",
                "Name the file of MobileNetV2's weights, or none to start at random.",
            ) from None
        except (pickle.UnpicklingError, RuntimeError, EOFError, OSError) as error:
            raise WeightsError(f"{path} cannot be read as weights: {error}", _REMEDY) from error
        if not isinstance(published, dict):
            raise WeightsError(f"{path} holds a {type(published).__name__}, no state dict.", _REMEDY)
        kept = {
            str(name).removeprefix(LAYERS): v for name, v in published.items() if str(name).startswith(LAYERS)
        }
        try:
            self.layers.load_state_dict(kept, strict=True)
        except RuntimeError as error:
            raise WeightsError(f"{path} holds other weights than MobileNetV2's.", _REMEDY) from error


_REMEDY = "Give a state dict of torchvision's mobilenet_v2, saved with torch.save."


def _pad_as_tensorflow(layers: nn.Module) -> None:
    """Put a `SameConv` in the place of every convolution of stride 2; its weight keeps its name and its values."""
    for parent in list(layers.modules()):
        for name, child in list(parent.named_children()):
            if isinstance(child, nn.Conv2d) and child.stride == (2, 2):
                same = SameConv(child.in_channels, child.out_channels, child.kernel_size[0], 2, child.groups)
                same.weight = child.weight
                setattr(parent, name, same)
