from __future__ import annotations

import csv
import sqlite3
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from monitor.domain.errors import MonitorError
from tests.train.retrieval.planted import SIZE, write_colour, write_colour_bundle
from train.preparation.problems import PreparationError
from train.retrieval import gallery as gallery_module
from train.retrieval.embed import Embedder, NothingToEmbed
from train.retrieval.gallery import GalleryError, open_gallery
from train.retrieval.gallery_store import StoreError


@pytest.fixture
def embedder(tmp_path: Path) -> Embedder:
    return Embedder(write_colour_bundle(tmp_path / "colours.bundle"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two styles, three pictures."""
    directory = tmp_path / "pictures"
    write_colour(directory / "warm" / "red.png", 250, 0, 0)
    write_colour(directory / "warm" / "orange.png", 250, 120, 0)
    write_colour(directory / "cold" / "blue.png", 0, 0, 250)
    return directory


def read_table(directory: Path) -> list[dict[str, str]]:
    with (directory / ".gallery" / "gallery.csv").open(newline="", encoding="utf-8-sig") as file:
        return list(csv.DictReader(file))


def test_the_second_use_embeds_nothing_and_gives_the_same(folder: Path, embedder: Embedder) -> None:
    first, second = open_gallery(folder, embedder), open_gallery(folder, embedder)
    assert (first.embedded, second.embedded) == (3, 0)
    assert second.entries == first.entries
    fresh = embedder.embed([entry.path for entry in first.entries])
    for gallery in (first, second):
        np.testing.assert_array_equal(gallery.vectors, fresh.vectors)
        assert gallery.raw is not None
        np.testing.assert_array_equal(gallery.raw, fresh.raw)


def test_only_what_is_new_or_changed_is_embedded_and_what_is_gone_is_dropped(
    folder: Path, embedder: Embedder
) -> None:
    before = open_gallery(folder, embedder)
    write_colour(folder / "warm" / "yellow.png", 250, 250, 0)
    write_colour(folder / "warm" / "red.png", 200, 0, 0)
    (folder / "warm" / "orange.png").unlink()
    after = open_gallery(folder, embedder)
    assert (after.embedded, after.dropped) == (2, 1)
    assert [entry.path.name for entry in after.entries] == ["blue.png", "red.png", "yellow.png"]
    assert after.raw is not None
    np.testing.assert_allclose(after.raw[1].max(), 200 / 255, atol=1e-6)
    with sqlite3.connect(folder / ".gallery" / "gallery.sqlite") as database:
        kept = {digest for (digest,) in database.execute("SELECT digest FROM features")}
        paths = [path for (path,) in database.execute("SELECT path FROM pictures ORDER BY path")]
    database.close()
    assert kept == {entry.digest for entry in after.entries}
    assert not kept >= {entry.digest for entry in before.entries}
    assert paths == ["cold/blue.png", "warm/red.png", "warm/yellow.png"]


def test_a_picture_that_was_only_renamed_is_not_embedded_again(folder: Path, embedder: Embedder) -> None:
    open_gallery(folder, embedder)
    (folder / "warm" / "red.png").rename(folder / "cold" / "crimson.png")
    after = open_gallery(folder, embedder)
    assert (after.embedded, after.dropped) == (0, 1)
    assert {entry.title for entry in after.entries} == {"blue", "crimson", "orange"}


def test_features_of_each_bundle_are_kept_apart(folder: Path, embedder: Embedder, tmp_path: Path) -> None:
    other = Embedder(write_colour_bundle(tmp_path / "other.bundle", name="other", raw=False))
    open_gallery(folder, embedder)
    by_other = open_gallery(folder, other)
    assert by_other.embedded == 3
    assert by_other.raw is None
    assert {row["bundle"] for row in read_table(folder)} == {other.bundle.id}
    again = open_gallery(folder, embedder)
    assert again.embedded == 0
    assert again.raw is not None
    assert {row["bundle"] for row in read_table(folder)} == {embedder.bundle.id}


def test_without_a_list_the_file_is_the_title_and_its_folder_the_style(
    folder: Path, embedder: Embedder
) -> None:
    write_colour(folder / "grey.png", 99, 99, 99)
    found = {entry.title: entry.style for entry in open_gallery(folder, embedder).entries}
    assert found == {"blue": "cold", "grey": "pictures", "orange": "warm", "red": "warm"}


@pytest.mark.parametrize("name", ["gallery.csv", "manifest.csv"])
def test_titles_and_styles_of_a_list_come_into_the_database_and_the_spreadsheet(
    folder: Path, embedder: Embedder, name: str
) -> None:
    open_gallery(folder, embedder)
    (folder / name).write_text(
        "path,style,title\nwarm/red.png,Fauvism,Crème №1\ncold/blue.png,,Sea\n", "utf-8"
    )
    after = open_gallery(folder, embedder)
    assert after.embedded == 0
    assert [(entry.title, entry.style) for entry in after.entries] == [
        ("Sea", "cold"),
        ("orange", "warm"),
        ("Crème №1", "Fauvism"),
    ]
    assert [(row["title"], row["style"]) for row in read_table(folder)][2] == ("Crème №1", "Fauvism")
    database = sqlite3.connect(folder / ".gallery" / "gallery.sqlite")
    assert database.execute("SELECT style FROM pictures WHERE title = 'Crème №1'").fetchone() == ("Fauvism",)
    database.close()


def test_the_spreadsheet_gives_the_features_back_exactly(folder: Path, embedder: Embedder) -> None:
    gallery = open_gallery(folder, embedder)
    rows = read_table(folder)
    numbers = [[float(row[f"f{index:04d}"]) for index in range(SIZE)] for row in rows]
    np.testing.assert_array_equal(np.array(numbers, np.float32), gallery.raw)
    assert [row["path"] for row in rows] == ["cold/blue.png", "warm/orange.png", "warm/red.png"]
    assert [row["digest"] for row in rows] == [entry.digest for entry in gallery.entries]


def test_a_spreadsheet_that_was_deleted_is_written_again(folder: Path, embedder: Embedder) -> None:
    open_gallery(folder, embedder)
    (folder / ".gallery" / "gallery.csv").unlink()
    open_gallery(folder, embedder)
    assert len(read_table(folder)) == 3


def test_the_store_may_lie_elsewhere_but_not_in_the_place_of_the_titles(
    folder: Path, embedder: Embedder, tmp_path: Path
) -> None:
    open_gallery(folder, embedder, tmp_path / "a" / "b")
    assert not (folder / ".gallery").exists()
    assert {path.name for path in (tmp_path / "a" / "b").iterdir()} == {"gallery.csv", "gallery.sqlite"}
    with pytest.raises(GalleryError, match="--store"):
        open_gallery(folder, embedder, folder)


def test_a_kill_in_the_middle_loses_no_more_than_a_portion(
    folder: Path, embedder: Embedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gallery_module, "PORTION", 2)
    done: list[int] = []

    def kill_at_the_third() -> None:
        done.append(1)
        if len(done) == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        open_gallery(folder, embedder, on_start=lambda _: kill_at_the_third)
    assert open_gallery(folder, embedder).embedded == 1


def test_unreadable_pictures_are_named_and_the_others_are_there(folder: Path, embedder: Embedder) -> None:
    (folder / "warm" / "bad.jpg").write_bytes(b"nothing")
    (folder / "cold" / "worse.jpg").write_bytes(b"nothing")
    for embedded in (3, 0):
        gallery = open_gallery(folder, embedder)
        assert gallery.embedded == embedded
        assert len(gallery.entries) == 3
        assert {skip.path.name for skip in gallery.skipped} == {"bad.jpg", "worse.jpg"}


def test_twins_are_both_there_and_embedded_once(folder: Path, embedder: Embedder) -> None:
    (folder / "warm" / "twin.png").write_bytes((folder / "warm" / "red.png").read_bytes())
    gallery = open_gallery(folder, embedder)
    assert gallery.embedded == 3
    assert [entry.title for entry in gallery.entries] == ["blue", "orange", "red", "twin"]
    np.testing.assert_array_equal(gallery.vectors[2], gallery.vectors[3])


def fill_with_bad(directory: Path) -> None:
    directory.mkdir()
    (directory / "bad.png").write_bytes(b"nothing")


@pytest.mark.parametrize(
    ("prepare", "kind", "problem"),
    [
        (lambda directory: None, PreparationError, "no directory"),
        (lambda directory: directory.mkdir(), PreparationError, "no picture"),
        (fill_with_bad, NothingToEmbed, "can be read"),
    ],
)
def test_a_folder_without_usable_pictures_is_named(
    tmp_path: Path,
    embedder: Embedder,
    prepare: Callable[[Path], object],
    kind: type[MonitorError],
    problem: str,
) -> None:
    prepare(tmp_path / "other")
    with pytest.raises(kind, match=problem) as raised:
        open_gallery(tmp_path / "other", embedder)
    assert str(tmp_path / "other") in raised.value.problem
    assert raised.value.remedy


@pytest.mark.parametrize(
    ("content", "problem"), [(b"title,style\nRed,warm\n", "no column 'path'"), (b"path\n\xff\xfe\n", "UTF-8")]
)
def test_a_list_that_cannot_be_used_is_named(
    folder: Path, embedder: Embedder, content: bytes, problem: str
) -> None:
    (folder / "gallery.csv").write_bytes(content)
    with pytest.raises(GalleryError, match=problem):
        open_gallery(folder, embedder)


def overwrite_middle(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[4096:] = b"\x5a" * (len(content) - 4096)
    path.write_bytes(content)


def shorten_features(path: Path) -> None:
    database = sqlite3.connect(path)
    database.execute("UPDATE features SET embedding = x'00000000' WHERE rowid = 1")
    database.commit()
    database.close()


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: path.write_bytes(b"not a database at all" * 100),
        lambda path: path.write_bytes(path.read_bytes()[:5000]),
        overwrite_middle,
        shorten_features,
    ],
)
def test_a_damaged_store_says_so_and_what_to_do_and_that_helps(
    folder: Path, embedder: Embedder, damage: Callable[[Path], object]
) -> None:
    open_gallery(folder, embedder)
    store = folder / ".gallery" / "gallery.sqlite"
    damage(store)
    with pytest.raises(StoreError, match="damaged") as raised:
        open_gallery(folder, embedder)
    assert "delete the file" in raised.value.remedy
    store.unlink()
    assert open_gallery(folder, embedder).embedded == 3


def test_a_store_of_another_version_or_program_is_left_alone(folder: Path, embedder: Embedder) -> None:
    open_gallery(folder, embedder)
    store = folder / ".gallery" / "gallery.sqlite"
    database = sqlite3.connect(store)
    database.execute("PRAGMA user_version = 7")
    database.close()
    before = store.read_bytes()
    with pytest.raises(StoreError, match="version: 7") as raised:
        open_gallery(folder, embedder)
    assert "Move it away" in raised.value.remedy
    assert store.read_bytes() == before


def test_a_store_in_use_is_waited_for_and_then_named(
    folder: Path, embedder: Embedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_gallery(folder, embedder)
    monkeypatch.setattr("train.retrieval.gallery_store.BUSY_TIMEOUT_S", 0.1)
    other = sqlite3.connect(folder / ".gallery" / "gallery.sqlite")
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreError, match="Another command is using"):
        open_gallery(folder, embedder)
    other.close()


def test_a_store_that_cannot_be_made_is_named(folder: Path, embedder: Embedder, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="--store"):
        open_gallery(folder, embedder, tmp_path / "file" / "store")
