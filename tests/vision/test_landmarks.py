import cv2
import numpy as np
import pytest

from monitor.vision import landmarks
from monitor.vision.gradient import working_luma
from monitor.vision.transform import SimilarityTransform
from tests.vision.drawn import canvas, look


def views(transform: SimilarityTransform) -> tuple[np.ndarray, np.ndarray]:
    """A drawn scene's middle, and what a camera displaced so, in pixels of the working size, sees of it."""
    move = transform.displacement(320, 240)
    reference, frame = (working_luma(look(canvas(), displacement)) for displacement in (None, move))
    return reference, frame


@pytest.mark.parametrize(
    "move",
    [
        SimilarityTransform(tx=-96.0, ty=12.0),
        SimilarityTransform(float(np.cos(0.6)), float(np.sin(0.6)), 8.0, 4.0),
        SimilarityTransform(a=1.3),
    ],
    ids=["a pan by a third", "a roll of 34 degrees", "a zoom of a third"],
)
def test_a_large_move_is_measured(move: SimilarityTransform):
    reference, frame = views(move)
    found = landmarks.recognise(landmarks.find(reference), landmarks.find(frame))
    assert found is not None
    assert found.moved >= 15
    assert found.transform.tx == pytest.approx(move.tx, abs=3)
    assert found.transform.ty == pytest.approx(move.ty, abs=3)
    assert found.transform.roll_deg == pytest.approx(move.roll_deg, abs=1.5)
    assert found.transform.zoom == pytest.approx(move.zoom, abs=0.03)


def test_text_on_the_sensor_is_counted_apart_and_does_not_hold_a_moved_view():
    reference, frame = views(SimilarityTransform(tx=-60.0))
    for picture in (reference, frame):
        cv2.putText(picture, "CAMERA 7 GATE", (60, 60), cv2.FONT_HERSHEY_SIMPLEX, 0.6, 255, 1)
    found = landmarks.recognise(landmarks.find(reference), landmarks.find(frame))
    assert found is not None
    assert found.at_rest > 3
    assert found.transform.tx == pytest.approx(-60, abs=3)


def test_nothing_is_found_in_pictures_without_corners():
    flat = np.full((240, 320), 90, np.uint8)
    reference, _ = views(SimilarityTransform())
    assert landmarks.recognise(landmarks.find(flat), landmarks.find(reference)) is None
    assert landmarks.recognise(landmarks.find(reference), landmarks.find(flat)) is None


def test_masked_parts_have_no_landmarks():
    reference, _ = views(SimilarityTransform())
    weight = np.ones(reference.shape, np.float32)
    weight[:, :160] = 0
    assert (landmarks.find(reference, weight).places[:, 0] > -2).all()


def test_what_moves_in_one_corner_of_the_view_is_no_move_of_the_view():
    reference, frame = views(SimilarityTransform())
    lorry = reference[60:130, 60:150].copy()
    frame[:] = np.roll(frame, 80, axis=1) // 8
    frame[70:140, 80:170] = lorry
    found = landmarks.recognise(landmarks.find(reference), landmarks.find(frame))
    assert found is None or abs(found.transform.tx - 20) > 5
