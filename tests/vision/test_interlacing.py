"""Combs of interlaced pictures: found where things move, and taken out before anything is measured."""

from __future__ import annotations

from datetime import UTC, datetime

import cv2
import numpy as np
import pytest

from monitor.domain.displacement import Displacement
from monitor.domain.frame import Frame
from monitor.vision.interlacing import COMBED, combed_share, without_combs
from monitor.vision.quality import measure
from tests.vision.drawn import canvas, look

PAL = (768, 576)


def view(dx: float = 0.0) -> np.ndarray:
    return cv2.resize(look(canvas(), Displacement(dx=dx)), PAL, interpolation=cv2.INTER_AREA)


def interlaced(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Two moments in alternate lines."""
    woven = first.copy()
    woven[1::2] = second[1::2]
    return woven


def frame(pixels: np.ndarray, native_height: int | None = None) -> Frame:
    height, width = pixels.shape[:2]
    return Frame(pixels, datetime(2026, 6, 1, tzinfo=UTC), "", width, native_height or height)


def test_a_progressive_picture_is_left_as_it_is():
    still = view()
    assert without_combs(frame(still)) is still


def test_an_interlaced_picture_of_what_stands_still_is_left_as_it_is():
    woven = interlaced(view(), view())
    assert without_combs(frame(woven)) is woven


def test_a_shaking_camera_is_combed_and_looks_like_one_of_its_fields_afterwards():
    first = view()
    woven = interlaced(first, view(0.02))
    assert combed_share(woven) > COMBED
    mended = without_combs(frame(woven))
    assert mended.shape == woven.shape
    assert combed_share(mended) < 0.01
    assert np.abs(mended.astype(int) - first).mean() < np.abs(woven.astype(int) - first).mean() / 3


def test_a_lorry_that_passes_is_combed_too():
    first, second = view(), view()
    second[150:500, 200:600] = np.roll(first, 20, axis=1)[150:500, 200:600]
    assert combed_share(interlaced(first, second)) > COMBED


def test_sharpness_is_that_of_the_scene_and_not_of_the_combs():
    first = view()
    woven = interlaced(first, view(0.02))
    true = measure(first).sharpness
    assert abs(measure(without_combs(frame(woven))).sharpness - true) < abs(measure(woven).sharpness - true)


@pytest.mark.parametrize("lines", [540, 720])
def test_formats_that_are_never_interlaced_are_not_looked_at(lines: int):
    woven = interlaced(view(), view(0.02))[:lines]
    assert without_combs(frame(woven, lines)) is woven


def test_a_picture_decoded_at_reduced_size_has_its_fields_averaged_already():
    woven = interlaced(view(), view(0.02))
    assert without_combs(frame(woven, 1152)) is woven
