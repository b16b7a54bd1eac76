"""Which places are learned from and which are kept back to choose by: never both, and not by accident."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from train.data.manifest import DataError, Manifest, Picture
from train.data.places import Places, hold_out, last_of_each, places_of
from train.data.splits import split


def manifest(cameras: Mapping[str, int], scenes: int = 0, part: str = "train") -> Manifest:
    """Cameras with so many pictures, and scenes; no picture is ever read."""
    taken = [
        Picture(Path(f"/data/{camera}/{n}.png"), camera, f"{n:03d}", "", "same-view", part)
        for camera, count in cameras.items()
        for n in range(count)
    ]
    alone = [Picture(Path(f"/data/scene{n}.png"), "", "", "", "train scene", part) for n in range(scenes)]
    return Manifest((*taken, *alone), "drawn")


def held(given: Manifest, validation: tuple[str, ...] = (), share: float = 0.2) -> tuple[Places, Places]:
    return hold_out(split(given, validation, ()), share)


def labels(places: Places) -> set[str]:
    return {place.label for place in places.all}


def pictures(places: Places) -> set[Path]:
    return {picture.path for place in places.all for picture in place.pictures}


def many(count: int) -> dict[str, int]:
    return {f"camera{n}": 3 for n in range(count)}


def test_named_cameras_are_held_out_and_no_others() -> None:
    learned, kept = held(manifest(many(6), scenes=40), ("camera1", "camera4"))
    assert {place.label for place in kept.often} == {"camera1", "camera4"}
    assert not labels(learned) & labels(kept)
    assert learned.pictures + kept.pictures == 6 * 3 + 40


def test_without_names_about_that_share_of_the_cameras_is_held_out_whole() -> None:
    learned, kept = held(manifest(many(200), scenes=200), share=0.25)
    assert 35 <= len(kept.often) <= 65
    assert 0 < len(kept.once) < 60
    assert not labels(learned) & labels(kept)
    assert all(len(place.pictures) == 3 for place in (*learned.often, *kept.often))


@pytest.mark.parametrize("count", [20, 50])
def test_adding_a_camera_moves_no_other(count: int) -> None:
    before = labels(held(manifest(many(count)))[1])
    after = labels(held(manifest(many(count + 1)))[1])
    assert after - {f"camera{count}"} == before


@pytest.mark.parametrize("count", range(4, 12))
@pytest.mark.parametrize("share", [0.01, 0.2, 0.99])
def test_of_few_cameras_two_are_held_out_and_at_least_as_many_learned(count: int, share: float) -> None:
    learned, kept = held(manifest(many(count)), share=share)
    assert 2 <= len(kept.often) <= len(learned.often)


@pytest.mark.parametrize("share", [0.01, 0.2, 0.99])
def test_of_two_or_three_classes_the_last_pictures_of_each_are_held_out(share: float) -> None:
    learned, kept = held(manifest({"cats": 10, "dogs": 2}), share=share)
    assert labels(learned) == labels(kept) == {"cats", "dogs"}
    assert not pictures(learned) & pictures(kept)
    assert all(place.pictures for place in (*learned.all, *kept.all))
    newest = max(place.pictures[-1].timestamp for place in learned.all)
    assert all(place.pictures[0].timestamp > "000" for place in kept.often)
    assert newest < max(place.pictures[0].timestamp for place in kept.often)


def test_an_anchor_and_negatives_give_two_places_to_choose_by() -> None:
    learned, kept = held(manifest({"anchor": 10}, scenes=4))
    assert [len(place.pictures) for place in (*learned.often, *kept.often)] == [8, 2]
    assert len(learned.once) >= 1
    assert len(kept.once) >= 1
    assert not pictures(learned) & pictures(kept)


def test_single_photos_are_held_out_by_name_wherever_the_data_lies() -> None:
    def moved(given: Manifest) -> Manifest:
        there = [
            Picture(Path("/elsewhere") / p.path.name, "", "", "", p.use, p.split) for p in given.pictures
        ]
        return Manifest(tuple(there), "drawn")

    # Too few for the split to hold out one by itself.
    few = manifest({}, scenes=12)
    here, there = held(few)[1], held(moved(few))[1]
    assert len(here.all) >= 2
    assert {p.name for p in pictures(here)} == {p.name for p in pictures(there)}


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (manifest({"cats": 10}), r"one class only.*folders of their own"),
        (manifest({}, scenes=1), r"one class only"),
        (manifest({}), r"no pictures to learn from"),
        (manifest(many(4), part="dev"), r"no pictures to learn from.*not dev"),
        (manifest({"anchor": 4}, scenes=1), r"1 place would be left to choose by.*Add places"),
        (manifest({}, scenes=2), r"1 place would be left"),
    ],
)
def test_data_in_which_nothing_can_be_told_apart_is_refused(given: Manifest, says: str) -> None:
    with pytest.raises(DataError, match=says):
        held(given)


def test_a_single_validation_camera_without_a_scene_is_refused_before_the_training() -> None:
    with pytest.raises(DataError, match=r"1 place would be left to choose by.*name other validation cameras"):
        held(manifest(many(3)), ("camera0",))


def test_a_classifier_is_tested_on_the_last_pictures_of_every_class() -> None:
    classes = places_of(split(manifest({"cats": 10, "dogs": 5, "birds": 2}), (), ()).train).often
    learned, tested = last_of_each(classes, 0.2)
    assert (
        [place.label for place in learned] == [place.label for place in tested] == ["birds", "cats", "dogs"]
    )
    assert [len(place.pictures) for place in learned] == [1, 8, 4]
    assert [[p.timestamp for p in place.pictures] for place in tested] == [["001"], ["008", "009"], ["004"]]


def test_a_classifier_of_one_class_is_refused() -> None:
    classes = places_of(split(manifest({"cats": 10}, scenes=30), (), ()).train).often
    with pytest.raises(DataError, match=r"two classes .* there are 1.*one folder"):
        last_of_each(classes, 0.2)
