"""What the five published designs have in common: a picture becomes one embedding, and some judge two of them."""

from __future__ import annotations

from typing import ClassVar

from torch import Tensor, nn

from monitor.vision.preprocess import InputSpec

UNIT = 255.0
"""Pictures reach a design as 0–1, whatever it makes of them inside."""


class DesignNetwork(nn.Module):
    """One picture, one embedding.

    Attributes:
        input: Size of the pictures; they come as RGB, 0–1 (`std` 255). What else a design wants (grey, ImageNet's mean
            and deviation) it does itself, so that the service needs to know nothing of it.
        embedding_size: D.
        relations: What the logits of `judge` say, in their order; empty for a design that compares embeddings by
            distance alone. `same` comes first.
        unit_length: Whether `forward` gives embeddings of unit length; if not, a bundle holds them raw as well.
    """

    input: InputSpec
    embedding_size: int
    relations: ClassVar[tuple[str, ...]] = ()
    unit_length: ClassVar[bool] = True

    def features(self, images: Tensor) -> Tensor:
        """The last dense feature map (N, C, h, w) of pictures (N, 3, H, W), for activation maps."""
        raise NotImplementedError

    def forward(self, images: Tensor) -> Tensor:
        """Embeddings (N, D) of pictures (N, 3, H, W), as the design's distance takes them."""
        raise NotImplementedError

    def judge(self, reference: Tensor, frame: Tensor) -> Tensor:
        """Logits (P, R) over `relations` for pairs of embeddings (P, D), only where there are relations."""
        raise NotImplementedError

    def pretrained_parameters(self) -> list[nn.Parameter]:
        """Those that started from published weights and learn at the recipe's lower rate; none by default."""
        return []
