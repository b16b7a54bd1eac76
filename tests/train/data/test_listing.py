"""Data sets come as a manifest, as folders, as CSV and as JSON; what cannot be used is named with what to do."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.train.data.folders import draw_classes, draw_picture
from tests.train.drawn import draw_data
from train.data.listing import read_data
from train.data.manifest import DataError, Manifest, Picture, read_picture
from train.data.splits import split


def told(manifest: Manifest) -> list[tuple[str, str]]:
    """Name and label of each picture; a single one has no label."""
    return [(p.path.name, p.camera if p.same_view else "") for p in manifest.pictures]


def seen_together(manifest: Manifest) -> dict[str, int]:
    """Cameras of the train split, with how many pictures they have."""
    pools = split(manifest, (), ())
    return {camera: len(pictures) for camera, pictures in pools.train.cameras.items()}


def test_a_directory_with_a_manifest_is_read_by_it(tmp_path: Path) -> None:
    found = read_data(draw_data(tmp_path))
    assert len(found.pictures) == 15
    assert seen_together(found) == {"kept": 3, "steady": 3}


def test_each_folder_is_a_class_and_pictures_beside_them_are_single_ones(tmp_path: Path) -> None:
    found = read_data(draw_classes(tmp_path, {"cats": 2, "dogs": 3}, single=2))
    assert seen_together(found) == {"cats": 2, "dogs": 3}
    assert [name for name, label in told(found) if not label] == ["single0.png", "single1.png"]
    assert all(read_picture(picture.path).size for picture in found.pictures)


def test_the_only_picture_of_a_class_serves_as_a_single_one_instead_of_not_at_all(tmp_path: Path) -> None:
    found = read_data(draw_classes(tmp_path, {"cats": 2, "alone": 1}))
    assert told(found) == [("0.png", ""), ("0.png", "cats"), ("1.png", "cats")]
    assert len(split(found, (), ()).train.scenes) + len(split(found, (), ()).validation.scenes) == 1


def test_anchors_and_positives_show_one_place_and_each_negative_another(tmp_path: Path) -> None:
    found = read_data(draw_classes(tmp_path, {"anchor": 2, "positive": 3, "negative": 4}))
    assert seen_together(found) == {"anchor": 5}
    assert sum(not label for _, label in told(found)) == 4


@pytest.mark.parametrize("absent", ["positive", "negative"])
def test_one_shot_folders_that_are_not_complete_name_the_one_that_lacks(tmp_path: Path, absent: str) -> None:
    draw_classes(tmp_path, {name: 2 for name in ("anchor", "positive", "negative") if name != absent})
    with pytest.raises(DataError, match=rf"{absent} has no pictures.*train collect"):
        read_data(tmp_path)


@pytest.mark.parametrize("mark", ["", "\N{ZERO WIDTH NO-BREAK SPACE}"], ids=["plain", "with a BOM"])
def test_a_csv_of_paths_and_labels_is_read_with_paths_relative_to_it(tmp_path: Path, mark: str) -> None:
    draw_picture(tmp_path / "far/away/a.png", 1)
    rows = "path,label,timestamp\nfar/away/a.png,door,2026-01-02\nb.png,door,2026-01-01\nc.png,,\n"
    (tmp_path / "data.csv").write_text(mark + rows, encoding="utf-8")
    found = read_data(tmp_path / "data.csv")
    assert told(found) == [("a.png", "door"), ("b.png", "door"), ("c.png", "")]
    assert read_picture(found.pictures[0].path).shape == (72, 96, 3)
    in_time = split(found, (), ()).train.cameras["door"]
    assert [picture.path.name for picture in in_time] == ["b.png", "a.png"]


@pytest.mark.parametrize("mark", ["", "\N{ZERO WIDTH NO-BREAK SPACE}"], ids=["plain", "with a BOM"])
@pytest.mark.parametrize(
    "values",
    [
        [{"path": "a.png", "label": "door"}, {"path": "b.png", "label": "door"}, {"path": "c.png"}],
        {"door": ["a.png", "b.png"], "": ["c.png"]},
    ],
    ids=["a list of rows", "an object of lists"],
)
def test_json_comes_in_two_shapes(tmp_path: Path, mark: str, values: object) -> None:
    (tmp_path / "data.json").write_text(mark + json.dumps(values), encoding="utf-8")
    assert told(read_data(tmp_path / "data.json")) == [("a.png", "door"), ("b.png", "door"), ("c.png", "")]


def test_a_class_may_be_called_zero(tmp_path: Path) -> None:
    rows = [{"path": f"{label}{n}.png", "label": label} for label in (0, 1) for n in range(2)]
    (tmp_path / "data.json").write_text(json.dumps(rows))
    assert seen_together(read_data(tmp_path / "data.json")) == {"0": 2, "1": 2}


def test_rows_of_the_dev_split_are_kept_apart(tmp_path: Path) -> None:
    rows = "path,label,split\na.png,door,train\nb.png,door,train\nc.png,gate,dev\nd.png,gate,dev\n"
    (tmp_path / "data.csv").write_text(rows)
    pools = split(read_data(tmp_path / "data.csv"), (), ())
    assert (list(pools.train.cameras), list(pools.dev.cameras)) == (["door"], ["gate"])


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("data.csv", "file,label\na.png,x\n", "Row 1 .* names no `path`"),
        ("data.csv", "path,label\na.png,x\n,x\n", "Row 2 .* names no `path`"),
        ("data.csv", "path,label\n", "names no pictures"),
        ("data.csv", "path,label,split\na.png,x,test\n", "Row 1 .*'test'.*train and dev"),
        ("data.csv", "path\n" + "a" * 200_000, "Cannot read .*data.csv"),
        ("data.json", "[]", "names no pictures"),
        ("data.json", "{", "Cannot read .*data.json"),
        ("data.json", "[1, 2]", "neither a list of objects nor an object of lists"),
        ("data.json", '{"a": "b.png"}', "neither a list of objects nor an object of lists"),
        ("data.json", '{"a": [1]}', "Row 1 .* names no `path`"),
        ("data.txt", "a.png", r"Cannot read .*\.csv or \.json"),
    ],
)
def test_a_file_that_is_no_list_of_pictures_is_refused(
    tmp_path: Path, name: str, text: str, says: str
) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(DataError, match=says):
        read_data(tmp_path / name)


def test_a_file_in_another_encoding_is_refused(tmp_path: Path) -> None:
    (tmp_path / "data.csv").write_bytes("path,label\na.png,Tür\n".encode("latin-1"))
    with pytest.raises(DataError, match=r"Cannot read .*data\.csv"):
        read_data(tmp_path / "data.csv")


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda data: None, r"There is no directory .*--data"),
        (lambda data: data.mkdir(), r"no pictures in it.*manifest\.csv"),
        (lambda data: (data / "notes").mkdir(parents=True), "no pictures in it"),
        (lambda data: (data.mkdir(), (data / "notes.txt").write_text("x")), "no pictures in it"),
    ],
    ids=["missing", "empty", "empty folder in it", "no pictures"],
)
def test_a_directory_without_pictures_is_refused(
    tmp_path: Path, make: Callable[[Path], object], says: str
) -> None:
    make(tmp_path / "data")
    with pytest.raises(DataError, match=says):
        read_data(tmp_path / "data")


def fingerprint(data: Path) -> str:
    return read_data(data).fingerprint


def test_the_fingerprint_is_that_of_the_list_wherever_it_lies(tmp_path: Path) -> None:
    one = draw_classes(tmp_path / "one", {"cats": 2, "dogs": 2})
    other = draw_classes(tmp_path / "other", {"cats": 2, "dogs": 2})
    assert fingerprint(one) == fingerprint(other)
    (other / "cats/0.png").rename(other / "dogs/7.png")
    moved = fingerprint(other)
    assert moved != fingerprint(one)
    (other / "dogs/7.png").unlink()
    assert fingerprint(other) not in {moved, fingerprint(one)}


def test_a_picture_that_is_none_is_named_when_it_is_read(tmp_path: Path) -> None:
    draw_classes(tmp_path, {"cats": 2})
    (tmp_path / "cats/1.png").write_bytes(b"not a picture")
    broken: Picture = read_data(tmp_path).pictures[1]
    with pytest.raises(DataError, match=r"Cannot read .*cats/1\.png"):
        read_picture(broken.path)
