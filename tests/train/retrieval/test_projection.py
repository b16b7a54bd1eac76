from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from tests.train.retrieval.planted import read_rgb, share_of_colour, write_colour
from train.retrieval.embed import NothingToEmbed
from train.retrieval.map_drawing import APART_PX, draw_map, label_colours, thumbnails_apart
from train.retrieval.projection import Method, project_embeddings, write_places


def clusters(count: int = 12) -> tuple[np.ndarray, list[str]]:
    """Unit vectors around two directions, in turn."""
    rng = np.random.default_rng(3)
    vectors = rng.normal(size=(count, 16)) * 0.1
    vectors[::2, 0] += 1
    vectors[1::2, 1] += 1
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors.astype(np.float32), ["even", "odd"] * (count // 2)


@pytest.mark.parametrize("method", list(Method))
def test_neighbours_stay_neighbours_on_the_map_and_the_map_is_the_same_again(method: Method) -> None:
    vectors, labels = clusters()
    places = project_embeddings(vectors, method)
    assert places.shape == (12, 2)
    away = np.linalg.norm(places[:, None] - places[None], axis=2)
    np.fill_diagonal(away, np.inf)
    assert [labels[i] for i in away.argmin(axis=1)] == labels
    np.testing.assert_array_equal(places, project_embeddings(vectors, method))


def test_pca_keeps_as_much_of_the_spread_as_the_singular_values_say() -> None:
    vectors, _ = clusters()
    centred = vectors.astype(np.float64) - vectors.mean(axis=0, dtype=np.float64)
    singular = np.linalg.svd(centred, compute_uv=False)
    places = project_embeddings(vectors, Method.PCA)
    np.testing.assert_allclose(np.linalg.norm(places, axis=0), singular[:2], rtol=1e-5)


@pytest.mark.parametrize("method", list(Method))
@pytest.mark.parametrize("size", [1, 16])
def test_three_pictures_are_enough(method: Method, size: int) -> None:
    vectors = np.random.default_rng(0).normal(size=(3, size)).astype(np.float32)
    places = project_embeddings(vectors, method)
    assert places.shape == (3, 2)
    assert np.isfinite(places).all()
    assert len(np.unique(places, axis=0)) == 3


@pytest.mark.parametrize("method", list(Method))
def test_too_few_pictures_and_pictures_all_alike_are_named(method: Method) -> None:
    with pytest.raises(NothingToEmbed, match="2 pictures"):
        project_embeddings(np.eye(2, dtype=np.float32), method)
    with pytest.raises(NothingToEmbed, match="same embedding"):
        project_embeddings(np.ones((4, 3), np.float32), method)


def test_thumbnails_never_overlap_and_labels_take_turns() -> None:
    middles = np.random.default_rng(1).uniform(0, 600, (200, 2))
    labels = ["many"] * 197 + ["few"] * 3
    kept = thumbnails_apart(middles, labels)
    away = np.abs(middles[kept][:, None] - middles[kept][None]).max(axis=2)
    np.fill_diagonal(away, np.inf)
    assert away.min() >= APART_PX
    assert len(kept) > 20
    assert [labels[i] for i in kept[:3]].count("few") >= 1
    for left_out in set(range(200)) - set(kept):
        assert np.abs(middles[kept] - middles[left_out]).max(axis=1).min() < APART_PX


def test_the_map_shows_thumbnails_in_frames_of_their_labels_colour_and_a_legend(tmp_path: Path) -> None:
    pictures = [write_colour(tmp_path / f"{i}.png", 0, 250, 60 * i) for i in range(4)]
    places = np.array([[0, 0], [0, 1], [1, 0], [1, 1.0]])
    out = tmp_path / "new" / "map.png"
    assert draw_map(places, pictures, ["a", "a", "b", "$b$"], "four", out) == 4
    for blue in range(4):
        assert share_of_colour(out, 0, 250, 60 * blue) > 0.00008
    for colour in label_colours(["a", "b", "$b$"]).values():
        assert share_of_colour(out, *bytes.fromhex(colour[1:])) > 0.0001, colour
    pictures[0].unlink()
    assert draw_map(places, pictures, ["a", "a", "b", "$b$"], "four", out) == 3


def test_more_labels_than_can_be_told_apart_are_grey_without_a_legend(tmp_path: Path) -> None:
    labels = [f"label{i}" for i in range(21)]
    assert label_colours(labels) == {}
    assert len(set(label_colours(labels[:20]).values())) == 20
    pictures = [write_colour(tmp_path / "one.png", 250, 250, 250)] * 21
    places = np.random.default_rng(0).normal(size=(21, 2))
    draw_map(places, pictures, labels, "many", tmp_path / "many.png")
    draw_map(places, pictures, labels[:20] + labels[:1], "few", tmp_path / "few.png")
    assert share_of_colour(tmp_path / "many.png", 0x7C, 0x7C, 0x7C) > 0.0005
    assert read_rgb(tmp_path / "many.png").shape[1] < read_rgb(tmp_path / "few.png").shape[1]


def test_the_table_of_places_can_be_read_back(tmp_path: Path) -> None:
    places = np.array([[0.5, -1.25], [3.0, 4.0]])
    write_places(tmp_path / "a" / "p.csv", [Path("x,y.jpg"), Path("ü.jpg")], ["a", "b"], places)
    with (tmp_path / "a" / "p.csv").open(newline="", encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    assert rows[0] == {"path": "x,y.jpg", "label": "a", "x": "0.5", "y": "-1.25"}
    assert rows[1]["path"] == "ü.jpg"
