"""Batches of the designs: repeatable by number, true to their labels, and clear about pictures they cannot use."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from monitor.vision.preprocess import InputSpec
from tests.train.data.folders import SMALL, draw_classes, draw_picture, plain
from train.data.design_batches import (
    CHANGED,
    ROTATED,
    SAME,
    UNRELATED,
    ClassBatches,
    LabelBatch,
    PairBatch,
    PlaceBatches,
    PlacePairs,
    TurnedPairs,
)
from train.data.listing import read_data
from train.data.loading import Numbered, batches
from train.data.manifest import DataError, Picture
from train.data.places import Place, Places, places_of
from train.data.splits import split

WIDE = InputSpec(64, 48, 0.0, 255.0)
Drawn = PairBatch | LabelBatch


def scenes(directory: Path, count: int = 6) -> Places:
    """Places with a scene of their own, three pictures each, and two single photos."""
    return places_of(
        split(read_data(draw_classes(directory, dict.fromkeys("abcdefgh"[:count], 3), 2)), (), ()).train
    )


def sources(places: Places) -> list[Numbered[Drawn]]:
    """One of each kind."""
    return [
        TurnedPairs(places, SMALL, 5, 4, 0.5, unrelated_share=0.3),
        PlacePairs(places, SMALL, 5, 4, 0.5),
        PlaceBatches(places, SMALL, 5, 3, 2, 0.5),
        ClassBatches(places.often, SMALL, 5, 4, 0.5),
    ]


def tensors(batch: Drawn) -> list[Tensor]:
    return [getattr(batch, name) for name in batch.__dataclass_fields__]


def likeness(one: Tensor, other: Tensor) -> float:
    """Correlation of two pictures."""
    return float(np.corrcoef(one.flatten().numpy(), other.flatten().numpy())[0, 1])


def grey(image: Tensor) -> int:
    """Which of the places of `plain` a picture (3, h, w) is of."""
    assert float(image.std()) < 1e-6
    return round(float(image.mean()) * 255 / 20) - 1


@pytest.mark.parametrize("kind", range(4), ids=["TurnedPairs", "PlacePairs", "PlaceBatches", "ClassBatches"])
def test_a_batch_is_the_same_whenever_and_by_whomever_it_is_drawn(tmp_path: Path, kind: int) -> None:
    source, again = sources(scenes(tmp_path))[kind], sources(scenes(tmp_path))[kind]
    one, two, three = batches(source, 0, 3)
    for batch, number in ((one, 0), (two, 1), (three, 2)):
        assert all(map(torch.equal, tensors(batch), tensors(again.batch(number))))
    (later,) = batches(source, 2, 1)
    assert all(map(torch.equal, tensors(three), tensors(later)))
    assert not torch.equal(tensors(one)[0], tensors(two)[0])


def test_worker_processes_and_strides_draw_the_same_batches_in_order(tmp_path: Path) -> None:
    source = PlaceBatches(scenes(tmp_path), SMALL, 5, 3, 2, 0.5)
    alone = [source.batch(number) for number in range(4)]
    shared = list(batches(source, 0, 4, workers=2))
    second = list(batches(source, 1, 2, stride=2))
    assert all(torch.equal(a.images, b.images) for a, b in zip(alone, shared, strict=True))
    assert all(torch.equal(a.images, b.images) for a, b in zip(alone[1::2], second, strict=True))


def test_another_seed_draws_others(tmp_path: Path) -> None:
    places = scenes(tmp_path)
    one, other = (PlacePairs(places, SMALL, seed, 4, 0.5).batch(0) for seed in (1, 2))
    assert not torch.equal(one.reference, other.reference)


@pytest.mark.parametrize("spec", [SMALL, WIDE, InputSpec(48, 64, 0.0, 255.0)], ids=["square", "wide", "tall"])
def test_rotated_frames_are_upside_down_and_same_ones_hardly_turned(tmp_path: Path, spec: InputSpec) -> None:
    source = TurnedPairs(scenes(tmp_path), spec, 7, 40, 0.0)
    batch = source.batch(0)
    assert batch.reference.shape == batch.frame.shape == (40, 3, spec.height, spec.width)
    assert set(batch.relation.tolist()) == {SAME, ROTATED}
    for reference, frame, relation in zip(batch.reference, batch.frame, batch.relation.tolist(), strict=True):
        upright, turned = likeness(reference, frame), likeness(reference, frame.flip(1, 2))
        true, false = (turned, upright) if relation == ROTATED else (upright, turned)
        assert true > 0.97
        assert true > false + 0.1


def test_the_asked_for_angle_is_the_one_drawn(tmp_path: Path) -> None:
    spec = InputSpec(128, 128, 0.0, 255.0)
    draw_picture(tmp_path / "a/0.png", 3, 128, 128)
    picture = Picture(tmp_path / "a/0.png", "", "", "", "", "train")
    places = Places((), (Place("a", (picture,)),))
    batch = TurnedPairs(places, spec, 1, 12, 0.0, same_deg=0.0, rotated_deg=90.0).batch(0)
    assert set(batch.relation.tolist()) == {SAME, ROTATED}
    # Corners of a turned square are inside it again, but for where the crop is not square; the middle always is.
    middle = slice(48, 80)
    for reference, frame, relation in zip(batch.reference, batch.frame, batch.relation.tolist(), strict=True):
        if relation == SAME:
            assert likeness(reference, frame) > 0.95
        else:
            assert likeness(reference[:, middle, middle], frame[:, middle, middle]) < 0.9


def test_same_and_rotated_and_unrelated_pairs_are_as_frequent_as_asked_for(tmp_path: Path) -> None:
    places = plain(tmp_path, {"a": 2, "b": 2, "c": 2}, once=2)
    asked = TurnedPairs(places, SMALL, 3, 300, 0.0, unrelated_share=0.4)
    found = Counter(asked.batch(0).relation.tolist())
    assert found[UNRELATED] == pytest.approx(120, abs=30)
    assert found[SAME] == pytest.approx(90, abs=30)
    assert found[ROTATED] == pytest.approx(90, abs=30)


def test_pairs_of_one_place_and_of_two_are_half_and_half_and_what_they_say(tmp_path: Path) -> None:
    places = plain(tmp_path, {"a": 3, "b": 3, "c": 3}, once=3)
    batch = PlacePairs(places, SMALL, 3, 300, 0.0, real_share=0.8).batch(0)
    changed = batch.relation == CHANGED
    assert int(changed.sum()) == pytest.approx(150, abs=35)
    first, second = [grey(i) for i in batch.reference], [grey(i) for i in batch.frame]
    for one, other, differs in zip(first, second, changed.tolist(), strict=True):
        assert (one != other) == differs
    # The first three places are those seen often.
    assert sum(place < 3 for place in first) == pytest.approx(240, abs=30)


def test_same_pairs_show_two_pictures_of_their_place(tmp_path: Path) -> None:
    places = scenes(tmp_path, 1)
    often = Places(places.often, places.once[:1])
    batch = PlacePairs(often, SMALL, 3, 30, 0.0, real_share=1.0).batch(0)
    brighter = [
        abs(float(f.mean() - r.mean()))
        for r, f, relation in zip(batch.reference, batch.frame, batch.relation.tolist(), strict=True)
        if relation == SAME
    ]
    # Pictures of a class differ by 3 grey levels a step: none is shown beside itself.
    assert min(brighter) > 1.5 / 255


def test_unrelated_frames_are_of_other_places(tmp_path: Path) -> None:
    places = plain(tmp_path, {"a": 2, "b": 2}, once=1)
    batch = TurnedPairs(places, SMALL, 3, 100, 0.0, unrelated_share=0.5).batch(0)
    for reference, frame, relation in zip(batch.reference, batch.frame, batch.relation.tolist(), strict=True):
        assert (grey(reference) == grey(frame)) == (relation != UNRELATED)


def test_every_picture_is_a_reference_once_in_an_epoch(tmp_path: Path) -> None:
    places = plain(tmp_path, {"a": 3, "b": 1}, once=2)
    source = TurnedPairs(places, SMALL, 3, 3, 0.0)
    shown = Counter(grey(image) for number in range(2) for image in source.batch(number).reference)
    assert shown == {0: 3, 1: 1, 2: 1, 3: 1}


def test_pictures_with_one_label_are_of_one_place_and_others_of_others(tmp_path: Path) -> None:
    places = plain(tmp_path, {"a": 3, "b": 3, "c": 3}, once=6)
    for number in range(5):
        batch = PlaceBatches(places, SMALL, 3, 5, 4, 0.0, real_share=0.4).batch(number)
        shown = [grey(image) for image in batch.images]
        of_label = {
            label: {g for g, own in zip(shown, batch.label.tolist(), strict=True) if own == label}
            for label in range(5)
        }
        assert all(len(greys) == 1 for greys in of_label.values())
        assert len(set().union(*of_label.values())) == 5
        assert Counter(batch.label.tolist()) == dict.fromkeys(range(5), 4)
        assert sum(min(greys) < 3 for greys in of_label.values()) == 2


def test_a_batch_has_no_more_places_than_there_are(tmp_path: Path) -> None:
    batch = PlaceBatches(plain(tmp_path, {"a": 2, "b": 2}), SMALL, 3, 8, 3, 0.0).batch(0)
    assert batch.label.tolist() == [0, 0, 0, 1, 1, 1]


@pytest.mark.parametrize("count", [4, 7, 20])
def test_an_epoch_of_a_classifier_shows_each_picture_once_in_an_order_of_its_own(
    tmp_path: Path, count: int
) -> None:
    places = plain(tmp_path, {"a": 5, "b": 6})
    source = ClassBatches(places.often, SMALL, 3, count, 0.0)
    drawn = [source.batch(number) for number in range(22 // count + 2)]
    labels = [label for batch in drawn for label in batch.label.tolist()]
    shown = [grey(image) for batch in drawn for image in batch.images]
    assert labels == shown
    assert Counter(labels[:11]) == Counter(labels[11:22]) == {0: 5, 1: 6}
    assert labels[:11] != labels[11:22]


def test_without_light_a_classifier_sees_pictures_whole(tmp_path: Path) -> None:
    path = draw_picture(tmp_path / "a.png", 4, 32, 32)
    place = Place("a", (Picture(path, "a", "", "", "", "train"),))
    (shown,) = ClassBatches([place], SMALL, 3, 1, 0.0).batch(0).images
    pixels = cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB)
    assert torch.allclose(shown, torch.from_numpy(pixels).permute(2, 0, 1) / 255)


def test_light_changes_pictures_and_keeps_them_within_their_range(tmp_path: Path) -> None:
    places = scenes(tmp_path)
    dark, lit = (ClassBatches(places.often, SMALL, 3, 12, light).batch(0).images for light in (0.0, 1.0))
    assert not torch.allclose(dark.mean(dim=(1, 2, 3)), lit.mean(dim=(1, 2, 3)), atol=0.02)
    assert 0 <= float(lit.min()) <= float(lit.max()) <= 1


def write(path: Path, pixels: NDArray[np.uint8]) -> None:
    assert cv2.imwrite(str(path), pixels)


@pytest.mark.parametrize("kind", range(4), ids=["TurnedPairs", "PlacePairs", "PlaceBatches", "ClassBatches"])
@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda p: p.write_bytes(b"not a picture"), r"Cannot read .*\.png.*Replace or remove"),
        (lambda p: p.unlink(), r"Cannot read .*\.png"),
        (lambda p: write(p, np.zeros((7, 90, 3), np.uint8)), r"only 90x7 pixels.*At least 8"),
    ],
    ids=["unreadable", "gone", "tiny"],
)
def test_a_picture_that_cannot_be_used_is_named_with_what_to_do(
    tmp_path: Path, kind: int, spoil: Callable[[Path], object], says: str
) -> None:
    places = scenes(tmp_path)
    for path in tmp_path.rglob("*.png"):
        spoil(path)
    source = sources(places)[kind]
    with pytest.raises(DataError, match=says):
        next(batches(source, 0, 1))


def test_the_error_of_a_worker_process_arrives_with_its_remedy(tmp_path: Path) -> None:
    places = scenes(tmp_path)
    for path in tmp_path.rglob("*.png"):
        path.write_bytes(b"not a picture")
    with pytest.raises(DataError) as caught:
        next(batches(PlacePairs(places, SMALL, 5, 4, 0.5), 0, 1, workers=1))
    assert "Replace" in (caught.value.remedy or "")


@pytest.mark.parametrize(
    "sizes",
    [[(96, 72), (31, 200), (500, 40), (8, 8)], [(64, 64)] * 4, [(8, 8)] * 4],
    ids=["mixed", "one size", "the smallest"],
)
def test_pictures_of_any_and_of_one_size_make_batches(tmp_path: Path, sizes: list[tuple[int, int]]) -> None:
    for folder in "ab":
        for number, (width, height) in enumerate(sizes):
            draw_picture(tmp_path / folder / f"{number}.png", ord(folder), width, height)
    places = places_of(split(read_data(tmp_path), (), ()).train)
    for source in sources(places):
        for number in range(4):
            images = tensors(source.batch(number))[0]
            assert images.shape[1:] == (3, 32, 32)
            assert bool(torch.isfinite(images).all())
            assert float(images.std()) > 0


def test_grey_pictures_and_ones_with_transparency_are_read_as_colours(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    chance = np.random.default_rng(0)
    write(tmp_path / "a/grey.png", chance.integers(0, 256, (40, 40), np.uint8))
    write(tmp_path / "a/clear.png", chance.integers(0, 256, (40, 40, 4), np.uint8))
    places = places_of(split(read_data(tmp_path), (), ()).train)
    assert PlaceBatches(places, SMALL, 5, 1, 2, 0.5).batch(0).images.shape == (2, 3, 32, 32)
