"""What is done to the features before they become grids: where a channel matters, what is usual at a place."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class CoordinateAttention(nn.Module):
    """Gates computed from the means along rows and along columns: says *where* a channel matters, cheaply."""

    def __init__(self, channels: int, reduced: int = 16) -> None:
        super().__init__()
        self.squeeze = nn.Conv2d(channels, reduced, 1)
        self.along_rows = nn.Conv2d(reduced, channels, 1)
        self.along_columns = nn.Conv2d(reduced, channels, 1)
        nn.init.zeros_(self.along_rows.weight)
        nn.init.zeros_(self.along_columns.weight)

    def forward(self, features: Tensor) -> Tensor:
        """(N, C, H, W) to the same shape; starts near the identity."""
        rows = F.relu6(self.squeeze(features.mean(dim=3, keepdim=True)))
        columns = F.relu6(self.squeeze(features.mean(dim=2, keepdim=True)))
        gate = torch.sigmoid(self.along_rows(rows)) * torch.sigmoid(self.along_columns(columns))
        return features * gate * 4.0


class UsualCell(nn.Module):
    """Takes away a share of what a cell holds at its place in whatever picture, and brings it to unit length.

    A convolution with zero padding tells its place by the distance to the border. That code is alike in all pictures:
    unrelated ones correlate at rest by 0.2, which pulls every match towards "nothing moved". The share is learned,
    from none on: taking all of it away from the first step on slows the matching down.
    """

    usual: Tensor

    def __init__(self, channels: int, rows: int, columns: int, momentum: float = 0.02) -> None:
        super().__init__()
        self.register_buffer("usual", torch.zeros(channels, rows, columns))
        self.share = nn.Parameter(torch.zeros(()))
        self.momentum = momentum

    def forward(self, cells: Tensor) -> Tensor:
        """(N, C, rows, columns) to the same shape, each cell of unit length; learns the usual cell while training."""
        cells = cells.float()
        if self.training:
            with torch.no_grad():
                mean = cells.detach().mean(dim=0)
                self.usual.lerp_(torch.where(mean.isfinite(), mean, self.usual), self.momentum)
        return F.normalize(cells - self.share * self.usual, dim=1)
