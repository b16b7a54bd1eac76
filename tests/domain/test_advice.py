"""What people are told to do, and whether doing it helps."""

from __future__ import annotations

from dataclasses import replace

import pytest

from monitor.domain.advice import headline, remedy, restoring_move
from monitor.domain.displacement import Displacement
from monitor.domain.verdict import Verdict, VerdictKind
from tests.domain.builders import verdict


@pytest.mark.parametrize(
    ("displacement", "advice"),
    [
        (Displacement(dx=0.05), "Pan right by 5.0 % of the view."),
        (Displacement(dx=-0.05), "Pan left by 5.0 % of the view."),
        (Displacement(dy=0.031), "Tilt down by 3.1 %."),
        (Displacement(dy=-0.031), "Tilt up by 3.1 %."),
        (Displacement(roll_deg=2.04), "Turn the camera counter-clockwise by 2.0°."),
        (Displacement(roll_deg=-2), "Turn the camera clockwise by 2.0°."),
        (Displacement(zoom=1.1), "Zoom out by 10 %."),
        (Displacement(zoom=0.9), "Zoom in by 10 %."),
        (Displacement(dx=0.05, dy=-0.02), "Pan right by 5.0 % of the view, tilt up by 2.0 %."),
        (Displacement(), "Turn the camera back to its reference view."),
    ],
)
def test_the_camera_follows_the_content(displacement: Displacement, advice: str):
    assert restoring_move(displacement) == advice


@pytest.mark.parametrize("kind", [VerdictKind.ROTATED_90, VerdictKind.ROTATED_270])
def test_a_turned_camera_is_turned_back_the_way_a_rolled_one_is(kind: VerdictKind):
    """Both texts speak of the camera; the picture turns against it."""
    way = "counter-clockwise" if kind is VerdictKind.ROTATED_90 else "clockwise"
    roll = Displacement(roll_deg=90 if kind is VerdictKind.ROTATED_90 else -90)
    assert f"by 90° {way} (" in remedy(verdict(kind))
    assert f"camera {way} by 90" in restoring_move(roll)
    assert headline("gate", verdict(kind)) == f"gate shows a picture turned by 90° {way}"


def test_a_move_is_put_right_or_accepted():
    advice = remedy(verdict(VerdictKind.MOVED, Displacement(dx=0.05)))
    assert advice == "Pan right by 5.0 % of the view. If the new view is meant, accept it."


def test_a_move_without_a_measurement_still_has_a_remedy_and_a_headline():
    moved = replace(verdict(VerdictKind.MOVED), displacement=None)
    assert "accept it" in remedy(moved)
    assert headline("gate", moved) == "gate is moved"


def test_swapped_cameras_are_named():
    swapped = Verdict(VerdictKind.DIFFERENT_SCENE, 0.9, looks_like="yard/east")
    assert headline("gate", swapped) == "gate shows the view of yard/east"
    assert "yard/east" in remedy(swapped)
    assert "cables" in remedy(swapped)


@pytest.mark.parametrize("kind", VerdictKind)
def test_every_verdict_has_a_headline_and_a_remedy_in_sentences(kind: VerdictKind):
    judged = verdict(kind)
    assert headline("gate", judged).startswith("gate ")
    assert "_" not in headline("gate", judged)
    assert remedy(judged)[0].isupper()
    assert remedy(judged).endswith(".")
    # Only what has nothing more exact to say may say the general thing.
    assert kind in (VerdictKind.OK, VerdictKind.MOVED) or "reference view" not in remedy(judged)
