"""The gallery as a table that a spreadsheet opens."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from train.retrieval.embed import Floats
from train.retrieval.gallery_store import Row, StoreError


def write_gallery_table(path: Path, bundle_id: str, rows: Sequence[Row], features: Floats) -> None:
    """Write path, title, style, digest, bundle and the features f0000, f0001, … of N pictures as CSV, in one piece.

    Numbers have nine digits, which give the stored 32-bit values back exactly.

    Args:
        path: The file.
        bundle_id: What made the features.
        rows: N pictures.
        features: (N, D).

    Raises:
        StoreError: The file cannot be written.
    """
    unfinished = path.with_name(path.name + ".part")
    names = ["path", "title", "style", "digest", "bundle"]
    try:
        # With a byte order mark: without it some spreadsheets take the file for their own old encoding.
        with unfinished.open("w", newline="", encoding="utf-8-sig") as file:
            writer = csv.writer(file)
            writer.writerow([*names, *(f"f{index:04d}" for index in range(features.shape[1]))])
            for row, numbers in zip(rows, features.astype(np.float32).tolist(), strict=True):
                writer.writerow([*row, bundle_id, *(f"{number:.9g}" for number in numbers)])
        unfinished.replace(path)
    except OSError as error:
        raise StoreError(
            f"Cannot write {path}: {error.strerror}.",
            "Close it elsewhere, or give another folder with --store.",
        ) from error
