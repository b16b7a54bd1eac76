"""Boxes with labels, from the three kinds of JSON that annotation tools write: COCO, LabelMe, and a plain list.

- COCO: one object with `images`, `annotations` (`bbox` as x, y, width, height) and `categories`.
- LabelMe: one object a picture with `imagePath` and `shapes` (`points`; any shape becomes the box around it).
- List: `[{"path": …, "box": [x, y, width, height], "label": …}, …]`.

Boxes are in pixels of the picture as stored, from its top left corner.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from train.preparation.problems import PreparationError, Problems

_FORMATS = (
    "Known are COCO (images, annotations, categories), LabelMe (imagePath, shapes) and a list of "
    '{"path": …, "box": [x, y, width, height], "label": …}.'
)


@dataclass(frozen=True, slots=True)
class Box:
    """One labelled box.

    Attributes:
        path: Of the picture, relative, as annotated.
        label: What it shows.
        x: Left edge, pixels.
        y: Upper edge, pixels.
        width: Pixels.
        height: Pixels.
        picture_size: Width and height that the annotation says the picture has, or None.
    """

    path: str
    label: str
    x: float
    y: float
    width: float
    height: float
    picture_size: tuple[int, int] | None = None


def read_annotations(path: Path, problems: Problems) -> list[Box]:
    """Read one file, or all `.json` files of a directory (LabelMe writes one a picture).

    Args:
        path: File or directory.
        problems: Gets single annotations that cannot be used.

    Raises:
        PreparationError: There is nothing, it is no JSON, of an unknown format, or holds no usable box.
    """
    files = sorted(path.glob("*.json")) if path.is_dir() else [path]
    if not files:
        raise PreparationError(
            f"There is no .json file in {path}.", "Give the annotations' file or directory."
        )
    boxes = [box for file in files for box in _read_file(file, problems)]
    if not boxes:
        raise PreparationError(f"There is no usable box in {path}.", _FORMATS)
    return boxes


def _read_file(path: Path, problems: Problems) -> list[Box]:
    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise PreparationError(f"Cannot read {path}: {os.strerror(error.errno or 0)}.") from error
    except (ValueError, RecursionError) as error:
        raise PreparationError(f"{path} is no JSON: {error}.", _FORMATS) from error
    if isinstance(content, list):
        return _collect(path, content, _from_list_item, problems)
    if isinstance(content, dict) and {"images", "annotations", "categories"} <= content.keys():
        return _from_coco(path, content, problems)
    if isinstance(content, dict) and {"imagePath", "shapes"} <= content.keys():
        size = _size(content.get("imageWidth"), content.get("imageHeight"))
        picture = str(content["imagePath"]).replace("\\", "/")
        return _collect(path, content["shapes"], lambda shape: _from_shape(shape, picture, size), problems)
    keys = ", ".join(sorted(map(str, content))[:8]) if isinstance(content, dict) else type(content).__name__
    raise PreparationError(f"{path} is of no known format; it holds {keys}.", _FORMATS)


def _collect(path: Path, items: Any, convert: Any, problems: Problems) -> list[Box]:
    if not isinstance(items, list):
        raise PreparationError(f"{path} is not as its format demands: no list of boxes.", _FORMATS)
    boxes = []
    for index, item in enumerate(items):
        try:
            boxes.append(_checked(convert(item)))
        except (KeyError, TypeError, ValueError, IndexError) as error:
            problems.add(f"{path}: annotation {index} cannot be used ({type(error).__name__}: {error})")
    return boxes


def _from_coco(path: Path, content: Mapping[str, Any], problems: Problems) -> list[Box]:
    try:
        images = {image["id"]: image for image in content["images"]}
        labels = {category["id"]: str(category["name"]) for category in content["categories"]}
    except (KeyError, TypeError) as error:
        raise PreparationError(
            f"{path} looks like COCO, but its images or categories lack {error}.", _FORMATS
        ) from error

    def convert(annotation: Mapping[str, Any]) -> Box:
        image = images[annotation["image_id"]]
        x, y, width, height = map(float, annotation["bbox"])
        size = _size(image.get("width"), image.get("height"))
        return Box(str(image["file_name"]), labels[annotation["category_id"]], x, y, width, height, size)

    return _collect(path, content["annotations"], convert, problems)


def _from_shape(shape: Mapping[str, Any], picture: str, size: tuple[int, int] | None) -> Box:
    points = [(float(x), float(y)) for x, y in shape["points"]]
    if shape.get("shape_type") == "circle":
        # Centre, and a point on the edge.
        (x, y), (edge_x, edge_y) = points
        radius = math.hypot(edge_x - x, edge_y - y)
        points = [(x - radius, y - radius), (x + radius, y + radius)]
    return _around(points, picture, str(shape["label"]), size)


def _around(
    points: Sequence[tuple[float, float]], picture: str, label: str, size: tuple[int, int] | None
) -> Box:
    columns, rows = [x for x, _ in points], [y for _, y in points]
    left, top = min(columns), min(rows)
    return Box(picture, label, left, top, max(columns) - left, max(rows) - top, size)


def _from_list_item(item: Mapping[str, Any]) -> Box:
    x, y, width, height = map(float, item["box"])
    return Box(str(item["path"]), str(item["label"]), x, y, width, height)


def _size(width: Any, height: Any) -> tuple[int, int] | None:
    return (int(width), int(height)) if width and height else None


def _checked(box: Box) -> Box:
    if not all(map(math.isfinite, (box.x, box.y, box.width, box.height))):
        raise ValueError("a coordinate is no finite number")
    if not box.label.strip():
        raise ValueError("the label is empty")
    path = PurePosixPath(box.path)
    if path.is_absolute() or ".." in path.parts or not path.name:
        raise ValueError(f"{box.path} does not lie in the pictures' directory")
    return box
