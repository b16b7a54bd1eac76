"""Looking for a picture's camera among all: places in the ranking, swapped cameras, and who is in the gallery."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from monitor.vision.bundle import load_bundle, shipped_bundle_path
from monitor.vision.encoder import ALIKE
from tests.train.benchmark.footage import record, two_cameras
from train.benchmark.descriptors import BASELINES, Descriptor, Vectors, bundle_descriptor
from train.benchmark.method import Pixels
from train.benchmark.retrieval import Arrangement, NothingToFind, arrange, look_up
from train.benchmark.retrieval_tables import as_markdown, lookup_rows, ranking, swapped
from train.data.manifest import Picture, read_manifest
from train.data.splits import Pool, split
from train.metrics.retrieval import retrieval_figures

DATA = Path(__file__).parents[4] / "shared" / "data"


def fixed(vectors: Sequence[Sequence[float]], alike_above: float | None = None) -> Descriptor:
    """Describes the gallery's pictures and then the queries by these rows, whatever they show."""
    left = [np.asarray(vector, np.float32) for vector in vectors]

    def describe(pictures: Sequence[Pixels]) -> Vectors:
        return np.stack([left.pop(0) for _ in pictures])

    return Descriptor("fixed", describe, alike_above)


@pytest.fixture(scope="module")
def pool(tmp_path_factory: pytest.TempPathFactory) -> Pool:
    directory = tmp_path_factory.mktemp("views")
    views = {
        name: record(directory, name, [scene] * 3, conditions=["day", "day", "night"])
        for name, scene in (("a", 100), ("b", 200), ("c", 300))
    }
    strangers = record(directory, "stranger", [400, 401])
    unrelated = replace(strangers[0], camera="photos", use="train scene")
    moved = replace(views["a"][0], use="camera-moved set")
    return Pool((*strangers, unrelated, moved), views)


@pytest.fixture(scope="module")
def arrangement(pool: Pool) -> Arrangement:
    return arrange(pool)


def cameras(pictures: Sequence[Picture]) -> list[str]:
    return [picture.camera for picture in pictures]


def test_the_gallery_has_each_camera_once_and_no_query_is_in_it(arrangement: Arrangement, pool: Pool) -> None:
    assert cameras(arrangement.gallery) == ["a", "b", "c", "stranger"]
    assert arrangement.gallery[3] == pool.scenes[0]
    assert cameras(arrangement.queries) == ["a", "a", "b", "b", "c", "c"]
    assert not set(arrangement.gallery) & set(arrangement.queries)
    assert arrangement.lights == ("day-day", "day-night") * 3
    assert cameras(arrange(pool, per_camera=2, strangers=False).gallery) == ["a", "a", "b", "b", "c", "c"]


def test_one_camera_alone_cannot_be_mistaken(pool: Pool) -> None:
    with pytest.raises(NothingToFind, match="two fixed cameras"):
        arrange(Pool((), {"a": pool.cameras["a"]}))


def test_ranks_are_those_of_the_metrics_and_ties_count_against(arrangement: Arrangement) -> None:
    rng = np.random.default_rng(3)
    rows = np.round(rng.normal(size=(10, 2)), 0)
    found = look_up(arrangement, [fixed(rows.tolist())])
    figures = retrieval_figures(
        rows[4:] @ rows[:4].T, cameras(arrangement.queries), cameras(arrangement.gallery), ranks=(1, 2, 3)
    )
    for k in (1, 2, 3):
        assert np.mean([one.rank <= k for one in found]) == pytest.approx(figures.rank[k])
    assert np.mean([one.average_precision for one in found]) == pytest.approx(figures.mean_average_precision)
    assert [one.beaten for one in found] == [one.rank > 1 for one in found]
    alike = look_up(arrangement, [fixed([[1.0]] * 10)])
    assert {one.rank for one in alike} == {4}


def test_a_swapped_camera_is_named_right_wrong_or_not_at_all(arrangement: Arrangement) -> None:
    gallery = [[1, 0, 0], [0, 1, 0], [0, 0, 1], [0.6, 0.8, 0]]
    sure, faint, other = [1, 0, 0], [0.5, 0, 0], [0, 0.6, 0.8]
    queries = [sure, faint, [0, 1, 0], other, [0, 0, 1], [0, 0, 1]]
    found = look_up(arrangement, [fixed([*gallery, *queries], alike_above=0.7)])
    named = [(one.camera, one.swap_right, one.swap_wrong) for one in found]
    assert named[:3] == [("a", 1.0, 0.0), ("a", 0.0, 0.0), ("b", 1.0, 0.0)]
    # In the place of a, b's second picture looks like c; in the place of c, like nobody: 0.6 is not enough.
    assert named[3] == ("b", 0.0, 0.5)
    assert found[3].other_camera == "c"
    silent = look_up(arrangement, [fixed([*gallery, *queries])])
    assert {(one.swap_right, one.swap_wrong) for one in silent} == {(None, None)}


def test_tables_tell_each_light_and_leave_doubtful_cameras_aside(arrangement: Arrangement) -> None:
    gallery = [[1, 0, 0], [0, 1, 0], [0, 0, 1], [0, 0, 0]]
    queries = [[1, 0, 0], [0, 1, 0], [0, 1, 0], [0, 1, 0], [0, 0, 1], [0, 0, 1]]
    found = look_up(arrangement, [fixed([*gallery, *queries], alike_above=0.7)])
    table = {str(row[1]): row for row in ranking(found, {"a": "wrong"}).rows}
    assert set(table) == {"all", "without the doubtful", "day-day", "day-night"}
    assert str(table["all"][4]).startswith("83.3 % [")
    assert table["all"][7] == "83.3 %"
    assert str(table["without the doubtful"][4]).startswith("100.0 % [")
    assert [row[2] for row in swapped(found, {}).rows] == ["1 of 6", "0 of 3", "1 of 3"]
    assert "in a gallery of 4 pictures of 4 cameras" in as_markdown(arrangement, found)
    assert len(lookup_rows(found).rows) == 6


@pytest.mark.parametrize("descriptor", BASELINES, ids=lambda one: one.name)
def test_baselines_are_of_unit_length_and_most_like_themselves(descriptor: Descriptor) -> None:
    rng = np.random.default_rng(0)
    pictures = [rng.integers(0, 256, (60, 80, 3), dtype=np.uint8) for _ in range(4)]
    rows = descriptor.describe(pictures)
    assert np.linalg.norm(rows, axis=1) == pytest.approx(np.ones(4), abs=1e-5)
    assert (rows @ rows.T).argmax(axis=1).tolist() == [0, 1, 2, 3]


def test_the_shipped_embedding_finds_drawn_cameras(tmp_path: Path) -> None:
    descriptor = bundle_descriptor(load_bundle(shipped_bundle_path()))
    assert descriptor.alike_above is not None
    assert descriptor.alike_above >= ALIKE
    found = look_up(arrange(two_cameras(tmp_path, frames=4)), [descriptor, *BASELINES])
    assert [one.rank for one in found if one.method == descriptor.name] == [1] * 6
    assert {one.method for one in found} == {descriptor.name, *(one.name for one in BASELINES)}


def test_real_cameras_are_found_by_day_and_by_night() -> None:
    if not (DATA / "manifest.csv").is_file():
        pytest.skip(f"needs recordings: no manifest.csv in {DATA}")
    dev = split(read_manifest(DATA), [], []).dev
    few = {name: dev.cameras[name][::9] for name in ("dnim_1280x700", "dnim_800x458", "sg_2702")}
    found = look_up(arrange(Pool(dev.scenes, few)), [bundle_descriptor(load_bundle(shipped_bundle_path()))])
    assert np.mean([one.rank == 1 for one in found]) >= 0.9
    assert "day-night" in {one.light for one in found}
