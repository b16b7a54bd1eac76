"""The index of pictures: one row a picture, read from `manifest.csv` in the data directory."""

from __future__ import annotations

import csv
import hashlib
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from monitor.domain.errors import MonitorError

PICTURE_SUFFIXES = {".jpg", ".jpeg", ".png"}


class DataError(MonitorError):
    """The training data is missing or not as the manifest says."""


@dataclass(frozen=True, slots=True)
class Picture:
    """One row of the manifest.

    Attributes:
        path: Absolute path.
        camera: Camera id; may be empty for unrelated photos.
        timestamp: As written; sorts in time order within a camera.
        condition: Free text, for example `day` or `night`.
        use: What the picture may serve as, for example `same-view`.
        split: `train` or `dev`.
    """

    path: Path
    camera: str
    timestamp: str
    condition: str
    use: str
    split: str

    @property
    def unrelated(self) -> bool:
        """Whether this is one of a collection's photos, which carry the collection's name as their camera."""
        return self.use == "train scene"

    @property
    def same_view(self) -> bool:
        """Whether every other same-view picture of this camera shows the same view."""
        return self.use.startswith("same-view")


@dataclass(frozen=True, slots=True)
class Manifest:
    """All still pictures of a data directory, with a fingerprint of the rows."""

    pictures: tuple[Picture, ...]
    fingerprint: str

    def __repr__(self) -> str:
        cameras = {p.camera for p in self.pictures if p.same_view}
        return f"<Manifest {len(self.pictures)} pictures, {len(cameras)} fixed cameras, {self.fingerprint}>"


def read_manifest(data: Path) -> Manifest:
    """Read `manifest.csv`; video clips are left out.

    Raises:
        DataError: There is no manifest, or a column is missing.
    """
    path = data / "manifest.csv"
    if not path.is_file():
        raise DataError(f"No manifest.csv in {data}.", "Give the directory of the training data with --data.")
    raw = path.read_bytes()
    pictures = []
    for row in csv.DictReader(raw.decode("utf-8-sig").splitlines()):
        try:
            picture = Picture(
                data / row["path"],
                row["camera_id"],
                row["timestamp"],
                row["condition"],
                row["use"],
                row["split"],
            )
        except KeyError as missing:
            raise DataError(
                f"{path} has no column {missing}.", "Columns are described in its README."
            ) from missing
        if picture.path.suffix.lower() in PICTURE_SUFFIXES:
            pictures.append(picture)
    return Manifest(tuple(pictures), hashlib.sha256(raw).hexdigest()[:12])


def read_picture(path: Path) -> NDArray[np.uint8]:
    """Decode a picture to (H, W, 3) uint8 RGB.

    Raises:
        DataError: It is missing or not a picture.
    """
    if not path.is_file():
        raise DataError(f"Cannot read {path}: there is no such file.", "Is the data directory complete?")
    pixels = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if pixels is None:
        raise DataError(f"Cannot read {path}: it is not a picture, or damaged.", "Replace or remove it.")
    return np.asarray(cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB), dtype=np.uint8)
