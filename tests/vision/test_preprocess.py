"""The transform shared by training and service."""

from __future__ import annotations

import numpy as np
import pytest

from monitor.vision.preprocess import InputSpec, prepare


def test_a_picture_becomes_normalised_planes_of_the_input_size() -> None:
    pixels = np.zeros((480, 640, 3), np.uint8)
    pixels[..., 0], pixels[..., 2] = 255, 127
    planes = prepare(pixels, InputSpec())
    assert planes.shape == (3, 192, 256)
    assert planes.dtype == np.float32
    assert planes.flags.c_contiguous
    assert [float(plane.mean()) for plane in planes] == pytest.approx([1.0, -127 / 128, 0.0])


def test_the_aspect_is_squashed_so_that_fractions_of_the_view_stay_fractions() -> None:
    pixels = np.zeros((1080, 1920, 3), np.uint8)
    pixels[270:540, 960:1440] = 255
    planes = prepare(pixels, InputSpec())
    bright = planes[0] > 0
    rows, columns = np.nonzero(bright)
    assert (rows.min(), rows.max() + 1) == (48, 96)
    assert (columns.min(), columns.max() + 1) == (128, 192)


def test_fine_patterns_are_averaged_not_aliased() -> None:
    pixels = np.zeros((768, 1024, 3), np.uint8)
    pixels[:, ::2] = 255
    planes = prepare(pixels, InputSpec())
    assert np.ptp(planes) < 0.02


def test_another_size_and_normalisation_come_from_the_spec() -> None:
    planes = prepare(np.full((10, 10, 3), 255, np.uint8), InputSpec(32, 16, 0.0, 255.0))
    assert planes.shape == (3, 16, 32)
    assert planes == pytest.approx(np.ones((3, 16, 32)))


@pytest.mark.parametrize(
    "pixels",
    [
        np.zeros((4, 4), np.uint8),
        np.zeros((4, 4, 4), np.uint8),
        np.zeros((4, 4, 3), np.float32),
        np.zeros((0, 4, 3), np.uint8),
    ],
)
def test_anything_but_rgb_bytes_is_refused(pixels: np.ndarray) -> None:
    with pytest.raises(ValueError, match="uint8"):
        prepare(pixels, InputSpec())
