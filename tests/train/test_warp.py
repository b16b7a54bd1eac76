"""Sign conventions and consistency of displacements, proven on drawn pictures."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from monitor.domain.orientation import Orientation, turn
from train.data.synthesis import turn_warp
from train.data.targets import flow_field
from train.data.warp import Crop, Warp, cut, draw_crop, fit_move, relation_of

CANVAS = (320, 200)
CROP = Crop(300.0, 220.0, 320.0, 1.6)


def dot(x: float, y: float) -> np.ndarray:
    """A base picture with one bright dot at a place given as fractions of the crop."""
    base = np.zeros((440, 600, 3), np.float32)
    left, top = CROP.centre_x - CROP.width / 2, CROP.centre_y - CROP.width / CROP.aspect / 2
    centre = (left + x * CROP.width - 0.5, top + y * CROP.width / CROP.aspect - 0.5)
    rows, columns = np.mgrid[0:440, 0:600]
    base += 255 * np.exp(-((columns - centre[0]) ** 2 + (rows - centre[1]) ** 2) / 18)[..., None].astype(
        np.float32
    )
    return base.astype(np.uint8)


def where(pixels: np.ndarray) -> tuple[float, float]:
    """Centre of brightness, as fractions of the picture."""
    weights = pixels[..., 0].astype(float)
    rows, columns = np.mgrid[0 : weights.shape[0], 0 : weights.shape[1]]
    total = weights.sum()
    return (
        ((columns + 0.5) * weights).sum() / total / weights.shape[1],
        ((rows + 0.5) * weights).sum() / total / weights.shape[0],
    )


def seen(warp: Warp, x: float, y: float) -> tuple[float, float]:
    return where(cut(dot(x, y), CROP, warp, CANVAS, cv2.INTER_LINEAR))


def test_without_displacement_the_frame_is_the_reference() -> None:
    assert seen(Warp(), 0.3, 0.6) == pytest.approx((0.3, 0.6), abs=1e-3)


def test_positive_dx_and_dy_move_the_content_right_and_down_by_fractions_of_the_view() -> None:
    assert seen(Warp(dx=0.1, dy=0.05), 0.5, 0.5) == pytest.approx((0.6, 0.55), abs=1e-3)


def test_positive_roll_turns_the_content_counter_clockwise_on_the_screen() -> None:
    x, y = seen(Warp(roll_deg=10), 0.8, 0.5)  # right of the centre: counter-clockwise lifts it
    assert y < 0.5 - 0.05
    assert x < 0.8


def test_zoom_above_one_makes_the_content_larger() -> None:
    assert seen(Warp(zoom=1.2), 0.7, 0.5) == pytest.approx((0.74, 0.5), abs=1e-3)


@pytest.mark.parametrize(
    "warp",
    [
        Warp(0.05, -0.03, 4.0, 1.1),
        Warp(-0.08, 0.06, -7.0, 0.85),
        Warp(0.02, 0.02, 2.0, 1.0, 0.05, -0.04),
    ],
)
def test_the_dense_truth_says_where_a_drawn_dot_goes(warp: Warp) -> None:
    flow, inside = flow_field(warp.cell_matrix(CANVAS[0] / CANVAS[1]), 24, 32)
    for row, column in ((6, 8), (12, 20), (17, 13)):
        assert inside[row, column]
        x, y = (column + 0.5) / 32, (row + 0.5) / 24
        to_x, to_y = seen(warp, x, y)
        assert (to_x - x, to_y - y) == pytest.approx(tuple(flow[:, row, column]), abs=2e-3)


@pytest.mark.parametrize("orientation", list(Orientation))
def test_a_displacement_between_two_turned_pictures_is_the_turned_displacement(
    orientation: Orientation,
) -> None:
    warp = Warp(0.04, -0.03, 5.0, 1.05)
    place = (0.35, 0.6)
    reference = where(turn(cut(dot(*place), CROP, Warp(), CANVAS, cv2.INTER_LINEAR), orientation))
    frame = where(turn(cut(dot(*place), CROP, warp, CANVAS, cv2.INTER_LINEAR), orientation))
    aspect = CANVAS[0] / CANVAS[1]
    matrix = turn_warp(warp, orientation).cell_matrix(1 / aspect if orientation.swaps_sides else aspect)
    mapped = matrix @ np.array([*reference, 1.0])
    assert tuple(mapped[:2] / mapped[2]) == pytest.approx(frame, abs=2e-3)


def test_a_fitted_move_sees_real_content_everywhere_and_is_a_move() -> None:
    moved = 0
    for seed in range(200):
        rng = np.random.default_rng(seed)
        crop = draw_crop(rng, 416, 300)
        warp = fit_move(rng, crop, 416, 300)
        assert crop.holds(warp, 416, 300)
        moved += relation_of(warp) == 1
    assert moved > 180


@pytest.mark.parametrize(
    ("warp", "relation"),
    [
        (Warp(), 0),
        (Warp(dx=0.004), 0),
        (Warp(dx=0.01), None),
        (Warp(dx=0.02), 1),
        (Warp(roll_deg=-1.0), 1),
        (Warp(zoom=0.95), 1),
    ],
)
def test_small_displacements_are_same_large_ones_moved_and_those_between_neither(
    warp: Warp, relation: int | None
) -> None:
    assert relation_of(warp) == relation
