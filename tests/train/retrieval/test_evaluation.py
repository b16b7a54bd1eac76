from __future__ import annotations

from pathlib import Path

import pytest

from tests.train.retrieval.planted import write_colour, write_colour_bundle
from train.metrics.errors import FigureError
from train.preparation.problems import PreparationError
from train.retrieval.embed import Embedder, NothingToEmbed
from train.retrieval.evaluation import evaluate_folders
from train.retrieval.search import Distance


@pytest.fixture
def embedder(tmp_path: Path) -> Embedder:
    return Embedder(write_colour_bundle(tmp_path / "colours.bundle"))


def test_queries_are_ranked_by_label_and_the_distance_matters(tmp_path: Path, embedder: Embedder) -> None:
    write_colour(tmp_path / "query" / "1_1.png", 250, 0, 0)
    write_colour(tmp_path / "query" / "2_1.png", 0, 0, 250)
    write_colour(tmp_path / "gallery" / "1_2.png", 40, 0, 0)
    write_colour(tmp_path / "gallery" / "2_2.png", 0, 0, 240)
    write_colour(tmp_path / "gallery" / "3_1.png", 250, 90, 0)
    by_cosine = evaluate_folders(tmp_path / "query", tmp_path / "gallery", embedder)
    assert by_cosine.figures.rank == {1: 1.0, 5: 1.0, 10: 1.0, 20: 1.0}
    assert by_cosine.figures.mean_average_precision == 1
    assert (by_cosine.figures.queries, by_cosine.gallery_pictures, by_cosine.labels) == (2, 3, 3)
    assert 0 < by_cosine.seconds_per_picture < 1
    # By way, the orange of another label is nearer to the red than the dark red.
    by_way = evaluate_folders(tmp_path / "query", tmp_path / "gallery", embedder, Distance.EUCLIDEAN)
    assert by_way.figures.rank[1] == 0.5
    assert by_way.figures.mean_average_precision == 0.75


def test_no_picture_finds_its_own_file_so_that_one_folder_may_be_both(
    tmp_path: Path, embedder: Embedder
) -> None:
    write_colour(tmp_path / "a" / "1.png", 250, 0, 0)
    write_colour(tmp_path / "a" / "2.png", 0, 0, 250)
    write_colour(tmp_path / "b" / "3.png", 250, 9, 0)
    write_colour(tmp_path / "b" / "4.png", 0, 9, 250)
    pictures = [tmp_path / label for label in ("a", "b")]
    assert all(path.is_dir() for path in pictures)
    found = evaluate_folders(tmp_path, tmp_path, embedder)
    assert found.figures.queries == 4
    assert found.figures.rank[1] == 0


def test_queries_without_their_kind_count_for_nothing_and_without_any_it_is_an_error(
    tmp_path: Path, embedder: Embedder
) -> None:
    write_colour(tmp_path / "query" / "9_1.png", 250, 0, 0)
    write_colour(tmp_path / "gallery" / "1_1.png", 250, 9, 0)
    (tmp_path / "gallery" / "1_2.png").write_bytes(b"nothing")
    with pytest.raises(FigureError, match="No query"):
        evaluate_folders(tmp_path / "query", tmp_path / "gallery", embedder)
    write_colour(tmp_path / "query" / "1_3.png", 240, 9, 0)
    found = evaluate_folders(tmp_path / "query", tmp_path / "gallery", embedder)
    assert (found.figures.queries, found.figures.unanswerable) == (1, 1)
    assert [skip.path.name for skip in found.skipped] == ["1_2.png"]


def test_folders_without_usable_pictures_are_named(tmp_path: Path, embedder: Embedder) -> None:
    write_colour(tmp_path / "query" / "1_1.png", 250, 0, 0)
    with pytest.raises(PreparationError, match="nowhere"):
        evaluate_folders(tmp_path / "query", tmp_path / "nowhere", embedder)
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "1_1.png").write_bytes(b"nothing")
    with pytest.raises(NothingToEmbed, match="can be read"):
        evaluate_folders(tmp_path / "bad", tmp_path / "query", embedder)
