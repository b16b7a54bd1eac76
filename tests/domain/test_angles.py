"""Angles of the camera from shifts in its picture."""

from __future__ import annotations

import math

import pytest

from monitor.domain.advice import remedy, restoring_move
from monitor.domain.angles import FieldOfView, Lens, in_degrees, turn_back_deg
from monitor.domain.displacement import Displacement
from monitor.domain.verdict import VerdictKind
from tests.domain.builders import verdict

WIDE = FieldOfView(horizontal_deg=92.0)
ASPECT = 16 / 9


@pytest.mark.parametrize(
    ("field", "moved", "pan_deg", "tilt_deg"),
    [
        # Half of the picture is half of the field, whatever the lens.
        (FieldOfView(92.0, 54.0), Displacement(dx=0.5), 46.0, 0.0),
        (FieldOfView(92.0, 54.0), Displacement(dy=-0.5), 0.0, -27.0),
        (FieldOfView(180.0, 101.25, Lens.FISHEYE), Displacement(dx=-0.5), -90.0, 0.0),
        # Near the middle: 5 % of a picture that is 2 tan(46°) wide at a distance of 1.
        (WIDE, Displacement(dx=0.05), math.degrees(math.atan(0.1 * math.tan(math.radians(46)))), 0.0),
        (FieldOfView(60.0), Displacement(dx=0.06), 3.963, 0.0),
        (FieldOfView(100.0, lens=Lens.FISHEYE), Displacement(dx=0.05), 5.0, 0.0),
        # Square pixels: of the height there is less than of the width.
        (FieldOfView(100.0, lens=Lens.FISHEYE), Displacement(dy=0.05), 0.0, 5.0 / ASPECT),
        (FieldOfView(vertical_deg=50.0, lens=Lens.FISHEYE), Displacement(dx=0.05), 2.5 * ASPECT, 0.0),
        # Zoomed in to twice the size, the same shift is about half of the angle.
        (FieldOfView(100.0, lens=Lens.FISHEYE), Displacement(dx=0.05, zoom=2.0), 2.5, 0.0),
        (WIDE, Displacement(), 0.0, 0.0),
    ],
)
def test_a_shift_is_an_angle(field: FieldOfView, moved: Displacement, pan_deg: float, tilt_deg: float):
    assert turn_back_deg(moved, field, ASPECT) == pytest.approx((pan_deg, tilt_deg), abs=0.001)


def test_a_turn_to_the_side_and_down_arrives_where_the_content_is():
    """Panning and then tilting about the camera's own axes points at (x, y, 1)."""
    pan_deg, tilt_deg = turn_back_deg(Displacement(dx=0.2, dy=0.1), FieldOfView(90.0, 90.0), 1.0)
    pan, tilt = math.radians(pan_deg), math.radians(tilt_deg)
    aimed = (math.sin(pan) * math.cos(tilt), math.sin(tilt), math.cos(pan) * math.cos(tilt))
    assert (aimed[0] / aimed[2], aimed[1] / aimed[2]) == pytest.approx((0.4, 0.2))


def test_a_field_of_view_of_no_size_is_refused():
    with pytest.raises(ValueError, match="at least one direction"):
        turn_back_deg(Displacement(), FieldOfView(), ASPECT)


def test_without_a_field_of_view_nothing_is_said_in_degrees():
    moved = Displacement(dx=0.05)
    assert in_degrees(moved, None, ASPECT) is moved
    assert moved.figures() == {"dx_percent": 5.0, "dy_percent": 0.0, "roll_degrees": 0.0, "zoom": 1.0}


def known(pan_deg: float, tilt_deg: float, **more: float) -> Displacement:
    """A displacement of so many degrees, right and down, 1 % of the view each."""
    return Displacement(dx=pan_deg / 100, dy=tilt_deg / 100, pan_deg=pan_deg, tilt_deg=tilt_deg, **more)


@pytest.mark.parametrize(
    ("moved", "advice"),
    [
        (known(-4.2, -1.1), "Turn the camera 4.2° left and 1.1° up to restore."),
        (known(4.2, 0.1), "Turn the camera 4.2° right to restore."),
        (known(0.0, 2.0), "Turn the camera 2.0° down to restore."),
        (known(-4.2, 0.0, roll_deg=2.0), "Turn the camera 4.2° left, turn it counter-clockwise by 2.0° to restore."),
        (known(0.0, 0.0, roll_deg=2.0), "Turn the camera counter-clockwise by 2.0°."),
        (known(0.0, 0.0, zoom=1.1), "Zoom out by 10 %."),
        (known(0.0, 0.0), "Turn the camera back to its reference view."),
    ],
)  # fmt: skip
def test_the_advice_is_in_degrees_where_they_are_known(moved: Displacement, advice: str):
    assert restoring_move(moved) == advice


def test_the_remedy_of_a_move_is_in_degrees_too():
    said = remedy(verdict(VerdictKind.MOVED, known(-4.2, -1.1)))
    assert said == "Turn the camera 4.2° left and 1.1° up to restore. If the new view is meant, accept it."


def test_receivers_get_the_angles_beside_the_parts_of_the_view():
    shown = known(-4.2, -1.1).figures()
    assert (shown["pan_degrees"], shown["tilt_degrees"]) == (-4.2, -1.1)
    assert shown["dx_percent"] == -4.2
