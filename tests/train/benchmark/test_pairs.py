"""Pairs: reproducible, honest at the borders, every kind what it claims, with marks that stay on the sensor."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
import pytest

from monitor.domain.orientation import Orientation, turn
from monitor.domain.thresholds import Thresholds
from monitor.domain.verdict import VerdictKind
from tests.train.drawn import draw_data, draw_scene
from train.benchmark.displaced import JITTER, REFERENCE_SHARE, ROLLS_DEG, SHIFTS, TURNS, ZOOMS, Couple
from train.benchmark.lights import light_of
from train.benchmark.method import Pair, Truth
from train.benchmark.pairs import KINDS, MAKERS, SAME, count_pairs, pairs
from train.benchmark.recorded import BANNER, RECORDED_KINDS, recorded_pairs
from train.data.manifest import DataError, Manifest, Picture, read_manifest
from train.data.marks import Sensor, Text
from train.data.sampling import PairingRules
from train.data.splits import Pool, split

RULES = PairingRules()
UNMARKED = Sensor()


@pytest.fixture(scope="module")
def pool(tmp_path_factory: pytest.TempPathFactory) -> Pool:
    return split(read_manifest(draw_data(tmp_path_factory.mktemp("data"))), [], []).train


@pytest.fixture(scope="module")
def drawn(pool: Pool) -> list[Pair]:
    return list(pairs(pool, RULES, 2))


def couple(width: int = 640, height: int = 480, sensor: Sensor = UNMARKED) -> Couple:
    scene = draw_scene(3, width, height)
    return Couple(scene, scene, draw_scene(4, 500, 300), sensor)


def made(kind: str, of: Couple, seed: int = 0) -> tuple[np.ndarray, Truth]:
    return MAKERS[kind](np.random.default_rng(seed), of)


def test_every_camera_gives_every_kind_and_pairs_of_one_reference_come_together(
    pool: Pool, drawn: list[Pair]
) -> None:
    assert [pair.kind for pair in drawn] == list(KINDS) * len(pool.cameras) * 2
    assert len(drawn) == count_pairs(pool, 2)
    assert len({pair.id for pair in drawn}) == len(drawn)
    for first in range(0, len(drawn), len(KINDS)):
        group = drawn[first : first + len(KINDS)]
        assert all(pair.reference is group[0].reference for pair in group)


def test_the_same_seed_gives_the_same_pixels_and_another_one_others(pool: Pool, drawn: list[Pair]) -> None:
    for one, other in zip(drawn, pairs(pool, RULES, 2), strict=True):
        assert one.id == other.id
        assert np.array_equal(one.reference, other.reference)
        assert np.array_equal(one.frame, other.frame)
    another = list(pairs(pool, RULES, 2, seed=1))
    assert not {pair.id for pair in drawn} & {pair.id for pair in another}
    assert not all(np.array_equal(one.frame, other.frame) for one, other in zip(drawn, another, strict=True))


def test_asking_for_fewer_kinds_or_references_changes_none_of_the_others(
    pool: Pool, drawn: list[Pair]
) -> None:
    known = {pair.id: pair for pair in drawn}
    fewer = list(pairs(pool, RULES, 1, kinds=["mixed", "covered"]))
    assert len(fewer) == 2 * len(pool.cameras)
    assert all(np.array_equal(pair.frame, known[pair.id].frame) for pair in fewer)


def test_couples_of_a_camera_are_distinct_while_it_has_pictures_enough(pool: Pool) -> None:
    references = [pair.reference for pair in islice(pairs(pool, RULES, 3, kinds=["same"]), 3)]
    frames = [pair.frame for pair in islice(pairs(pool, RULES, 3, kinds=["same"]), 3)]
    assert len({(one.tobytes(), other.tobytes()) for one, other in zip(references, frames, strict=True)}) == 3


def test_the_frame_is_the_later_picture(pool: Pool) -> None:
    camera = next(iter(pool.cameras))
    shown = [read.path.name for read in pool.cameras[camera]]
    assert shown == sorted(shown)
    # The drawn camera's disc wanders to the right with the hours.
    for pair in pairs(Pool(pool.scenes, {camera: pool.cameras[camera]}), RULES, 3, kinds=["same"]):
        assert disc_at(pair.frame) > disc_at(pair.reference)


def disc_at(pixels: np.ndarray) -> float:
    height = pixels.shape[0]
    row = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)[round(height * 0.47) : round(height * 0.53)].astype(float)
    return float(np.argmax(cv2.GaussianBlur((row > 235).astype(np.float32), (0, 0), 6).sum(axis=0)))


def test_an_unknown_kind_is_named(pool: Pool) -> None:
    with pytest.raises(DataError, match="upside"):
        list(pairs(pool, RULES, 1, kinds=["upside"]))


def test_a_lonely_camera_cannot_be_compared_with_another_one(pool: Pool) -> None:
    camera = next(iter(pool.cameras))
    with pytest.raises(DataError, match="Nothing to compare"):
        next(pairs(Pool((), {camera: pool.cameras[camera]}), RULES, 1))


def test_frames_that_may_not_meet_are_never_paired(pool: Pool) -> None:
    camera, pictures = next(iter(pool.cameras.items()))
    torn = tuple(
        replace(p, condition=light) for p, light in zip(pictures, ("day", "night", "fog"), strict=True)
    )
    with pytest.raises(DataError, match="may be paired"):
        next(pairs(Pool(pool.scenes, {camera: torn}), PairingRules(same_condition=(camera,)), 1))


@pytest.mark.parametrize(("width", "height"), [(512, 288), (512, 384), (400, 400), (320, 240)])
def test_displacements_are_as_large_as_their_names_say_and_see_real_content(width: int, height: int) -> None:
    """Shrinking would show in the truth: where nothing was shrunk, `Crop.holds` was true for the full displacement."""
    of = couple(width, height)
    for seed in range(8):
        for kind, length in SHIFTS.items():
            assert made(kind, of, seed)[1].displacement.shift_fov == pytest.approx(length)
        for kind, degrees in ROLLS_DEG.items():
            assert abs(made(kind, of, seed)[1].displacement.roll_deg) == degrees
        for kind, ratio in ZOOMS.items():
            measured = made(kind, of, seed)[1].displacement.zoom
            assert max(measured, 1 / measured) == pytest.approx(ratio)


def test_a_displacement_that_does_not_fit_shrinks_and_the_truth_with_it() -> None:
    shown = couple(1600, 200)
    _, truth = made("roll 5°", shown)
    assert 0 < abs(truth.displacement.roll_deg) < 5


@pytest.mark.parametrize("kind", ["shift 5 %", "shift 15 %", "same, jitter"])
def test_content_lies_where_the_truth_says(kind: str) -> None:
    of = couple()
    for seed in range(4):
        frame, truth = made(kind, of, seed)
        still, moved = (cv2.cvtColor(p, cv2.COLOR_RGB2GRAY).astype(np.float64) for p in (of.frame(), frame))
        window = cv2.createHanningWindow(still.shape[::-1], cv2.CV_64F)
        (right, down), _ = cv2.phaseCorrelate(still, moved, window)
        assert right / still.shape[1] == pytest.approx(truth.displacement.dx, abs=0.003)
        assert down / still.shape[0] == pytest.approx(truth.displacement.dy, abs=0.003)


def test_jitter_and_mixed_stay_on_their_side_of_the_tolerance() -> None:
    tolerance = Thresholds().tolerance
    of = couple()
    for seed in range(60):
        jitter = made("same, jitter", of, seed)[1].displacement
        assert max(abs(jitter.dx), abs(jitter.dy)) <= JITTER
        assert jitter.within(tolerance)
        assert made("mixed", of, seed)[1].displacement.excess(tolerance) > 1.4


def test_a_shift_at_the_tolerance_may_pass_and_a_larger_one_may_not() -> None:
    of = couple()
    assert made("shift 1 %", of)[1].verdicts == (VerdictKind.MOVED, VerdictKind.OK)
    assert made("shift 2 %", of)[1].verdicts == (VerdictKind.MOVED,)


@pytest.mark.parametrize("kind", TURNS)
def test_turned_frames_are_the_scene_turned_and_quarter_turns_swap_the_sides(kind: str) -> None:
    of = couple()
    frame, truth = made(kind, of)
    assert np.array_equal(frame, turn(of.frame(), TURNS[kind]))
    assert truth.verdicts == (TURNS[kind].verdict,)
    swapped = TURNS[kind] in (Orientation.ROTATED_90, Orientation.ROTATED_270)
    assert (frame.shape != of.frame().shape) == swapped


def test_every_frame_passes_through_the_same_resampling() -> None:
    """A shift by whole pixels keeps the grain of the still frame: it is no crisper and no softer."""
    of = couple(512, 384)
    width, _ = of.canvas
    assert not math.isclose(512 * REFERENCE_SHARE, width, abs_tol=1)
    grain = [
        cv2.Laplacian(made(kind, of, seed)[0], cv2.CV_64F).std()
        for kind in ("same", "shift 2 %", "shift 10 %", "roll 3°")
        for seed in range(3)
    ]
    assert max(grain) / min(grain) < 1.2


def test_marks_stay_upright_on_the_sensor_whatever_happens_to_the_view() -> None:
    sensor = Sensor((Text("CAM 7", 0.0, 0.0, 0.8, 255, True, False),))
    of = couple(sensor=sensor)
    rng = np.random.default_rng(0)
    corner = of.reference(rng)[:10, :40].astype(float)
    assert corner.std() > 60
    for kind in ("same", "flip", "mirror", "shift 10 %", "other scene", "covered", "defocused", "black"):
        frame, _ = made(kind, of)
        shown = of.delivered(rng, frame)[:10, :40].astype(float)
        assert np.corrcoef(shown.ravel(), corner.ravel())[0, 1] > 0.95, kind


def test_tampered_frames_are_what_they_claim() -> None:
    of = couple()
    still = of.frame().astype(float)
    for seed in range(6):
        untouched = np.abs(made("same, occluder", of, seed)[0] - still).max(axis=2) < 3
        assert 0.6 < untouched.mean() < 0.95
        covered, truth = made("covered", of, seed)
        assert (np.abs(covered - still).max(axis=2) < 3).mean() < 0.45
        assert truth.verdicts[0] is VerdictKind.OBSTRUCTED
        assert (VerdictKind.DARK in truth.verdicts) == (covered.mean() < 20)
        assert (VerdictKind.OVEREXPOSED in truth.verdicts) == (covered.mean() > 235)
    assert (
        cv2.Laplacian(made("defocused", of)[0], cv2.CV_64F).std()
        < 0.1 * cv2.Laplacian(still.astype(np.uint8), cv2.CV_64F).std()
    )
    assert made("black", of)[0].mean() < 10
    noise = made("same, noise", of)[0] - still
    assert 6 < noise.std() < 26


def test_only_untouched_views_are_the_same(drawn: list[Pair]) -> None:
    still = {pair.kind for pair in drawn if pair.truth.verdicts[0] is VerdictKind.OK}
    assert still == set(SAME)


def test_light_is_told_word_for_word_or_not_at_all() -> None:
    def lit(condition: str) -> Picture:
        return Picture(Path("x.jpg"), "c", "", condition, "same-view", "dev")

    assert light_of(lit("night"), lit("day")) == "day-night"
    assert light_of(lit("infrared"), lit("snow")) == "ir-snow"
    assert light_of(lit("day"), lit("empty to crowded beach, one day")) == "any"
    assert light_of(lit("fog/cloud/sun"), lit("fog/cloud/sun")) == "any"


def recorded(directory: Path) -> Manifest:
    rows = [
        ("a", "spw", "view a", "camera-moved pair (overlapping)"),
        ("b", "spw", "view b", "camera-moved pair (overlapping)"),
        ("f1", "walk", "moving camera", "camera-moved sequence (indoor)"),
        ("f2", "walk", "moving camera", "camera-moved sequence (indoor)"),
        ("f3", "walk", "moving camera", "camera-moved sequence (indoor)"),
        ("old", "road", "2020 view of same camera", "camera-moved(vs road)"),
        *((f"new{hour}", "road", "", "same-view") for hour in range(6)),
        ("normal0", "vas", "normal", "tamper (real)"),
        ("normal1", "vas", "normal", "tamper (real)"),
        ("moved0", "vas", "moved", "tamper (real)"),
        ("moving0", "vas", "moving", "tamper (real)"),
        ("half", "vas", "partial_cover", "tamper (real)"),
        ("wrapped", "vas", "covered", "tamper (real)"),
        ("blurred", "vas", "defocused", "tamper (real)"),
    ]
    pictures = []
    for seed, (name, camera, condition, use) in enumerate(rows):
        path = directory / f"{name}.png"
        cv2.imwrite(str(path), draw_scene(seed, 200, 120))
        pictures.append(Picture(path, camera, "", condition, use, "dev"))
    return Manifest(tuple(pictures), "drawn")


def test_recorded_pairs_meet_as_they_were_taken(tmp_path: Path) -> None:
    manifest = recorded(tmp_path)
    found = {pair.id: pair for pair in recorded_pairs(manifest, "dev")}
    assert {pair.kind for pair in found.values()} <= set(RECORDED_KINDS)
    assert found.keys() == {
        "spw/a>b/real, moved",
        "spw/b>a/real, moved",
        "walk/f1>f2/real, far moved",
        "walk/f2>f3/real, far moved",
        "road/new0>old/real, far moved",
        "road/new2>old/real, far moved",
        "road/new5>old/real, far moved",
        "vas/normal0>normal1/real, same",
        "vas/normal0>moved0/tamper, moved",
        "vas/normal0>wrapped/tamper, wrapped",
        "vas/normal0>blurred/tamper, defocused",
    }
    assert found["spw/a>b/real, moved"].truth.verdicts == (VerdictKind.MOVED,)
    assert VerdictKind.DIFFERENT_SCENE in found["walk/f1>f2/real, far moved"].truth.verdicts
    assert not list(recorded_pairs(manifest, "train"))


def test_the_banner_of_tampered_clips_is_painted_over_alike_on_both_pictures(tmp_path: Path) -> None:
    tampered = [pair for pair in recorded_pairs(recorded(tmp_path), "dev") if pair.camera == "vas"]
    assert len({id(pair.reference) for pair in tampered}) == 1
    for pair in tampered:
        for pixels in (pair.reference, pair.frame):
            assert (pixels[: int(120 * BANNER[1]), : int(200 * BANNER[0])] == 127).all()
            assert pixels[40:].std() > 10
