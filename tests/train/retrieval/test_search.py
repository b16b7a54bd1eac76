from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from monitor.vision.bundle import shipped_bundle_path
from tests.train.retrieval.planted import (
    read_rgb,
    share_of_colour,
    write_colour,
    write_colour_bundle,
    write_photos,
)
from train.retrieval.embed import Embedder, NothingToEmbed
from train.retrieval.figures import DrawingError, check_drawing_path
from train.retrieval.gallery import open_gallery
from train.retrieval.search import Distance, distances, search
from train.retrieval.sheet import draw_sheet

# By angle the nearest to bright red is dark red, by way the bright orange.
DARK_RED, BRIGHT_ORANGE, BLUE = (40, 0, 0), (250, 90, 0), (0, 0, 250)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    directory = tmp_path / "pictures"
    write_colour(directory / "dark.png", *DARK_RED)
    write_colour(directory / "orange.png", *BRIGHT_ORANGE)
    write_colour(directory / "blue.png", *BLUE)
    return directory


def order(folder: Path, embedder: Embedder, distance: Distance) -> list[str]:
    query = write_colour(folder.parent / "query.png", 250, 0, 0)
    hits = search(query, open_gallery(folder, embedder), embedder, 3, distance)
    assert [hit.rank for hit in hits] == [1, 2, 3]
    return [hit.entry.title for hit in hits]


def test_the_two_distances_differ_where_the_bundle_gives_features_before_normalisation(
    folder: Path, tmp_path: Path
) -> None:
    embedder = Embedder(write_colour_bundle(tmp_path / "raw.bundle"))
    assert order(folder, embedder, Distance.COSINE) == ["dark", "orange", "blue"]
    assert order(folder, embedder, Distance.EUCLIDEAN) == ["orange", "dark", "blue"]


def test_the_two_distances_give_one_order_between_normalised_embeddings(folder: Path, tmp_path: Path) -> None:
    embedder = Embedder(write_colour_bundle(tmp_path / "unit.bundle", raw=False))
    for distance in Distance:
        assert order(folder, embedder, distance) == ["dark", "orange", "blue"]


def test_distances_equal_a_naive_loop() -> None:
    rng = np.random.default_rng(0)
    raw = rng.normal(size=(7, 5)).astype(np.float32)
    unit = raw / np.linalg.norm(raw, axis=1, keepdims=True)
    queries, known = (unit[:3], raw[:3]), (unit[3:], raw[3:])
    euclidean = [[np.sqrt(((a - b) ** 2).sum()) for b in raw[3:]] for a in raw[:3]]
    cosine = [[1 - (a * b).sum() for b in unit[3:]] for a in unit[:3]]
    np.testing.assert_allclose(distances(queries, known, Distance.EUCLIDEAN), euclidean, rtol=1e-5)
    np.testing.assert_allclose(distances(queries, known, Distance.COSINE), cosine, rtol=1e-4)
    plain = distances((unit[:3], None), (unit[3:], None), Distance.EUCLIDEAN)
    np.testing.assert_allclose(plain, np.sqrt(2 * np.array(cosine)), rtol=1e-4)


def test_a_picture_of_the_gallery_does_not_find_itself_whatever_its_name(
    folder: Path, tmp_path: Path
) -> None:
    embedder = Embedder(write_colour_bundle(tmp_path / "b.bundle"))
    gallery = open_gallery(folder, embedder)
    copy = tmp_path / "copy.png"
    copy.write_bytes((folder / "blue.png").read_bytes())
    for image in (folder / "blue.png", copy):
        found = [hit.entry.title for hit in search(image, gallery, embedder, 9, Distance.COSINE)]
        assert sorted(found) == ["dark", "orange"]


def test_a_gallery_of_nothing_but_the_picture_is_named(tmp_path: Path) -> None:
    embedder = Embedder(write_colour_bundle(tmp_path / "b.bundle"))
    image = write_colour(tmp_path / "one" / "blue.png", *BLUE)
    with pytest.raises(NothingToEmbed, match="nothing but"):
        search(image, open_gallery(image.parent, embedder), embedder, 1, Distance.COSINE)


def test_the_shipped_bundle_finds_a_photo_in_other_light_and_a_little_cropped(tmp_path: Path) -> None:
    names = ("coffee", "astronaut", "rocket", "chelsea", "retina", "hubble_deep_field")
    photos = write_photos(tmp_path / "photos", *names)
    embedder = Embedder(shipped_bundle_path())
    gallery = open_gallery(tmp_path / "photos", embedder)
    for photo in photos:
        pixels = read_rgb(photo)
        height, width = pixels.shape[:2]
        cropped = pixels[height // 20 : -height // 20, width // 20 : -width // 20, ::-1]
        query = tmp_path / "query.jpg"
        cv2.imwrite(str(query), np.clip(cropped * 0.7 + 15, 0, 255).astype(np.uint8))
        assert search(query, gallery, embedder, 1, Distance.COSINE)[0].entry.title == photo.stem


def test_the_sheet_shows_the_query_and_every_picture_that_was_found(folder: Path, tmp_path: Path) -> None:
    write_colour(folder / "money $1 and $2.png", 0, 250, 0)
    embedder = Embedder(write_colour_bundle(tmp_path / "b.bundle"))
    query = write_colour(tmp_path / "query.png", 250, 0, 250)
    gallery = open_gallery(folder, embedder)
    hits = search(query, gallery, embedder, 9, Distance.EUCLIDEAN)
    sheet = tmp_path / "new" / "found.png"
    draw_sheet(query, hits, Distance.EUCLIDEAN, sheet)
    for colour in ((250, 0, 250), DARK_RED, BRIGHT_ORANGE, BLUE, (0, 250, 0)):
        assert share_of_colour(sheet, *colour) > 0.05, colour
    draw_sheet(query, hits[:1], Distance.EUCLIDEAN, tmp_path / "one.png")
    shown = [
        c
        for c in (DARK_RED, BRIGHT_ORANGE, BLUE, (0, 250, 0))
        if share_of_colour(tmp_path / "one.png", *c) > 0.05
    ]
    assert len(shown) == 1


def test_more_than_five_hits_take_a_further_row_and_one_that_went_away_leaves_its_field(
    folder: Path, tmp_path: Path
) -> None:
    for number in range(5):
        write_colour(folder / f"more{number}.png", 10 * number, 200, 100)
    embedder = Embedder(write_colour_bundle(tmp_path / "b.bundle"))
    query = write_colour(tmp_path / "query.png", 250, 0, 250)
    hits = search(query, open_gallery(folder, embedder), embedder, 8, Distance.COSINE)
    (folder / "blue.png").unlink()
    draw_sheet(query, hits[:5], Distance.COSINE, tmp_path / "five.png")
    draw_sheet(query, hits, Distance.COSINE, tmp_path / "eight.png")
    assert read_rgb(tmp_path / "eight.png").shape[0] > 1.6 * read_rgb(tmp_path / "five.png").shape[0]
    assert share_of_colour(tmp_path / "eight.png", *BLUE) < 0.01
    assert share_of_colour(tmp_path / "eight.png", 235, 235, 235) > 0.03


def test_a_name_that_no_picture_can_have_is_refused() -> None:
    with pytest.raises(DrawingError, match=r"End it in one of \.png"):
        check_drawing_path(Path("found.txt"))
