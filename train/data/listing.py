"""Data sets of other shapes than a whole manifest: folders of classes, anchor and positive folders, JSON, CSV."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from train.data.manifest import PICTURE_SUFFIXES, DataError, Manifest, Picture, read_manifest

ANCHOR, POSITIVE, NEGATIVE = "anchor", "positive", "negative"
SCENE, SAME_VIEW = "train scene", "same-view"
SPLITS = ("train", "dev")
OPTIONAL = {"timestamp": "", "condition": "", "split": "train"}


def read_data(data: Path) -> Manifest:
    """The pictures of a data set, in whichever of these shapes it comes.

    - A directory with `manifest.csv`, see `train.data.manifest`.
    - A directory with `anchor`, `positive` and `negative`: anchors and positives show one place, each negative another.
    - A directory of folders: each folder with pictures in it is a class (or camera), `alphabet/letter` as well.
      Pictures that lie in no folder are single ones.
    - A `.csv` file with the columns `path` and `label`, and `split`, `timestamp`, `condition` where they are known.
    - A `.json` file with a list of such rows as objects, or with an object of label to a list of paths.

    Paths are relative to the file's directory. A picture without a label is like no other, and so is the only one that
    has its label.

    Raises:
        DataError: There is nothing there, nothing in it, or it has another shape.
    """
    if data.is_file():
        return _from_file(data)
    if not data.is_dir():
        raise DataError(f"There is no directory {data}.", "Give the data set with --data.")
    if (data / "manifest.csv").is_file():
        return read_manifest(data)
    if (data / ANCHOR).is_dir():
        return _from_one_shot(data)
    return _from_folders(data)


def _from_folders(data: Path) -> Manifest:
    found = sorted(p for p in data.rglob("*") if p.suffix.lower() in PICTURE_SUFFIXES)
    if not found:
        raise DataError(
            f"{data} has no pictures in it.",
            "Give a directory with a manifest.csv, or one folder of pictures for each class.",
        )
    return _manifest(
        _picture(p, "" if p.parent == data else p.parent.relative_to(data).as_posix()) for p in found
    )


def _from_one_shot(data: Path) -> Manifest:
    pictures = []
    for folder, label in ((ANCHOR, ANCHOR), (POSITIVE, ANCHOR), (NEGATIVE, "")):
        found = sorted(p for p in (data / folder).glob("*") if p.suffix.lower() in PICTURE_SUFFIXES)
        if not found:
            raise DataError(
                f"{data / folder} has no pictures in it.",
                "All of anchor, positive and negative are needed; `python -m train collect` gathers them.",
            )
        pictures += [_picture(p, label) for p in found]
    return _manifest(pictures)


def _from_file(path: Path) -> Manifest:
    try:
        text = path.read_text(encoding="utf-8-sig")
        rows = _csv_rows(text) if path.suffix.lower() == ".csv" else _json_rows(json.loads(text))
    except (OSError, ValueError, csv.Error) as error:
        raise DataError(f"Cannot read {path}: {error}.", "Give a .csv or .json file of rows.") from error
    pictures = []
    for number, row in enumerate(rows, 1):
        given, label = row.get("path"), row.get("label", row.get("camera_id", ""))
        if not isinstance(given, str) or not given:
            raise DataError(f"Row {number} of {path} names no `path`.", "Every row needs one.")
        timestamp, condition, part = (str(row.get(name) or default) for name, default in OPTIONAL.items())
        if part not in SPLITS:
            raise DataError(
                f"Row {number} of {path} has the split {part!r}.", f"Splits are {' and '.join(SPLITS)}."
            )
        # A class may be called 0: only what is not there is no label.
        pictures.append(
            _picture(path.parent / given, "" if label is None else str(label), timestamp, condition, part)
        )
    if not pictures:
        raise DataError(f"{path} names no pictures.", "Every row needs a `path`, and a `label` where known.")
    return _manifest(pictures)


def _csv_rows(text: str) -> list[Mapping[str, Any]]:
    return list(csv.DictReader(io.StringIO(text)))


def _json_rows(values: Any) -> list[Mapping[str, Any]]:
    if isinstance(values, list) and all(isinstance(row, dict) for row in values):
        return values
    if isinstance(values, dict) and all(isinstance(paths, list) for paths in values.values()):
        return [{"path": path, "label": label} for label, paths in values.items() for path in paths]
    raise ValueError("neither a list of objects nor an object of lists")


def _picture(
    path: Path, label: str, timestamp: str = "", condition: str = "", split: str = "train"
) -> Picture:
    return Picture(path, label, timestamp, condition, SAME_VIEW if label else SCENE, split)


def _manifest(pictures: Iterable[Picture]) -> Manifest:
    given = tuple(pictures)
    often = Counter((picture.camera, picture.split) for picture in given)
    # The only picture of its label has none to be paired with: it serves as a single one, instead of not at all.
    found = tuple(
        replace(p, use=SAME_VIEW if p.camera and often[p.camera, p.split] > 1 else SCENE) for p in given
    )
    digest = hashlib.sha256()
    for picture in found:
        digest.update(f"{picture.camera}\0{picture.path.name}\0{picture.split}\n".encode())
    return Manifest(found, digest.hexdigest()[:12])
