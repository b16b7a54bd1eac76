"""A camera that delivers another shape than it was enrolled with: the same view, if it shows it at all."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import cv2
import numpy as np
import pytest

from monitor.domain.comparison import Format
from monitor.domain.decision import decide
from monitor.domain.displacement import Displacement
from monitor.domain.frame import Frame, Pixels
from monitor.domain.orientation import Orientation, turn
from monitor.domain.reference import Reference
from monitor.domain.thresholds import Thresholds
from monitor.domain.verdict import Verdict
from monitor.domain.view import ViewKey
from monitor.vision.bundle import load_bundle, shipped_bundle_path
from monitor.vision.encoder import NetworkEncoder
from monitor.vision.formats import in_shape, shapes_differ
from monitor.vision.network import Network
from tests.vision.drawn import canvas, in_other_light, look

WIDE = 16 / 9


def framed(pixels: Pixels) -> Frame:
    height, width = pixels.shape[:2]
    return Frame(np.ascontiguousarray(pixels), datetime(2026, 6, 1, tzinfo=UTC), "0" * 64, width, height)


@pytest.fixture(scope="module")
def encoder() -> NetworkEncoder:
    return NetworkEncoder(Network(load_bundle(shipped_bundle_path()), threads=1))


@pytest.fixture(scope="module")
def reference(encoder: NetworkEncoder) -> Reference:
    return replace(encoder.enroll(framed(look(canvas())), ViewKey("gate")), id=1)


def judge(encoder: NetworkEncoder, reference: Reference, pixels: Pixels) -> Verdict:
    frame = framed(pixels)
    encoding = encoder.encode(frame)
    return decide(encoding.quality, [encoder.compare(encoding, frame, reference)], Thresholds())


def later(displacement: Displacement | None = None) -> Pixels:
    return in_other_light(look(canvas(), displacement))


def cropped_to_wide(picture: Pixels) -> Pixels:
    """What a 4:3 sensor gives as 16:9: rows cut off at top and bottom."""
    height, width = picture.shape[:2]
    rows = round(width / WIDE)
    top = (height - rows) // 2
    return picture[top : top + rows]


def narrowed(picture: Pixels) -> Pixels:
    """Without an eighth at either side."""
    eighth = picture.shape[1] // 8
    return picture[:, eighth:-eighth]


def between_bars(picture: Pixels) -> Pixels:
    """A 4:3 picture in a 16:9 one, black at both sides."""
    height = picture.shape[0]
    bar = (round(height * WIDE) - picture.shape[1]) // 2
    return np.pad(picture, ((0, 0), (bar, bar), (0, 0)))


def with_more_at_the_sides() -> Pixels:
    """A wider view of the same place, from the canvas itself."""
    picture = canvas()
    top, left = (picture.shape[0] - 480) // 2, (picture.shape[1] - 853) // 2
    return in_other_light(picture[top : top + 480, left : left + 853])


def stretched(picture: Pixels) -> Pixels:
    return cv2.resize(picture, (853, 480), interpolation=cv2.INTER_AREA)


@pytest.mark.parametrize(
    ("pixels", "fitted"),
    [
        (cropped_to_wide(later()), Format.SAME_WIDTH),
        (between_bars(later()), Format.SAME_HEIGHT),
        (with_more_at_the_sides(), Format.SAME_HEIGHT),
        (stretched(later()), Format.STRETCHED),
    ],
    ids=["cropped", "between bars", "more at the sides", "stretched"],
)
def test_the_view_in_another_shape_is_ok_and_the_way_it_changed_is_named(
    encoder: NetworkEncoder, reference: Reference, pixels: Pixels, fitted: Format
):
    seen = judge(encoder, reference, pixels)
    assert (seen.kind, seen.evidence["format"]) == ("ok", fitted)


def with_clouds_and_cars(picture: Pixels) -> Pixels:
    """Another sky at the top and other cars at the bottom."""
    elsewhere, eighth = look(canvas(5)), picture.shape[0] // 8
    return np.concatenate((elsewhere[:eighth], picture[eighth:-eighth], elsewhere[-eighth:]))


def test_a_view_without_its_sides_has_not_been_magnified(encoder: NetworkEncoder, reference: Reference):
    # Magnified, the view would be without top and bottom as well, and what is left would agree better.
    seen = judge(encoder, reference, narrowed(with_clouds_and_cars(later())))
    assert (seen.kind, seen.evidence["format"]) == ("ok", Format.SAME_HEIGHT)


def nearly_square(picture: Pixels) -> Pixels:
    return picture[:, 40:-40]


def test_a_nearly_square_view_that_loses_its_sides_was_not_turned(encoder: NetworkEncoder):
    square = replace(encoder.enroll(framed(nearly_square(look(canvas()))), ViewKey("gate")), id=1)
    seen = judge(encoder, square, narrowed(nearly_square(later())))
    assert (seen.kind, seen.evidence["format"]) == ("ok", Format.SAME_HEIGHT)
    turned = turn(nearly_square(later()), Orientation.ROTATED_90)
    assert judge(encoder, square, turned).kind == "rotated_90"


def test_a_moved_view_in_another_shape_is_moved_by_as_much(encoder: NetworkEncoder, reference: Reference):
    seen = judge(encoder, reference, cropped_to_wide(later(Displacement(dx=0.06))))
    assert seen.kind == "moved"
    assert seen.displacement is not None
    assert seen.displacement.dx == pytest.approx(0.06, abs=0.005)


def test_another_place_in_another_shape_is_another_place(encoder: NetworkEncoder, reference: Reference):
    assert judge(encoder, reference, cropped_to_wide(look(canvas(5)))).kind in (
        "different_scene",
        "obstructed",
    )


def test_a_camera_upside_down_in_another_shape_is_not_ok(encoder: NetworkEncoder, reference: Reference):
    flipped = turn(cropped_to_wide(later()), Orientation.ROTATED_180)
    assert judge(encoder, reference, flipped).kind != "ok"


def test_the_same_shape_in_another_size_is_compared_as_it_is(encoder: NetworkEncoder, reference: Reference):
    seen = judge(encoder, reference, cv2.resize(later(), (1280, 960)))
    assert (seen.kind, seen.evidence["format"]) == ("ok", Format.AS_IS)


@pytest.mark.parametrize(
    ("ours", "theirs", "differ"),
    [(4 / 3, 16 / 9, True), (704 / 576, 4 / 3, True), (1.778, 1.775, False), (4 / 3, 1.30, False)],
)
def test_shapes_differ_by_more_than_rounding(ours: float, theirs: float, differ: bool):
    assert shapes_differ(ours, theirs) is differ


def test_a_fitted_picture_has_the_shape_asked_for_and_says_where_it_is_grey():
    pixels = np.full((90, 160, 3), 200, np.uint8)
    fitted, grey = in_shape(pixels, 4 / 3, Format.SAME_WIDTH)
    assert fitted.shape == (120, 160, 3)
    assert [(round(part.top, 3), round(part.height, 3)) for part in grey] == [(0.0, 0.125), (0.875, 0.125)]
    fitted, grey = in_shape(pixels, 4 / 3, Format.SAME_HEIGHT)
    assert (fitted.shape, grey) == ((90, 120, 3), ())
