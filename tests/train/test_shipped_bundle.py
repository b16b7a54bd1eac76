"""The bundle that comes with the service is what its card says, and its signs are those of the contract."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest
import skimage.data

from monitor.domain.orientation import Orientation, turn
from monitor.vision.bundle import Bundle, load_bundle, shipped_bundle_path
from train.data.manifest import read_manifest, read_picture
from train.data.splits import split
from train.data.warp import Crop, Warp, cut
from train.inference import BundleRunner
from train.recipes.reading import read_recipe, recipe_from

ROOT = Path(__file__).parents[2]
DATA = ROOT.parent / "shared" / "data"
PHOTOS = ("coffee", "rocket", "astronaut")
"""Pictures that come within scikit-image; the network has never seen them."""


@pytest.fixture(scope="module")
def bundle() -> Bundle:
    return load_bundle(shipped_bundle_path())


@pytest.fixture(scope="module")
def runner(bundle: Bundle) -> BundleRunner:
    return BundleRunner(bundle)


def view(number: int, warp: Warp) -> np.ndarray:
    """The middle of a photo, as a camera displaced so sees it."""
    photo = getattr(skimage.data, PHOTOS[number])()
    height, width = photo.shape[:2]
    middle = Crop(width / 2, height / 2, 0.68 * width, 4 / 3)
    return cut(photo, middle, warp, (400, 300), cv2.INTER_LINEAR)


def test_the_card_tells_the_recipe_in_the_tree(bundle: Bundle) -> None:
    # Read as a recipe is: the card is older than some of the settings, whose defaults are what was done before them.
    assert recipe_from(bundle.card.training["recipe"]) == read_recipe(
        ROOT / "config" / "recipes" / "view.yaml"
    )


def test_outputs_have_the_sizes_on_the_card_and_unit_length(bundle: Bundle, runner: BundleRunner) -> None:
    encoded = runner.encode([view(1, Warp()), view(2, Warp())])
    assert encoded["embedding"].shape == (2, bundle.card.embedding_size)
    for grid in bundle.card.grids:
        assert encoded[grid.name].shape == (2, grid.channels, grid.rows, grid.columns)
        assert grid.rows * grid.stride == bundle.card.input.height
    for values in encoded.values():
        assert np.linalg.norm(values, axis=1) == pytest.approx(np.ones_like(values[:, 0]), abs=1e-3)


def say(runner: BundleRunner, reference: np.ndarray, frame: np.ndarray) -> tuple[str, np.ndarray]:
    said = runner.compare(runner.encode([reference, frame]), [0], [1])
    return runner.bundle.card.relations[int(said["relation"][0].argmax())], said["displacement"][0]


def test_an_unmoved_view_is_the_same(runner: BundleRunner) -> None:
    for seed in range(3):
        relation, displacement = say(runner, view(seed, Warp()), view(seed, Warp()))
        assert relation == "same"
        assert np.abs(displacement[:2]).max() < 0.01


@pytest.mark.parametrize(
    ("warp", "component"),
    [
        (Warp(dx=0.08), 0),
        (Warp(dx=-0.08), 0),
        (Warp(dy=0.08), 1),
        (Warp(dy=-0.08), 1),
        (Warp(roll_deg=6.0), 2),
        (Warp(roll_deg=-6.0), 2),
        (Warp(zoom=1.15), 3),
        (Warp(zoom=0.87), 3),
    ],
)
def test_a_moved_view_is_named_and_the_largest_part_has_the_right_sign(
    runner: BundleRunner, warp: Warp, component: int
) -> None:
    relation, displacement = say(runner, view(1, Warp()), view(1, warp))
    assert relation == "moved"
    assert 0.5 < displacement[component] / warp.target()[component] < 1.4


def test_photos_of_other_places_are_different(runner: BundleRunner) -> None:
    if not (DATA / "manifest.csv").is_file():
        pytest.skip(f"needs photos: no manifest.csv in {DATA}")
    splits = split(read_manifest(DATA), [], [])
    photos = [read_picture(picture.path) for picture in splits.validation.scenes[::9]]
    said = [say(runner, one, other)[0] for one, other in pairwise(photos)]
    assert said.count("different") >= 0.9 * len(said)


def test_the_bank_of_embeddings_finds_the_orientation(runner: BundleRunner) -> None:
    reference = view(1, Warp())
    bank = runner.encode([turn(reference, orientation) for orientation in Orientation])["embedding"]
    for index, orientation in enumerate(Orientation):
        frame = turn(view(1, Warp(dx=0.003)), orientation)
        assert int((bank @ runner.encode([frame])["embedding"][0]).argmax()) == index
