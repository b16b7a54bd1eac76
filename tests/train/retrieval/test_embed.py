from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from monitor.vision.bundle import load_bundle, shipped_bundle_path
from monitor.vision.network import Network
from monitor.vision.preprocess import prepare
from tests.train.retrieval.planted import SIZE, read_rgb, write_colour, write_colour_bundle, write_photos
from train.data.manifest import DataError
from train.retrieval.embed import Embedder, NothingToEmbed, embed


def test_photos_get_the_embeddings_that_the_service_gives_them_in_the_order_asked_for(tmp_path: Path) -> None:
    paths = write_photos(tmp_path, "coffee", "astronaut", "rocket") * 4
    embedded = embed(shipped_bundle_path(), paths, threads=2)
    network = Network(load_bundle(shipped_bundle_path()))
    assert embedded.paths == tuple(paths)
    assert embedded.raw is None
    for path, vector in zip(paths, embedded.vectors, strict=True):
        alone = network.encode(prepare(np.ascontiguousarray(read_rgb(path)), network.bundle.card.input))
        np.testing.assert_allclose(vector, alone["embedding"], atol=1e-5)


def test_a_bundle_with_raw_features_gives_them_beside_the_normalised_ones(tmp_path: Path) -> None:
    paths = [write_colour(tmp_path / "a.png", 255, 0, 0), write_colour(tmp_path / "b.png", 0, 51, 51)]
    embedded = embed(write_colour_bundle(tmp_path / "b.bundle"), paths)
    assert embedded.raw is not None
    np.testing.assert_allclose(embedded.raw[1], [0] * 4 + [0.2] * 8, atol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(embedded.vectors, axis=1), 1, atol=1e-6)
    np.testing.assert_allclose(
        embedded.vectors, embedded.raw / np.linalg.norm(embedded.raw, axis=1, keepdims=True), atol=1e-6
    )


def test_an_unreadable_picture_is_left_out_and_named_and_every_picture_is_counted(tmp_path: Path) -> None:
    good, bad, gone = write_colour(tmp_path / "a.png", 9, 9, 9), tmp_path / "bad.png", tmp_path / "gone.png"
    bad.write_bytes(b"no picture")
    counted: list[int] = []
    embedder = Embedder(write_colour_bundle(tmp_path / "b.bundle", raw=False))
    embedded = embedder.embed([bad, good, gone], lambda: counted.append(1))
    assert embedded.paths == (good,)
    assert [skip.path for skip in embedded.skipped] == [bad, gone]
    assert str(bad) in embedded.skipped[0].reason
    assert len(counted) == 3


def test_no_pictures_are_no_rows(tmp_path: Path) -> None:
    embedded = embed(write_colour_bundle(tmp_path / "b.bundle"), [])
    assert embedded.vectors.shape == (0, SIZE)
    assert embedded.raw is not None
    assert embedded.raw.shape == (0, SIZE)


def test_the_one_picture_that_is_needed_must_be_readable(tmp_path: Path) -> None:
    with pytest.raises(NothingToEmbed, match=r"gone\.png"):
        Embedder(write_colour_bundle(tmp_path / "b.bundle")).embed_one(tmp_path / "gone.png")


def test_time_is_taken_of_pictures_that_are_there(tmp_path: Path) -> None:
    embedder = Embedder(write_colour_bundle(tmp_path / "b.bundle"))
    assert 0 < embedder.seconds_per_picture([write_colour(tmp_path / "a.png", 9, 9, 9)] * 3) < 1
    with pytest.raises(NothingToEmbed):
        embedder.seconds_per_picture([])
    with pytest.raises(DataError):
        embedder.seconds_per_picture([tmp_path / "gone.png"])
