"""The product as a method: names, verdicts and scores as the service would give them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import skimage.data
from scipy.special import softmax

from monitor.domain.orientation import Orientation, turn
from monitor.domain.thresholds import Thresholds
from monitor.domain.verdict import Verdict, VerdictKind
from monitor.vision.bundle import BundleError, load_bundle, shipped_bundle_path, write_bundle
from tests.vision import foreign
from train.benchmark.comparator import Comparator, NetworkOnly, change_of
from train.data.warp import Crop, Warp, cut
from train.inference import BundleRunner


@pytest.fixture(scope="module")
def comparator() -> Comparator:
    return Comparator()


@pytest.fixture(scope="module")
def network_only() -> NetworkOnly:
    return NetworkOnly()


def view(warp: Warp | None = None) -> np.ndarray:
    """The middle of a photo that comes within scikit-image, as a camera displaced so sees it."""
    photo = skimage.data.astronaut()
    height, width = photo.shape[:2]
    return cut(photo, Crop(width / 2, height / 2, 0.68 * width, 4 / 3), warp or Warp(), (400, 300), 1)


def test_methods_are_named_after_their_bundle(comparator: Comparator, network_only: NetworkOnly) -> None:
    bundle_id = load_bundle(shipped_bundle_path()).id
    assert bundle_id in comparator.name
    assert bundle_id in network_only.name
    assert comparator.name != network_only.name
    assert Comparator(label="strict").name.startswith("strict")


def test_the_same_view_is_ok_and_less_changed_than_a_moved_one(comparator: Comparator) -> None:
    enrolled = comparator.enroll(view())
    still = comparator.judge(enrolled, view())
    moved = comparator.judge(enrolled, view(Warp(dx=0.05)))
    assert still.verdict is VerdictKind.OK
    assert moved.verdict is VerdictKind.MOVED
    assert still.change < 0.5 < moved.change
    assert moved.displacement is not None
    assert moved.displacement.dx == pytest.approx(0.05, abs=0.003)
    assert moved.confidence is not None
    assert 0.5 < moved.confidence <= 1.0


def test_a_turned_view_is_named_and_fully_changed(comparator: Comparator) -> None:
    enrolled = comparator.enroll(view())
    for orientation in (Orientation.ROTATED_180, Orientation.ROTATED_90):
        answer = comparator.judge(enrolled, turn(view(), orientation))
        assert answer.verdict is orientation.verdict
        assert answer.change == 1.0


def test_an_unusable_frame_is_judged_without_an_error(
    comparator: Comparator, network_only: NetworkOnly
) -> None:
    dark = np.zeros((300, 400, 3), np.uint8)
    for method in (comparator, network_only):
        assert 0.0 <= method.judge(method.enroll(view()), dark).change <= 1.0
    assert comparator.judge(comparator.enroll(view()), dark).verdict is VerdictKind.DARK


def test_thresholds_are_those_that_were_given() -> None:
    patient = Comparator(thresholds=Thresholds(shift_tolerance=0.2), label="patient")
    answer = patient.judge(patient.enroll(view()), view(Warp(dx=0.05)))
    assert answer.verdict is VerdictKind.OK


def test_the_network_alone_says_what_its_head_says(network_only: NetworkOnly) -> None:
    named = (VerdictKind.OK, VerdictKind.MOVED, VerdictKind.DIFFERENT_SCENE, VerdictKind.OBSTRUCTED)
    runner = BundleRunner(load_bundle(shipped_bundle_path()))
    enrolled = network_only.enroll(view())
    frames = [view(), view(Warp(dx=0.08)), np.full((300, 400, 3), 90, np.uint8)]
    encoded = runner.encode([view(), *frames])
    said = softmax(runner.compare(encoded, [0, 0, 0], [1, 2, 3])["relation"].astype(np.float64), axis=1)
    for frame, probabilities in zip(frames, said, strict=True):
        answer = network_only.judge(enrolled, frame)
        assert answer.verdict is named[int(probabilities.argmax())]
        assert answer.change == pytest.approx(1 - probabilities[0], abs=1e-4)
        assert answer.confidence == pytest.approx(probabilities.max(), abs=1e-4)
    assert network_only.judge(enrolled, view()).displacement is not None


def test_the_network_alone_names_turns_by_its_bank() -> None:
    method = NetworkOnly()
    enrolled = method.enroll(view())
    answer = method.judge(enrolled, turn(view(), Orientation.ROTATED_180))
    assert answer.verdict is VerdictKind.FLIPPED_180
    assert answer.displacement is None
    assert method.judge(enrolled, view()).verdict is VerdictKind.OK


def test_a_bundle_with_neither_a_head_nor_a_limit_cannot_judge_by_itself(tmp_path: Path) -> None:
    shipped = load_bundle(shipped_bundle_path())
    path = tmp_path / "blind.bundle"
    write_bundle(path, shipped.card, {"encoder.onnx": shipped.encoder_onnx})
    with pytest.raises(BundleError, match="no relation head"):
        NetworkOnly(path)
    answer = Comparator(path).judge(Comparator(path).enroll(view()), view())
    assert answer.verdict is VerdictKind.OK


FLIPS, CHANGES = ("ok", "flipped_180"), ("ok", "different_scene")


@pytest.mark.parametrize(
    ("can_tell", "elsewhere"),
    [
        (FLIPS, VerdictKind.FLIPPED_180),
        (CHANGES, VerdictKind.DIFFERENT_SCENE),
        ((*FLIPS, "different_scene"), VerdictKind.DIFFERENT_SCENE),
    ],
)
def test_without_a_head_the_limit_alone_decides_and_what_changed_is_its_one_other_word(
    tmp_path: Path, can_tell: tuple[str, ...], elsewhere: VerdictKind
) -> None:
    bundle = foreign.headless(tmp_path / "a", *can_tell)
    likeness = bundle.card.likeness
    assert likeness is not None
    method = NetworkOnly(tmp_path / "a")
    enrolled = method.enroll(foreign.picture("coffee"))
    encode = BundleRunner(bundle).encode
    for name, verdict in (("coffee", VerdictKind.OK), ("astronaut", elsewhere)):
        one, other = encode([foreign.picture("coffee"), foreign.picture(name)])["embedding"]
        same = likeness.same(float(one @ other))
        answer = method.judge(enrolled, foreign.picture(name))
        assert answer.verdict is verdict
        assert answer.change == pytest.approx(1 - same, abs=1e-5)
        assert answer.confidence == pytest.approx(max(same, 1 - same), abs=1e-5)
        assert answer.displacement is None


def test_a_head_that_measures_nothing_is_taken_at_its_likeliest_word(tmp_path: Path) -> None:
    foreign.with_head(tmp_path / "a", *FLIPS, "different_scene", relations=("same", "rotated", "unrelated"))
    method = NetworkOnly(tmp_path / "a")
    enrolled = method.enroll(foreign.picture("coffee"))
    for pixels, verdict in (
        (foreign.picture("coffee"), VerdictKind.OK),
        (turn(foreign.picture("coffee"), Orientation.ROTATED_180), VerdictKind.FLIPPED_180),
        (foreign.picture("rocket"), VerdictKind.DIFFERENT_SCENE),
    ):
        answer = method.judge(enrolled, pixels)
        assert answer.verdict is verdict
        assert (answer.change < 0.5) is (verdict is VerdictKind.OK)


def test_the_outputs_of_any_bundle_can_be_looked_at(tmp_path: Path) -> None:
    judging = BundleRunner(foreign.with_head(tmp_path / "b", *CHANGES, relations=("same", "changed")))
    encoded = judging.encode([foreign.picture("coffee"), foreign.picture("rocket")])
    assert encoded["features"].shape == (2, foreign.SIZE, 1, 1)
    relation = judging.compare(encoded, [0, 0], [0, 1])["relation"]
    assert relation[0, 0] > relation[0, 1]
    assert relation[1, 0] < relation[1, 1]
    silent = BundleRunner(foreign.headless(tmp_path / "c", *CHANGES))
    with pytest.raises(BundleError, match="no head"):
        silent.compare(silent.encode([foreign.picture("coffee")]), [0], [0])


@pytest.mark.parametrize(
    ("kind", "belief", "orientation", "change"),
    [
        (VerdictKind.OK, 0.9, "upright", 0.1),
        (VerdictKind.MOVED, 0.2, "upright", 0.8),
        (VerdictKind.FLIPPED_180, 0.9, "rotated_180", 1.0),
        (VerdictKind.BLURRED, 0.9, "upright", 0.7),
        (VerdictKind.DARK, 0.6, "upright", 0.4),
    ],
)
def test_change_is_what_speaks_against_the_same_view(
    kind: VerdictKind, belief: float, orientation: str, change: float
) -> None:
    verdict = Verdict(kind, 0.7, evidence={"belief_same": belief, "orientation": orientation})
    assert change_of(verdict) == pytest.approx(change)


def test_change_is_even_where_nothing_could_be_measured() -> None:
    assert change_of(Verdict(VerdictKind.UNSURE, 1.0)) == 0.5
