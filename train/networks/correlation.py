"""Local correlation volumes and what is read off them: flow by expectation, and an affine fit through the flow."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

MASKED = -30.0


class LocalCorrelation(nn.Module):
    """Dot products of each reference cell with the frame cells in a window around it.

    Built of padding, matrix products and reshapes only, so that it exports cleanly and needs no gather: each
    reference row is multiplied with the frame rows of its window, and the band around the diagonal is cut out by
    the shear that a reshape to rows one longer gives.

    Args:
        rows: Cells from top to bottom.
        columns: Cells from left to right.
        radius: The window reaches so many cells in each direction.
    """

    inside: Tensor
    offsets: Tensor

    def __init__(self, rows: int, columns: int, radius: int) -> None:
        super().__init__()
        self.rows, self.columns, self.radius = rows, columns, radius
        steps = torch.arange(-radius, radius + 1)
        dy, dx = torch.meshgrid(steps, steps, indexing="ij")
        offsets = torch.stack([dx.flatten() / columns, dy.flatten() / rows])
        row, column = torch.meshgrid(torch.arange(rows), torch.arange(columns), indexing="ij")
        y, x = row + dy.reshape(-1, 1, 1), column + dx.reshape(-1, 1, 1)
        inside = (y >= 0) & (y < rows) & (x >= 0) & (x < columns)
        self.register_buffer("offsets", offsets.float(), persistent=False)  # (2, K) as fractions of the view
        self.register_buffer("inside", inside.float(), persistent=False)  # (K, rows, columns)

    @property
    def window(self) -> int:
        """Number of offsets in a window, K."""
        return (2 * self.radius + 1) ** 2

    def forward(self, reference: Tensor, frame: Tensor) -> Tensor:
        """Two grids (P, C, rows, columns) to the volume (P, K, rows, columns); offsets outside the frame give 0."""
        rows, columns, radius = self.rows, self.columns, self.radius
        side, padded = 2 * radius + 1, columns + 2 * radius
        frame = F.pad(frame, (radius, radius, radius, radius)).permute(0, 2, 1, 3)
        windows = torch.stack([frame[:, dy : dy + rows] for dy in range(side)], dim=3)
        channels = frame.shape[2]
        windows = windows.reshape(-1, rows, channels, side * padded)
        products = torch.matmul(reference.permute(0, 2, 3, 1), windows)
        # Read with rows one longer than they are, each row starts one column later: the band becomes a block.
        sheared = F.pad(products.reshape(-1, rows, columns * side * padded), (0, columns))
        sheared = sheared.reshape(-1, rows, columns, side * padded + 1)[..., : side * padded]
        band = sheared.reshape(-1, rows, columns, side, padded)[..., :side]
        return band.permute(0, 3, 4, 1, 2).reshape(-1, side * side, rows, columns)

    def log_weights(self, logits: Tensor) -> Tensor:
        """Log softmax over the window (P, K, rows, columns), offsets outside the frame all but excluded."""
        return F.log_softmax(logits + (1 - self.inside) * MASKED, dim=1)

    def flow(self, logits: Tensor) -> tuple[Tensor, Tensor]:
        """Where each cell went: the expected offset around the likeliest one.

        The expectation over the whole window would be dragged towards no motion by every cell that is unsure.

        Returns:
            Flow (P, 2, rows, columns), x then y, as fractions of the view; and the probability that it rests on,
            (P, 1, rows, columns).
        """
        weights = self.log_weights(logits).exp()
        likeliest = weights.argmax(dim=1, keepdim=True)
        x, y = (axis.reshape(1, -1, 1, 1) for axis in self.offsets)
        near_x = (x - self.offsets[0][likeliest]).abs() < 1.5 / self.columns
        near_y = (y - self.offsets[1][likeliest]).abs() < 1.5 / self.rows
        near = weights * (near_x & near_y)
        mass = near.sum(dim=1, keepdim=True)
        return torch.einsum("ck,pkij->pcij", self.offsets, near) / mass, mass


class AffineFit(nn.Module):
    """Weighted least squares: one affine displacement field through the flow of all cells, in closed form.

    Args:
        rows: Cells from top to bottom.
        columns: Cells from left to right.
        ridge: Pull of the linear part towards none, in units of the mean weight; keeps the solution bounded where
            all the weight sits in few cells.
    """

    design: Tensor

    # Residuals (fractions of the view) at which a cell counts half, from one pass to the next.
    residual_scales = (0.08, 0.04, 0.02, 0.015)

    def __init__(self, rows: int, columns: int, ridge: float = 1e-3) -> None:
        super().__init__()
        y, x = torch.meshgrid(
            (torch.arange(rows) + 0.5) / rows, (torch.arange(columns) + 0.5) / columns, indexing="ij"
        )
        design = torch.stack([x.flatten() - 0.5, y.flatten() - 0.5, torch.ones(rows * columns)], dim=1)
        self.register_buffer("design", design, persistent=False)  # (cells, 3): x, y from the centre, 1
        self.ridge = ridge

    def forward(self, flow: Tensor, weights: Tensor) -> Tensor:
        """Flow (P, 2, rows, columns) and weights (P, 1, rows, columns) >= 0 to (P, 2, 3).

        Row 0 is the field's x part, row 1 its y part; columns are the slope in x, the slope in y and the value at
        the view's centre, all in fractions of the view.
        """
        w = weights.flatten(2)
        w = w / (w.sum(dim=2, keepdim=True) + 1e-6)
        x, y, one = self.design[:, 0], self.design[:, 1], self.design[:, 2]

        def moment(values: Tensor) -> Tensor:
            return (w * values).sum(dim=2)

        a, b, c = moment(x * x) + self.ridge, moment(x * y), moment(x)
        d, e, f = moment(y * y) + self.ridge, moment(y), moment(one) + 1e-6
        # The inverse of the symmetric 3x3 normal matrix by its adjugate: no linear solver in the exported graph.
        adjugate = [
            [d * f - e * e, c * e - b * f, b * e - c * d],
            [c * e - b * f, a * f - c * c, b * c - a * e],
            [b * e - c * d, b * c - a * e, a * d - b * b],
        ]
        determinant = a * adjugate[0][0] + b * adjugate[0][1] + c * adjugate[0][2]
        field = flow.flatten(2)
        right = [(w * field * column).sum(dim=2) for column in (x, y, one)]
        solution = [sum(adjugate[i][j] * right[j] for j in range(3)) / determinant for i in range(3)]
        return torch.stack(solution, dim=2)

    def robust(self, flow: Tensor, weights: Tensor) -> tuple[Tensor, Tensor]:
        """As `forward`, then fitted again several times with less weight on cells that do not follow the field.

        Returns:
            The affine field (P, 2, 3) and the final weights (P, 1, rows, columns), at most the given ones.
        """
        affine, trusted = self(flow, weights), weights
        for scale in self.residual_scales:
            predicted = torch.einsum("pij,cj->pic", affine, self.design).reshape(flow.shape)
            residual = (flow - predicted).square().sum(dim=1, keepdim=True)
            trusted = weights / (1 + residual / scale**2)
            affine = self(flow, trusted)
        return affine, trusted
