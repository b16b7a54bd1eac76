"""Groups: reproducible, with truths that hold and marks that stay on the sensor."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from monitor.vision.preprocess import InputSpec
from tests.train.drawn import draw_data, draw_scene, tiny_recipe
from train.data.groups import Groups
from train.data.loading import batches
from train.data.manifest import DataError, read_manifest
from train.data.marks import Sensor, Text, draw_sensor
from train.data.occluders import cover
from train.data.sampling import PairingRules, Sampler
from train.data.splits import split
from train.data.synthesis import DIFFERENT, PICTURES_IN_GROUP, make_group
from train.recipes.view import ViewRecipe


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return draw_data(tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="module")
def sampler(data: Path) -> Sampler:
    return Sampler(split(read_manifest(data), ["kept"], []).train, PairingRules(0.5))


def test_batch_n_is_the_same_whenever_it_is_drawn(sampler: Sampler) -> None:
    groups = Groups(sampler, 3, 1)
    one, other = groups.batch(4), next(batches(groups, 4))
    assert torch.equal(one.images, other.images)
    assert torch.equal(one.displacement, other.displacement)
    assert not torch.equal(one.images, groups.batch(5).images)


def test_a_group_holds_a_pair_of_every_kind_with_its_truth(sampler: Sampler) -> None:
    relations = set()
    for seed in range(30):
        rng = np.random.default_rng(seed)
        group = make_group(rng, sampler.draw(rng, 4), InputSpec())
        assert len(group.views) == PICTURES_IN_GROUP
        assert all(view.image.shape == (3, 192, 256) for view in group.views)
        for pair in group.pairs:
            relations.add(pair.relation)
            if pair.relation == DIFFERENT:
                assert not pair.measurable
                assert not pair.coarse_seen.any()
    assert relations >= {0, 1, 2, 3}


def test_pictures_of_validation_cameras_never_meet_training(data: Path) -> None:
    splits = split(read_manifest(data), ["kept"], [])
    assert set(splits.train.cameras) == {"steady"}
    assert set(splits.validation.cameras) == {"kept"}
    assert not set(splits.train.scenes) & set(splits.validation.scenes)


def test_another_view_may_come_from_the_same_collection_but_never_from_the_same_camera(
    sampler: Sampler,
) -> None:
    drawn = [sampler.draw(np.random.default_rng(seed), 4) for seed in range(200)]
    assert all(one.other.path != one.reference.path for one in drawn)
    assert not any(one.other.camera == one.reference.camera == "steady" for one in drawn)
    assert sum(one.other.use == one.reference.use == "train scene" for one in drawn) > 40


def test_unsteady_cameras_serve_as_scenes_only(data: Path) -> None:
    splits = split(read_manifest(data), ["kept"], ["steady"])
    assert not splits.train.cameras
    assert any(p.camera == "steady" for p in splits.train.scenes)


def test_an_unknown_camera_in_the_recipe_is_named(data: Path) -> None:
    with pytest.raises(DataError, match="nowhere"):
        split(read_manifest(data), ["nowhere"], [])


def test_a_directory_without_manifest_says_so(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"manifest\.csv"):
        ViewRecipe(tiny_recipe(1), tmp_path)


@pytest.mark.parametrize("share", [0.1, 0.3, 0.65, 0.9, 1.0])
def test_an_occluder_covers_the_share_it_should_and_nothing_else_changes(share: float) -> None:
    scene, other = draw_scene(1), draw_scene(2)
    for seed in range(8):
        covered, hidden = cover(np.random.default_rng(seed), scene, share, other)
        assert float(hidden.mean()) == pytest.approx(share, abs=0.08)
        untouched = hidden == 0
        assert np.array_equal(covered[untouched], scene[untouched])


def test_marks_sit_at_the_same_place_upright_whatever_the_scene_shows() -> None:
    sensor = Sensor((Text("CAM 7", 0.0, 0.0, 0.6, 255, True, False),))
    rng = np.random.default_rng(0)
    one, other = sensor.apply(rng, draw_scene(1)), sensor.apply(rng, draw_scene(2)[::-1].copy())
    assert np.array_equal(one[:8, :20], other[:8, :20])


def test_a_share_of_cameras_has_no_marks() -> None:
    scene = draw_scene(1)
    rng = np.random.default_rng(0)
    clean = sum(
        np.array_equal(draw_sensor(np.random.default_rng(n)).apply(rng, scene), scene) for n in range(100)
    )
    assert 20 < clean < 65
