"""The commands as people call them."""

from __future__ import annotations

import csv
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from monitor.domain.errors import MonitorError
from tests.train.retrieval.planted import read_rgb, write_colour, write_colour_bundle, write_photos
from train.cli.activations import activations
from train.cli.project import project
from train.cli.retrieve import retrieve


def call(command: click.Command, *words: object) -> str:
    result = CliRunner().invoke(command, [str(word) for word in words], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


@pytest.fixture
def gallery(tmp_path: Path) -> Path:
    directory = tmp_path / "gallery"
    write_colour(directory / "warm" / "red.png", 250, 0, 0)
    write_colour(directory / "warm" / "rust.png", 180, 30, 0)
    write_colour(directory / "cold" / "blue.png", 0, 0, 250)
    write_colour(directory / "cold" / "navy.png", 0, 20, 90)
    (directory / "cold" / "bad.png").write_bytes(b"nothing")
    return directory


def test_retrieve_prints_what_it_found_and_draws_it(gallery: Path, tmp_path: Path) -> None:
    bundle, out = write_colour_bundle(tmp_path / "b.bundle"), tmp_path / "found.png"
    query = gallery / "warm" / "red.png"
    told = call(retrieve, query, "--gallery", gallery, "--bundle", bundle, "--top", 2, "--out", out)
    lines = told.splitlines()
    assert "skipped: Cannot read" in told
    assert "4 embedded now, 0 gone" in told
    table = lines[[line.split()[:2] == ["rank", "title"] for line in lines].index(True) + 1 :]
    assert table[0].split()[:3] == ["1", "rust", "warm"]
    assert table[0].endswith(str(gallery / "warm" / "rust.png"))
    assert table[2] == f"wrote {out}"
    assert read_rgb(out).shape[0] > 100
    again = call(retrieve, query, "--gallery", gallery, "--bundle", bundle, "--distance", "euclidean")
    assert "0 embedded now" in again
    assert "wrote" not in again


def test_retrieve_takes_the_shipped_bundle_and_any_place_for_the_store(tmp_path: Path) -> None:
    photos = write_photos(tmp_path / "photos", "coffee", "rocket", "astronaut")
    told = call(retrieve, photos[0], "--gallery", tmp_path / "photos", "--store", tmp_path / "store")
    assert "(view-" in told
    assert (tmp_path / "store" / "gallery.csv").is_file()
    assert not (tmp_path / "photos" / ".gallery").exists()


def test_retrieve_measures_folders(gallery: Path, tmp_path: Path) -> None:
    bundle = write_colour_bundle(tmp_path / "b.bundle")
    told = call(retrieve, "--evaluate", "--query", gallery, "--gallery", gallery, "--bundle", bundle)
    assert "4 queries in 4 pictures of 2 labels, cosine distance" in told
    for figure in ("mAP      100.0%", "Rank-1   100.0%", "Rank-20  100.0%", "s a picture"):
        assert figure in told


@pytest.mark.parametrize(
    "words",
    [
        ["--gallery", "g"],
        ["a.jpg", "--gallery", "g", "--query", "q"],
        ["a.jpg", "--gallery", "g", "--evaluate", "--query", "q"],
        ["--gallery", "g", "--evaluate"],
        ["--gallery", "g", "--evaluate", "--query", "q", "--out", "found.png"],
    ],
)
def test_retrieve_says_what_goes_together(words: list[str]) -> None:
    result = CliRunner().invoke(retrieve, words)
    assert result.exit_code == 2
    assert "--evaluate" in result.output


def test_an_image_that_cannot_be_read_is_named_before_the_gallery_is_embedded(
    gallery: Path, tmp_path: Path
) -> None:
    result = CliRunner().invoke(retrieve, [str(tmp_path / "gone.jpg"), "--gallery", str(gallery)])
    assert isinstance(result.exception, MonitorError)
    assert "gone.jpg" in str(result.exception)
    assert not (gallery / ".gallery").exists()


def test_project_draws_a_map_and_writes_its_places(gallery: Path, tmp_path: Path) -> None:
    bundle, out, table = (
        write_colour_bundle(tmp_path / "b.bundle"),
        tmp_path / "map.png",
        tmp_path / "map.csv",
    )
    told = call(project, gallery, "--bundle", bundle, "--method", "pca", "--out", out, "--csv", table)
    assert "4 pictures of 2 labels, 4 with a thumbnail" in told
    assert "skipped: Cannot read" in told
    assert read_rgb(out).shape[0] > 500
    with table.open(newline="", encoding="utf-8-sig") as file:
        assert [row["label"] for row in csv.DictReader(file)] == ["cold", "cold", "warm", "warm"]


def test_project_names_too_few_pictures_and_a_file_that_is_no_picture(gallery: Path, tmp_path: Path) -> None:
    bundle = write_colour_bundle(tmp_path / "b.bundle")
    few = CliRunner().invoke(
        project, [str(gallery), "--per-label", "1", "--bundle", str(bundle), "--out", str(tmp_path / "m.png")]
    )
    assert "cannot be laid out" in str(few.exception)
    text = CliRunner().invoke(project, [str(gallery), "--out", "map.txt"])
    assert "not a name for a picture" in str(text.exception)


@pytest.mark.parametrize("command", [retrieve, project, activations])
def test_help_has_an_example(command: click.Command) -> None:
    assert f"Example: python -m train {command.name}" in " ".join(call(command, "--help").split())
