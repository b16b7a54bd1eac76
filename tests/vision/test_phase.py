import numpy as np
import pytest

from monitor.domain.displacement import Displacement
from monitor.vision.alignment import Prepared
from monitor.vision.gradient import structure, working_luma, working_size
from monitor.vision.phase import correlate, find_peak
from monitor.vision.transform import SimilarityTransform, fit, propose
from tests.vision.drawn import canvas, in_other_light, look


def prepared(picture):
    return Prepared(working_luma(picture))


@pytest.mark.parametrize(("dx", "dy"), [(0.0, 0.0), (0.1, 0.0), (-0.07, 0.2), (0.3, -0.1)])
def test_the_peak_lies_where_the_content_went(dx, dy):
    scene = canvas()
    peak = correlate(prepared(look(scene)).spectrum, prepared(look(scene, Displacement(dx, dy))).spectrum)

    assert peak.dx_px == pytest.approx(dx * 320, abs=1.0)
    assert peak.dy_px == pytest.approx(dy * 240, abs=1.0)
    assert peak.strength > 10


def test_a_flipped_picture_peaks_in_the_flipped_bank_only():
    scene = look(canvas())
    reference, flipped = prepared(scene), prepared(np.rot90(scene, 2))

    assert correlate(reference.spectrum, flipped.flipped_spectrum).strength > 20
    assert correlate(reference.spectrum, flipped.spectrum).strength < 10
    assert correlate(reference.spectrum, flipped.mirrored_spectrum).strength < 10


def test_structure_hardly_changes_with_the_light():
    scene = look(canvas())
    day, evening = structure(working_luma(scene)), structure(working_luma(in_other_light(scene)))

    assert np.corrcoef(day.ravel(), evening.ravel())[0, 1] > 0.5


def test_working_size_keeps_the_aspect_and_suits_the_tiles():
    assert working_size(1920, 1080) == (320, 176)
    assert working_size(640, 480) == (320, 240)
    assert working_size(480, 640) == (240, 320)
    assert min(working_size(4000, 100)) >= 64


def test_a_flat_surface_has_a_finite_peak():
    peak = find_peak(np.zeros((240, 320), np.float32))

    assert np.isfinite([peak.dx_px, peak.dy_px, peak.strength]).all()


def test_fit_recovers_a_similarity_and_propose_ignores_outliers():
    random = np.random.default_rng(3)
    points = random.uniform(-150, 150, (40, 2))
    truth = SimilarityTransform(1.03, 0.05, 7.0, -4.0)
    targets = truth.apply(points)
    weights = np.ones(40)

    assert fit(points, targets, weights).apply(points) == pytest.approx(targets, abs=1e-6)

    targets[:14] += random.uniform(-60, 60, (14, 2))
    found, share = propose(points, targets, weights, 1.5)
    assert found.apply(points[14:]) == pytest.approx(targets[14:], abs=0.5)
    assert share == pytest.approx(26 / 40, abs=0.1)


def test_a_similarity_and_its_displacement_are_the_same_thing():
    move = Displacement(0.04, -0.03, 2.5, 1.07)
    back = SimilarityTransform.of(move, 320, 240).displacement(320, 240)

    assert (back.dx, back.dy, back.roll_deg, back.zoom) == pytest.approx((0.04, -0.03, 2.5, 1.07))


def test_a_positive_roll_turns_content_counter_clockwise_on_the_screen():
    right_of_centre = np.array([[100.0, 0.0]])

    turned = SimilarityTransform.of(Displacement(roll_deg=90.0), 320, 240).apply(right_of_centre)

    assert turned == pytest.approx(np.array([[0.0, -100.0]]), abs=1e-6)  # up: y points down
