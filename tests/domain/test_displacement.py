"""How displacements are measured against tolerances, agree with each other, and read."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.domain.displacement import Displacement, Tolerance
from tests.domain.builders import displacements, quick

TOLERANCE = Tolerance(shift_fov=0.01, roll_deg=0.5, zoom=0.01)


@pytest.mark.parametrize(
    ("displacement", "excess"),
    [
        (Displacement(), 0),
        (Displacement(dx=0.01), 1),
        (Displacement(dx=-0.03, dy=0.04), 5),
        (Displacement(roll_deg=-1), 2),
        (Displacement(zoom=0.97), 3),
        (Displacement(dx=0.01, roll_deg=2, zoom=1.02), 4),
    ],
)
def test_the_component_furthest_off_in_its_own_units_counts(displacement: Displacement, excess: float):
    assert displacement.excess(TOLERANCE) == pytest.approx(excess)


@pytest.mark.parametrize("name", ["dx", "dy", "roll_deg", "zoom"])
@pytest.mark.parametrize("garbage", [math.nan, math.inf, -math.inf])
def test_what_is_no_number_is_beyond_every_tolerance(name: str, garbage: float):
    broken = replace(Displacement(), **{name: garbage})
    assert broken.excess(TOLERANCE) == math.inf
    assert not broken.within(TOLERANCE)
    assert not broken.agrees_with(broken, TOLERANCE)


@quick
@given(displacements, displacements)
def test_agreement_is_mutual(one: Displacement, other: Displacement):
    assert one.agrees_with(other, TOLERANCE) == other.agrees_with(one, TOLERANCE)


@quick
@given(displacements)
def test_a_measurement_agrees_with_itself_and_not_with_its_opposite(one: Displacement):
    assert one.agrees_with(one, TOLERANCE)
    if one.shift_fov > 0.05:
        assert not one.agrees_with(replace(one, dx=-one.dx, dy=-one.dy), TOLERANCE)


@quick
@given(displacements, st.floats(-0.7, 0.7), st.floats(-0.7, 0.7))
def test_noise_of_less_than_the_tolerance_does_not_part_two_measurements(
    one: Displacement, right: float, down: float
):
    noisy = replace(one, dx=one.dx + 0.01 * right, dy=one.dy + 0.01 * down, roll_deg=one.roll_deg + right)
    assert one.agrees_with(noisy, TOLERANCE)


@pytest.mark.parametrize(
    ("one", "other", "agree"),
    [
        (Displacement(dx=0.05), Displacement(dx=0.06), True),
        (Displacement(dx=0.05), Displacement(dx=0.09), False),
        (Displacement(dx=0.40), Displacement(dx=0.47), True),
        (Displacement(dx=0.05), Displacement(dy=0.05), False),
        (Displacement(roll_deg=10), Displacement(roll_deg=12), True),
        (Displacement(roll_deg=2), Displacement(roll_deg=-2), False),
        (Displacement(zoom=1.2), Displacement(zoom=1.26), True),
        (Displacement(zoom=1.05), Displacement(zoom=0.95), False),
    ],
)
def test_large_moves_are_measured_less_exactly(one: Displacement, other: Displacement, agree: bool):
    assert one.agrees_with(other, TOLERANCE) is agree


@pytest.mark.parametrize(
    ("displacement", "text"),
    [
        (
            Displacement(dx=0.031, dy=-0.012, roll_deg=2, zoom=1.05),
            "3.1 % right, 1.2 % up, 2.0° counter-clockwise, zoom 1.050",
        ),
        (
            Displacement(dx=-0.2, dy=0.3, roll_deg=-1.25, zoom=0.8),
            "20.0 % left, 30.0 % down, 1.2° clockwise, zoom 0.800",
        ),
        (Displacement(dx=0.001, roll_deg=0.1), "not measurably"),
    ],
)
def test_a_displacement_reads_as_people_say_it(displacement: Displacement, text: str):
    assert displacement.describe() == text
