"""Boxes from annotations of three kinds, cut out of pictures."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from click.testing import CliRunner

from train.cli.crop import crop as command
from train.preparation.annotations import Box, read_annotations
from train.preparation.crops import clip, crop_boxes, label_folders
from train.preparation.problems import PreparationError, Problems


def coloured(directory: Path, name: str = "a.png") -> Path:
    """100x80, of which columns 20–39 and rows 30–49 are red."""
    directory.mkdir(exist_ok=True)
    pixels = np.full((80, 100, 3), 255, np.uint8)
    pixels[30:50, 20:40] = (0, 0, 255)
    cv2.imwrite(str(directory / name), pixels)
    return directory


def written(path: Path, content: Any) -> Path:
    path.write_text(json.dumps(content))
    return path


def coco(*annotations: dict[str, Any], **image: Any) -> dict[str, Any]:
    return {
        "images": [{"id": 5, "file_name": "a.png", **image}],
        "annotations": [{"image_id": 5, "category_id": 9, **one} for one in annotations],
        "categories": [{"id": 9, "name": "red"}],
    }


FORMATS = {
    "coco": coco({"bbox": [20, 30, 20, 20]}, width=100, height=80),
    "labelme rectangle": {
        "imagePath": "a.png",
        "imageWidth": 100,
        "imageHeight": 80,
        "shapes": [{"label": "red", "points": [[40, 50], [20, 30]], "shape_type": "rectangle"}],
    },
    "labelme polygon": {
        "imagePath": "a.png",
        "shapes": [
            {"label": "red", "points": [[30, 30], [40, 40], [30, 50], [20, 40]], "shape_type": "polygon"}
        ],
    },
    "labelme circle": {
        "imagePath": "a.png",
        "shapes": [{"label": "red", "points": [[30, 40], [30, 50]], "shape_type": "circle"}],
    },
    "list": [{"path": "a.png", "box": [20, 30, 20, 20], "label": "red"}],
}


@pytest.mark.parametrize("kind", FORMATS)
def test_every_format_cuts_out_the_same_pixels(tmp_path: Path, kind: str) -> None:
    pictures = coloured(tmp_path / "pictures")
    annotations = written(tmp_path / "a.json", FORMATS[kind])
    words = [str(annotations), "--pictures", str(pictures), "--out", str(tmp_path / "out"), "--strict"]
    said = CliRunner().invoke(command, words, catch_exceptions=False).output
    assert "1 crops of 1 labels" in said
    assert "one label only" in said
    cut = cv2.imread(str(tmp_path / "out" / "red" / "0001_0001.png"))
    assert cut.shape == (20, 20, 3)
    assert (cut == (0, 0, 255)).all()
    with (tmp_path / "out" / "labels.csv").open() as file:
        assert list(csv.DictReader(file)) == [
            {"path": "red/0001_0001.png", "label": "red", "source": "a.png", "box": "20 30 20 20"}
        ]


def test_margins_widen_and_edges_clip() -> None:
    box = Box("a.png", "red", 20, 30, 20, 20)
    assert clip(box, 0.5, 100, 80) == (10, 20, 40, 40)
    assert clip(box, 2.0, 100, 80) == (0, 0, 80, 80)
    assert clip(Box("a.png", "red", -10, -10, 30, 30), 0, 100, 80) == (0, 0, 20, 20)
    assert clip(Box("a.png", "red", 200, 10, 30, 30), 0, 100, 80)[2] == 0


def test_boxes_that_cannot_be_cut_are_reported_and_the_rest_is(tmp_path: Path) -> None:
    pictures = coloured(tmp_path / "pictures")
    (pictures / "broken.png").write_bytes(b"no picture")
    boxes = [
        Box("a.png", "red", 20, 30, 20, 20),
        Box("a.png", "red", 20, 30, 0, 20),
        Box("a.png", "red", 300, 300, 20, 20),
        Box("a.png", "red", 20, 30, 20, 20, picture_size=(80, 100)),
        Box("broken.png", "red", 0, 0, 5, 5),
        Box("gone.png", "red", 0, 0, 5, 5),
    ]
    problems = Problems()
    assert len(crop_boxes(boxes, pictures, tmp_path / "out", problems)) == 1
    told = "\n".join(problems.lines)
    for said in ("is empty", "no area inside", "was annotated as 80x100", "not a picture", "No such file"):
        assert said in told
    assert len(problems) == 5
    with pytest.raises(PreparationError, match="--strict"):
        crop_boxes(boxes, pictures, tmp_path / "strict", Problems(strict=True))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ({"regions": []}, "of no known format; it holds regions"),
        (7, "of no known format"),
        ([], "no usable box"),
        (coco({"bbox": [1, 2]}), "no usable box"),
        ([{"path": "../a.png", "box": [0, 0, 5, 5], "label": "x"}], "no usable box"),
        ([{"path": "a.png", "box": [0, 0, float("nan"), 5], "label": "x"}], "no usable box"),
        ({"images": [{}], "annotations": [], "categories": []}, "lack 'id'"),
        ({"imagePath": "a.png", "shapes": 3}, "no list of boxes"),
    ],
)
def test_annotations_that_are_not_as_they_should_be_are_explained(
    tmp_path: Path, content: Any, said: str
) -> None:
    with pytest.raises(PreparationError, match=said):
        read_annotations(written(tmp_path / "a.json", content), Problems())


def test_what_is_no_json_or_not_there_is_explained(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("{")
    with pytest.raises(PreparationError, match="no JSON"):
        read_annotations(tmp_path / "a.json", Problems())
    with pytest.raises(PreparationError, match="Cannot read"):
        read_annotations(tmp_path / "b.json", Problems())
    (tmp_path / "empty").mkdir()
    with pytest.raises(PreparationError, match=r"no \.json file"):
        read_annotations(tmp_path / "empty", Problems())


def test_a_directory_of_labelme_files_is_one_set(tmp_path: Path) -> None:
    for name in ("a", "b"):
        written(tmp_path / f"{name}.json", {**FORMATS["labelme polygon"], "imagePath": f"{name}.png"})
    assert {box.path for box in read_annotations(tmp_path, Problems())} == {"a.png", "b.png"}


def test_labels_become_folders_that_every_system_can_hold() -> None:
    folders = label_folders(["a/b", "A:B", "Cat", "cat", "..", "stop sign"])
    assert folders == {
        "a/b": "a_b",
        "A:B": "A_B~2",
        "Cat": "Cat",
        "cat": "cat~2",
        "..": "_",
        "stop sign": "stop sign",
    }


def test_a_used_directory_is_refused(tmp_path: Path) -> None:
    pictures = coloured(tmp_path / "pictures")
    with pytest.raises(PreparationError, match="not empty"):
        crop_boxes([Box("a.png", "red", 0, 0, 5, 5)], pictures, pictures, Problems())
