import cv2
import numpy as np

from monitor.domain.view import Rectangle
from monitor.vision.gradient import working_luma
from monitor.vision.masks import FEWEST_SAMPLES, Constancy, combine, paint
from tests.vision.drawn import canvas, look

SHAPE = (240, 320)


def with_text(picture):
    marked = picture.copy()
    cv2.putText(marked, "CAM 07  2026-06-01", (20, 460), 0, 1.2, (255, 255, 255), 4)
    return marked


def through_a_day(scene, count=10):
    """The view from morning to night, the text burnt in afterwards."""
    for step in range(count):
        light = 0.15 + 0.85 * np.sin(np.pi * (step + 0.5) / count)
        yield with_text((scene * light).astype(np.uint8))


def learn(frames):
    known = Constancy()
    for frame in frames:
        known = known.add(working_luma(frame))
    return known


def test_text_is_masked_once_the_light_has_changed():
    weight = learn(through_a_day(look(canvas()))).steady_weight(SHAPE)

    assert weight is not None
    assert weight[215:232, 12:180].mean() < 0.5  # where the text is
    assert weight[:200].mean() > 0.97  # the scene stays


def test_nothing_is_masked_while_the_light_stays():
    frames = [with_text(look(canvas()))] * 12

    assert learn(frames).steady_weight(SHAPE) is None


def test_nothing_is_masked_on_few_samples():
    frames = list(through_a_day(look(canvas())))[: FEWEST_SAMPLES - 1]

    assert learn(frames).steady_weight(SHAPE) is None


def test_what_is_known_survives_the_store():
    known = learn(through_a_day(look(canvas())))

    back = Constancy.from_bytes(known.to_bytes())

    assert back.samples == known.samples
    assert np.allclose(back.steady_weight(SHAPE), known.steady_weight(SHAPE), atol=0.3)
    assert Constancy.from_bytes(None).samples == 0
    assert Constancy.from_bytes(b"").samples == 0


def test_rectangles_are_painted_in_relative_coordinates():
    weight = paint([Rectangle(0.5, 0.0, 0.5, 0.5)], SHAPE)

    assert weight[:100, 180:].max() < 0.05
    assert weight[140:].min() > 0.95
    assert paint([], SHAPE) is None


def test_both_kinds_of_mask_count_together():
    left, top = paint([Rectangle(0, 0, 0.5, 1)], SHAPE), paint([Rectangle(0, 0, 1, 0.5)], SHAPE)

    assert combine(None, None) is None
    assert combine(left, None) is left
    assert combine(left, top)[60, 300] < 0.05
