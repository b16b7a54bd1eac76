import cv2
import numpy as np
import pytest

from monitor.domain.displacement import Displacement
from monitor.domain.view import Rectangle
from monitor.vision.alignment import CONVINCING, Prepared, align
from monitor.vision.gradient import working_luma
from monitor.vision.masks import paint
from tests.vision.drawn import canvas, in_other_light, look

MOVES = [
    Displacement(),
    Displacement(0.02, 0.0),
    Displacement(-0.05, 0.03),
    Displacement(0.1, -0.1),
    Displacement(0.15, 0.05),
    Displacement(roll_deg=1.5),
    Displacement(roll_deg=-5.0),
    Displacement(zoom=1.06),
    Displacement(zoom=0.9),
    Displacement(0.06, -0.04, 3.0, 1.05),
]


def prepared(picture):
    return Prepared(working_luma(picture))


@pytest.mark.parametrize("move", MOVES, ids=lambda move: move.describe())
def test_a_displacement_is_measured_within_a_third_of_a_percent(move):
    scene = canvas()
    found = align(prepared(look(scene)), prepared(look(scene, move)))

    assert found.displacement.dx == pytest.approx(move.dx, abs=0.003)
    assert found.displacement.dy == pytest.approx(move.dy, abs=0.003)
    assert found.displacement.roll_deg == pytest.approx(move.roll_deg, abs=0.2)
    assert found.displacement.zoom == pytest.approx(move.zoom, abs=0.004)
    assert found.support > CONVINCING


@pytest.mark.parametrize("move", [Displacement(0.05, -0.02), Displacement(0.03, 0.0, 3.0, 1.04)])
def test_other_light_does_not_hide_a_displacement(move):
    scene = canvas()
    found = align(prepared(look(scene)), prepared(in_other_light(look(scene, move))))

    assert found.displacement.dx == pytest.approx(move.dx, abs=0.004)
    assert found.displacement.dy == pytest.approx(move.dy, abs=0.004)
    assert found.displacement.roll_deg == pytest.approx(move.roll_deg, abs=0.3)


def test_another_scene_finds_no_support():
    found = align(prepared(look(canvas(1))), prepared(look(canvas(2))))

    assert found.support < 0.08
    assert found.spread < 0.3


def test_a_parked_lorry_does_not_move_the_view():
    reference = look(canvas())
    frame = reference.copy()
    frame[150:400, 200:520] = look(canvas(5))[150:400, 200:520]

    found = align(prepared(reference), prepared(frame))

    assert found.displacement.shift_fov < 0.003
    assert 0.3 < found.spread < 0.95


def test_nothing_at_all_supports_no_displacement():
    flat = np.full((480, 640, 3), 128, np.uint8)
    found = align(prepared(look(canvas())), prepared(flat))

    assert found.support < 0.02
    assert np.isfinite([found.displacement.dx, found.displacement.zoom, found.peak]).all()


def test_a_hint_finds_what_correlation_alone_misses():
    scene = canvas()
    move = Displacement(0.22, 0.12, 9.0, 1.2)
    reference, frame = prepared(look(scene)), prepared(look(scene, move))

    hinted = align(reference, frame, [Displacement(0.2, 0.13, 7.5, 1.17)])

    assert hinted.displacement.dx == pytest.approx(move.dx, abs=0.01)
    assert hinted.displacement.roll_deg == pytest.approx(move.roll_deg, abs=0.5)
    assert hinted.support > CONVINCING


def text_over(picture):
    marked = picture.copy()
    for row in range(30, 470, 55):
        cv2.putText(marked, f"CAM 07 2026-06-01 12:0{row % 10}", (20, row), 0, 1.1, (255, 255, 255), 4)
    return marked


def test_masked_text_does_not_hold_a_moved_view_in_place():
    dim = (canvas().astype(np.float32) * 0.03 + 100).astype(np.uint8)
    move = Displacement(0.06, 0.0)
    reference, frame = text_over(look(dim)), text_over(look(dim, move))
    strips = [Rectangle(0.0, (row - 32) / 480, 1.0, 44 / 480) for row in range(30, 470, 55)]
    shape = working_luma(reference).shape

    unmasked = align(prepared(reference), prepared(frame))
    masked = align(Prepared(working_luma(reference), paint(strips, shape)), prepared(frame))

    assert unmasked.displacement.shift_fov < 0.01  # the text wins: this is what masks are for
    assert masked.displacement.dx == pytest.approx(move.dx, abs=0.006)
