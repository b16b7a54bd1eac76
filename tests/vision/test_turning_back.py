"""Following the advice in degrees restores the view: cameras are really turned here, and looked through again."""

from __future__ import annotations

import math

import cv2
import numpy as np
import pytest

from monitor.domain.angles import FieldOfView, Lens, turn_back_deg
from monitor.domain.displacement import Displacement
from monitor.domain.frame import Pixels
from monitor.vision.alignment import Prepared, align
from monitor.vision.gradient import working_luma
from tests.vision.drawn import canvas

WIDTH, HEIGHT = 480, 360
ASPECT = WIDTH / HEIGHT


@pytest.fixture(scope="module")
def world() -> Pixels:
    """What is all around, by longitude and latitude."""
    return np.concatenate(
        [np.concatenate([canvas(10 * row + column) for column in range(4)], 1) for row in range(3)]
    )


def aim(pan_deg: float, tilt_deg: float) -> np.ndarray:
    """A camera (3, 3) that was panned right and then tilted down about its own axes; x right, y down, z forward."""
    pan, tilt = math.radians(pan_deg), math.radians(tilt_deg)
    panned = np.array([[math.cos(pan), 0, math.sin(pan)], [0, 1, 0], [-math.sin(pan), 0, math.cos(pan)]])
    tilted = np.array([[1, 0, 0], [0, math.cos(tilt), math.sin(tilt)], [0, -math.sin(tilt), math.cos(tilt)]])
    return panned @ tilted


def seen(world: Pixels, camera: np.ndarray, field: FieldOfView) -> Pixels:
    """The picture (HEIGHT, WIDTH, 3) of a camera that is aimed so, through its lens."""
    across, upright = field.focal_lengths(ASPECT)
    x, y = np.meshgrid(
        ((np.arange(WIDTH) + 0.5) / WIDTH - 0.5) / across,
        ((np.arange(HEIGHT) + 0.5) / HEIGHT - 0.5) / upright,
    )
    depth = np.ones_like(x)
    if field.lens is Lens.FISHEYE:
        off_axis = np.hypot(x, y)
        x, y, depth = x * np.sin(off_axis) / off_axis, y * np.sin(off_axis) / off_axis, np.cos(off_axis)
    rays = np.stack([x, y, depth], -1) @ camera.T
    longitude = np.arctan2(rays[..., 0], rays[..., 2])
    latitude = np.arctan2(rays[..., 1], np.hypot(rays[..., 0], rays[..., 2]))
    scale = 1.2 * WIDTH * across if field.lens is Lens.FISHEYE else WIDTH * across
    columns = (world.shape[1] / 2 + longitude * scale).astype(np.float32)
    rows = (world.shape[0] / 2 + latitude * scale).astype(np.float32)
    return np.asarray(
        cv2.remap(world, columns, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT), np.uint8
    )


def measured(reference: Pixels, frame: Pixels) -> Displacement:
    return align(Prepared(working_luma(reference)), Prepared(working_luma(frame))).displacement


@pytest.mark.parametrize(
    ("field", "pan_deg", "tilt_deg", "left_over"),
    [
        (FieldOfView(horizontal_deg=56.0), 4.2, 0.0, 0.1),
        (FieldOfView(horizontal_deg=56.0), -4.2, 1.1, 0.1),
        (FieldOfView(vertical_deg=43.0), 0.0, -4.0, 0.1),
        (FieldOfView(horizontal_deg=90.0, lens=Lens.FISHEYE), 4.2, -3.0, 0.1),
        # The edges of a wide picture shift more than its middle, and have their say: documented in `turn_back_deg`.
        (FieldOfView(horizontal_deg=92.0), 2.0, 0.0, 0.35),
    ],
)  # fmt: skip
def test_following_the_advice_restores_the_view(
    world: Pixels, field: FieldOfView, pan_deg: float, tilt_deg: float, left_over: float
):
    knocked = aim(pan_deg, tilt_deg)
    reference, frame = seen(world, np.eye(3), field), seen(world, knocked, field)
    found = measured(reference, frame)

    right_deg, down_deg = turn_back_deg(found, field, ASPECT)
    restored = measured(reference, seen(world, knocked @ aim(right_deg, down_deg), field))

    assert found.shift_fov > 0.015
    assert restored.shift_fov <= left_over * found.shift_fov
