"""What the network should say of a pair whose displacement and occluders are known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from train.data.warp import Warp

Grid = NDArray[np.float32]

IGNORED = -1
DIFFERENT, OBSTRUCTED = 2, 3


@dataclass(frozen=True, slots=True)
class PairTarget:
    """Truth about one pair.

    Attributes:
        reference: Index of the reference picture.
        frame: Index of the frame.
        relation: 0 same, 1 moved, 2 different, 3 obstructed, -1 not to be judged.
        displacement: (4,) dx, dy, roll in degrees, log zoom.
        measurable: Whether `displacement` is known and enough is seen to measure it.
        fine_flow: (2, 24, 32) where each reference cell went, fractions of the view.
        fine_seen: (24, 32) 1 where the cell is seen in both pictures.
        coarse_flow: (2, 12, 16) likewise.
        coarse_seen: (12, 16) likewise; also the truth of `agreement`.
        agreement_known: Whether `coarse_seen` may be learned as agreement.
    """

    reference: int
    frame: int
    relation: int
    displacement: Grid
    measurable: bool
    fine_flow: Grid
    fine_seen: Grid
    coarse_flow: Grid
    coarse_seen: Grid
    agreement_known: bool


def pair_target(
    reference: int,
    frame: int,
    relation: int,
    warp: Warp | None,
    aspect: float,
    reference_visible: Grid,
    frame_visible: Grid,
) -> PairTarget:
    """Truth from a known warp, or from none where the frame shows something else.

    Args:
        reference: Index of the reference picture.
        frame: Index of the frame.
        relation: The relation's index, or `IGNORED`.
        warp: Displacement of the frame; None where reference and frame share nothing.
        aspect: Width over height of the view before squashing.
        reference_visible: (24, 32) share of each cell that is not occluded.
        frame_visible: The same of the frame.
    """
    if warp is None:
        return PairTarget(
            reference,
            frame,
            relation,
            displacement=np.zeros(4, np.float32),
            measurable=False,
            fine_flow=np.zeros((2, 24, 32), np.float32),
            fine_seen=np.zeros((24, 32), np.float32),
            coarse_flow=np.zeros((2, 12, 16), np.float32),
            coarse_seen=np.zeros((12, 16), np.float32),
            agreement_known=relation == DIFFERENT,
        )
    matrix = warp.cell_matrix(aspect)
    fine_flow, fine_inside = flow_field(matrix, 24, 32)
    coarse_flow, coarse_inside = flow_field(matrix, 12, 16)
    fine_seen = fine_inside * _seen(fine_flow, reference_visible, frame_visible)
    coarse_seen = coarse_inside * _seen(coarse_flow, reference_visible, frame_visible)
    measurable = relation != OBSTRUCTED
    return PairTarget(
        reference,
        frame,
        relation,
        warp.target(),
        measurable,
        fine_flow,
        fine_seen,
        coarse_flow,
        coarse_seen,
        True,
    )


def flow_field(matrix: NDArray[np.float64], rows: int, columns: int) -> tuple[Grid, Grid]:
    """Where the centre of each reference cell lies in the frame: flow (2, rows, columns) and 1 where inside."""
    x, y = _centres(rows, columns)
    mapped = np.einsum("ij,jrc->irc", matrix, np.stack([x, y, np.ones_like(x)]))
    to_x, to_y = mapped[0] / mapped[2], mapped[1] / mapped[2]
    inside = (to_x > 0) & (to_x < 1) & (to_y > 0) & (to_y < 1)
    return np.stack([to_x - x, to_y - y]).astype(np.float32), inside.astype(np.float32)


def _seen(flow: Grid, reference_visible: Grid, frame_visible: Grid) -> Grid:
    rows, columns = flow.shape[1:]
    x, y = _centres(rows, columns)
    hidden_in_reference = _look(reference_visible, x, y)
    hidden_in_frame = _look(frame_visible, x + flow[0], y + flow[1])
    return ((hidden_in_reference > 0.5) & (hidden_in_frame > 0.5)).astype(np.float32)


def _look(grid: Grid, x: NDArray[np.float64], y: NDArray[np.float64]) -> Grid:
    rows, columns = grid.shape
    row = np.clip((y * rows).astype(int), 0, rows - 1)
    column = np.clip((x * columns).astype(int), 0, columns - 1)
    return np.asarray(grid[row, column], dtype=np.float32)


def _centres(rows: int, columns: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    y, x = np.mgrid[0:rows, 0:columns].astype(np.float64)
    return (x + 0.5) / columns, (y + 0.5) / rows
