"""Cuts labelled boxes out of pictures, into one folder a label."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from train.preparation.annotations import Box
from train.preparation.naming import picture_name
from train.preparation.pictures import Pixels, new_directory, read_pixels, write_bytes, write_picture
from train.preparation.problems import PreparationError, Problems

LABELS_FILE = "labels.csv"
_SMALLEST_SIDE_PIXELS = 2


@dataclass(frozen=True, slots=True)
class Crop:
    """One picture that was cut out.

    Attributes:
        path: Relative to the output directory.
        label: What it shows.
        source: The picture it is from, as annotated.
        box: x, y, width, height in that picture, after margin and clipping.
    """

    path: str
    label: str
    source: str
    box: tuple[int, int, int, int]


def crop_boxes(
    boxes: Sequence[Box], pictures: Path, out: Path, problems: Problems, margin: float = 0.0
) -> list[Crop]:
    """Cut boxes out and write them as `LABEL/<id>_<image>.png` with a `labels.csv` (path,label,source,box).

    Boxes are clipped to the picture. The id is the label's number in sorted order, from 1. Crops are PNG, so that
    what is learned from is what was there, and not a second JPEG of it.

    Args:
        boxes: What to cut out.
        pictures: Directory that the boxes' paths are relative to.
        out: Directory to be made; must be new or empty.
        problems: Gets boxes without area inside the picture, and pictures that cannot be read.
        margin: Added on each side, as a share of the box's width and height.

    Raises:
        PreparationError: `out` is in use, the pictures' directory is missing, or nothing could be cut out.
    """
    if not pictures.is_dir():
        raise PreparationError(f"There is no directory {pictures}.", "Give the pictures' directory.")
    new_directory(out)
    folders = label_folders(sorted({box.label for box in boxes}))
    identities = {label: number for number, label in enumerate(folders, start=1)}
    counts: Counter[str] = Counter()
    crops = []
    for path, group in sorted(_by_picture(boxes).items()):
        pixels = read_pixels(pictures / path, problems)
        if pixels is None:
            continue
        for box in group:
            region = clip(box, margin, pixels.shape[1], pixels.shape[0])
            problem = _problem(box, region, pixels)
            if problem:
                problems.add(f"{path}: {problem}")
                continue
            counts[box.label] += 1
            name = picture_name(identities[box.label], counts[box.label], ".png")
            x, y, width, height = region
            write_picture(out / folders[box.label] / name, pixels[y : y + height, x : x + width])
            crops.append(Crop(f"{folders[box.label]}/{name}", box.label, path, region))
    if not crops:
        raise PreparationError(
            f"None of {len(boxes)} boxes could be cut out.",
            "; ".join(problems.lines[:3]) or "Are these the annotations of these pictures?",
        )
    write_labels(out / LABELS_FILE, crops)
    return crops


def clip(box: Box, margin: float, width: int, height: int) -> tuple[int, int, int, int]:
    """x, y, width, height in whole pixels, with the margin, inside a picture; width or height 0 where outside."""
    extra_x, extra_y = margin * box.width, margin * box.height
    left = min(max(round(box.x - extra_x), 0), width)
    top = min(max(round(box.y - extra_y), 0), height)
    right = min(max(round(box.x + box.width + extra_x), left), width)
    bottom = min(max(round(box.y + box.height + extra_y), top), height)
    return left, top, right - left, bottom - top


def label_folders(labels: Sequence[str]) -> dict[str, str]:
    """A folder name for each label, in their order: fit for any file system, and no two the same."""
    folders: dict[str, str] = {}
    for label in labels:
        plain = re.sub(r"[^\w.\- ]", "_", label).strip(" .")[:80] or "_"
        taken = {folder.casefold() for folder in folders.values()}
        folder, number = plain, 1
        while folder.casefold() in taken:
            number += 1
            folder = f"{plain}~{number}"
        folders[label] = folder
    return folders


def write_labels(path: Path, crops: Sequence[Crop]) -> None:
    """Write `path,label,source,box`, the box as `x y width height`."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["path", "label", "source", "box"])
    writer.writerows((one.path, one.label, one.source, " ".join(map(str, one.box))) for one in crops)
    write_bytes(path, text.getvalue().encode())


def _by_picture(boxes: Sequence[Box]) -> dict[str, list[Box]]:
    groups: dict[str, list[Box]] = defaultdict(list)
    for box in boxes:
        groups[box.path].append(box)
    return groups


def _problem(box: Box, region: tuple[int, int, int, int], pixels: Pixels) -> str:
    """Why a box cannot be cut out; empty where it can."""
    size = (pixels.shape[1], pixels.shape[0])
    if box.picture_size is not None and box.picture_size != size:
        return (
            f"is {size[0]}x{size[1]}, and was annotated as {box.picture_size[0]}x{box.picture_size[1]}; "
            f"its box of {box.label} would cut elsewhere"
        )
    if box.width <= 0 or box.height <= 0:
        return f"the box of {box.label} is empty ({box.width:g}x{box.height:g})"
    if min(region[2:]) < _SMALLEST_SIDE_PIXELS:
        return f"the box of {box.label} has no area inside the picture"
    return ""
