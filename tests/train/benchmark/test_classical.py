"""The classical methods: they measure in our conventions, name turns, refuse other scenes, and survive bad pictures."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from functools import cache
from typing import Any

import cv2
import numpy as np
import pytest
from skimage import data as pictures

from monitor.domain.displacement import Displacement, Tolerance
from monitor.domain.orientation import Orientation, turn
from monitor.domain.verdict import VerdictKind
from tests.train.drawn import draw_scene
from train.benchmark.classical import CLASSICAL
from train.benchmark.classical.geometry import displacement_of, similarity_about_centre
from train.benchmark.classical.judgement import (
    Evidence,
    Registration,
    RegistrationThresholds,
    SimilarityThresholds,
    judge_registration,
    judge_similarity,
)
from train.benchmark.classical.tune import Measured, outcome, tune
from train.benchmark.method import Answer, Method
from train.data.warp import Crop, Warp, cut

REGISTERING = ("phase", "fourier-mellin", "ecc", "orb", "sift")
TURNING = ("fourier-mellin", "ecc", "orb", "sift")
CANVAS = (384, 256)


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    before = cv2.getNumThreads()
    cv2.setNumThreads(1)
    yield
    cv2.setNumThreads(before)


def show(base: np.ndarray, warp: Warp | None = None) -> np.ndarray:
    """The central part of a picture, displaced; what is seen at the borders is real."""
    height, width = base.shape[:2]
    aspect = CANVAS[0] / CANVAS[1]
    crop = Crop(width / 2, height / 2, 0.7 * min(width, height * aspect), aspect)
    return cut(base, crop, warp or Warp(), CANVAS, cv2.INTER_AREA)


def real_scene() -> np.ndarray:
    return np.asarray(pictures.astronaut(), np.uint8)


def other_scene() -> np.ndarray:
    return np.asarray(pictures.coffee(), np.uint8)


@cache
def method_of(key: str) -> Method:
    return CLASSICAL[key]()


@cache
def enrolled_real_scene(key: str) -> Any:
    return method_of(key).enroll(show(real_scene()))


def ask(key: str, reference: np.ndarray, frame: np.ndarray) -> Answer:
    method = method_of(key)
    return method.judge(method.enroll(reference), frame)


def ask_real_scene(key: str, frame: np.ndarray) -> Answer:
    return method_of(key).judge(enrolled_real_scene(key), frame)


def measured(key: str, warp: Warp) -> Displacement:
    answer = ask_real_scene(key, show(real_scene(), warp))
    assert answer.displacement is not None
    return answer.displacement


@pytest.mark.parametrize("key", REGISTERING)
@pytest.mark.parametrize(("dx", "dy"), [(0.05, 0.0), (-0.05, 0.0), (0.0, 0.05), (0.0, -0.05)])
def test_a_shift_is_measured_with_its_sign(key: str, dx: float, dy: float) -> None:
    found = measured(key, Warp(dx, dy))
    assert found.dx == pytest.approx(dx, abs=0.005)
    assert found.dy == pytest.approx(dy, abs=0.005)


@pytest.mark.parametrize("key", REGISTERING)
def test_a_shifted_drawing_is_measured_and_named_moved(key: str) -> None:
    drawn = draw_scene(3, 640, 480)
    answer = ask(key, show(drawn), show(drawn, Warp(0.04, -0.03)))
    assert answer.verdict is VerdictKind.MOVED
    assert answer.displacement is not None
    assert answer.displacement.dx == pytest.approx(0.04, abs=0.005)
    assert answer.displacement.dy == pytest.approx(-0.03, abs=0.005)


@pytest.mark.parametrize("key", TURNING)
@pytest.mark.parametrize("roll_deg", [3.0, -3.0])
def test_a_roll_is_measured_counter_clockwise_positive(key: str, roll_deg: float) -> None:
    found = measured(key, Warp(roll_deg=roll_deg))
    assert found.roll_deg == pytest.approx(roll_deg, abs=0.3)
    assert found.shift_fov < 0.005


@pytest.mark.parametrize("key", TURNING)
@pytest.mark.parametrize("zoom", [1.06, 1 / 1.06])
def test_a_zoom_above_one_is_larger_content(key: str, zoom: float) -> None:
    assert measured(key, Warp(zoom=zoom)).zoom == pytest.approx(zoom, abs=0.01)


@pytest.mark.parametrize("key", TURNING)
def test_all_at_once_is_measured_about_the_centre(key: str) -> None:
    found = measured(key, Warp(0.03, -0.02, 2.0, 1.03))
    assert (found.dx, found.dy) == pytest.approx((0.03, -0.02), abs=0.005)
    assert found.roll_deg == pytest.approx(2.0, abs=0.3)
    assert found.zoom == pytest.approx(1.03, abs=0.01)


@pytest.mark.parametrize("key", CLASSICAL)
@pytest.mark.parametrize("orientation", [o for o in Orientation if o is not Orientation.UPRIGHT])
def test_a_turned_frame_is_named(key: str, orientation: Orientation) -> None:
    answer = ask_real_scene(key, turn(show(real_scene()), orientation))
    assert answer.verdict is orientation.verdict


@pytest.mark.parametrize("key", CLASSICAL)
def test_a_brighter_frame_of_another_size_is_the_same_view(key: str) -> None:
    reference = show(real_scene())
    frame = cv2.resize(reference, (480, 320), interpolation=cv2.INTER_LINEAR)
    brighter = np.clip(frame.astype(np.float32) * 1.1 + 6.0, 0, 255).astype(np.uint8)
    assert ask_real_scene(key, brighter).verdict is VerdictKind.OK


@pytest.mark.parametrize("key", CLASSICAL)
def test_another_scene_is_not_passed(key: str) -> None:
    reference = show(real_scene())
    answer = ask_real_scene(key, show(other_scene()))
    assert answer.verdict in (VerdictKind.UNSURE, VerdictKind.DIFFERENT_SCENE)
    assert answer.change > ask_real_scene(key, reference).change


@pytest.mark.parametrize("key", CLASSICAL)
@pytest.mark.parametrize("level", [0, 128])
@pytest.mark.parametrize("size", [(240, 320), (1, 1)])
def test_a_flat_frame_is_abstained_on(key: str, level: int, size: tuple[int, int]) -> None:
    answer = ask_real_scene(key, np.full((*size, 3), level, np.uint8))
    assert answer.verdict is VerdictKind.UNSURE
    assert answer.change > ask_real_scene(key, show(real_scene())).change


def poor_pictures() -> dict[str, np.ndarray]:
    """Nothing, or next to nothing, that could be found again."""
    ramp = np.linspace(0, 255, 320).astype(np.uint8)
    return {
        "black": np.zeros((240, 320, 3), np.uint8),
        "ramp": np.broadcast_to(ramp[None, :, None], (240, 320, 3)).copy(),
        "tiny noise": np.random.default_rng(0).integers(0, 256, (9, 3, 3), dtype=np.uint8),
    }


@pytest.mark.parametrize("key", CLASSICAL)
@pytest.mark.parametrize("poor", poor_pictures())
def test_a_poor_picture_raises_nothing_on_either_side(key: str, poor: str) -> None:
    pixels = poor_pictures()[poor]
    for answer in (
        ask_real_scene(key, pixels),
        ask(key, pixels, show(real_scene())),
        ask(key, pixels, pixels),
    ):
        assert np.isfinite(answer.change)


@pytest.mark.parametrize("key", REGISTERING)
@pytest.mark.parametrize("poor", poor_pictures())
def test_a_method_that_registers_does_not_pass_a_poor_picture(key: str, poor: str) -> None:
    assert ask_real_scene(key, poor_pictures()[poor]).verdict is not VerdictKind.OK


@pytest.mark.parametrize("key", CLASSICAL)
def test_a_method_can_be_built_in_another_process(key: str) -> None:
    build = pickle.loads(pickle.dumps(CLASSICAL[key]))
    assert build().name == CLASSICAL[key]().name


def test_every_method_has_a_name_of_its_own() -> None:
    assert len({build().name for build in CLASSICAL.values()}) == len(CLASSICAL)


def test_a_transform_is_read_as_the_displacement_that_made_it() -> None:
    warp = Warp(0.1, -0.05, 7.0, 1.2)
    found = displacement_of(warp.matrix(320, 240), 320, 240, 320 / 240)
    assert found is not None
    # The matrix counts from pixel edges, the reader from pixel centres: half a pixel at most.
    assert (found.dx, found.dy) == pytest.approx((0.1, -0.05), abs=0.5 / 240)
    assert (found.roll_deg, found.zoom) == pytest.approx((7.0, 1.2))


def test_a_squashed_canvas_does_not_change_what_is_read() -> None:
    squash = np.diag([320 / 427, 1.0, 1.0])
    wide = np.vstack([similarity_about_centre(427, 240, 10.0, 1.1), [0, 0, 1]])
    found = displacement_of(squash @ wide @ np.linalg.inv(squash), 320, 240, 427 / 240)
    assert found is not None
    assert (found.roll_deg, found.zoom) == pytest.approx((10.0, 1.1), abs=1e-6)


def test_a_transform_that_mirrors_is_no_displacement() -> None:
    assert displacement_of(np.array([[-1.0, 0, 319], [0, 1.0, 0]]), 320, 240, 4 / 3) is None


THRESHOLDS = RegistrationThresholds(5.0, 10.0, 8.0, 1.5, Tolerance())
FLIP = Orientation.ROTATED_180


@pytest.mark.parametrize(
    ("upright", "turned", "displacement", "verdict"),
    [
        (20.0, 3.0, Displacement(), VerdictKind.OK),
        (6.0, 3.0, Displacement(0.002), VerdictKind.OK),
        (20.0, 3.0, Displacement(0.05), VerdictKind.MOVED),
        (6.0, 3.0, Displacement(0.05), VerdictKind.UNSURE),
        (3.0, 3.0, Displacement(), VerdictKind.DIFFERENT_SCENE),
        (3.0, 20.0, Displacement(), VerdictKind.FLIPPED_180),
        (18.0, 20.0, Displacement(), VerdictKind.UNSURE),
        (20.0, 9.0, Displacement(), VerdictKind.OK),
        (20.0, 3.0, None, VerdictKind.DIFFERENT_SCENE),
    ],
)
def test_a_registration_is_judged_by_its_lock_and_its_displacement(
    upright: float, turned: float, displacement: Displacement | None, verdict: VerdictKind
) -> None:
    evidence = Evidence(Registration(upright, displacement), Registration(turned, Displacement()), FLIP)
    answer = judge_registration(evidence, THRESHOLDS)
    assert answer.verdict is verdict
    assert (answer.change <= 0) == (verdict is VerdictKind.OK) or verdict is VerdictKind.UNSURE


@pytest.mark.parametrize(
    ("upright", "turned", "verdict"),
    [
        (0.9, 0.3, VerdictKind.OK),
        (0.4, 0.3, VerdictKind.DIFFERENT_SCENE),
        (0.4, 0.9, VerdictKind.FLIPPED_180),
        (0.8, 0.85, VerdictKind.UNSURE),
    ],
)
def test_a_similarity_is_same_turned_or_changed(upright: float, turned: float, verdict: VerdictKind) -> None:
    thresholds = SimilarityThresholds(0.7, 0.6, 0.1)
    assert (
        judge_similarity(Evidence(Registration(upright), Registration(turned), FLIP), thresholds).verdict
        is verdict
    )


def _measurements(rng: np.random.Generator, same_strength: float) -> list[Measured]:
    """Fifty pairs of each kind; a same view locks at `same_strength`, another scene at 5."""
    ok, moved, other = VerdictKind.OK, VerdictKind.MOVED, VerdictKind.DIFFERENT_SCENE
    rows = (
        ("same", ok, same_strength, 3.0, 0.001),
        ("flip", VerdictKind.FLIPPED_180, 5.0, 30.0, 0.1),
        ("shift 5 %", moved, 30.0, 3.0, 0.05),
        ("other scene", other, 5.0, 5.0, 0.2),
    )
    return [
        Measured(
            kind,
            (truth,),
            Evidence(
                Registration(upright * rng.uniform(0.9, 1.1), Displacement(dx * rng.uniform(0.9, 1.1))),
                Registration(turned * rng.uniform(0.9, 1.1), Displacement()),
                FLIP,
            ),
        )
        for kind, truth, upright, turned, dx in rows
        for _ in range(50)
    ]


def test_tuning_keeps_to_the_budget_of_alarms_where_the_evidence_allows() -> None:
    drawn = _measurements(np.random.default_rng(0), 30.0)
    thresholds, found, rule = tune(drawn, rounds=8)
    assert "alarms" in rule
    assert found.alarms <= 0.01
    assert found.named > 0.97
    assert outcome(drawn, lambda evidence: judge_registration(evidence, thresholds), True) == found


def test_tuning_falls_back_to_balanced_accuracy_where_the_budget_costs_most_changes() -> None:
    rng = np.random.default_rng(1)
    drawn = [
        Measured(kind, (truth,), Evidence(Registration(rng.normal(mean, 0.1)), Registration(0.0), FLIP))
        for kind, truth, mean in (
            ("same", VerdictKind.OK, 0.6),
            ("other scene", VerdictKind.DIFFERENT_SCENE, 0.5),
        )
        for _ in range(200)
    ]
    _, found, rule = tune(drawn, rounds=8)
    assert rule == "best balanced accuracy"
    assert found.detected > 0.5
    assert found.alarms > 0.01
