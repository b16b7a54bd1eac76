"""Proposals as a table that a person reviews, and what is taken from it."""

from __future__ import annotations

import csv
import io
import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from train.preparation.crops import label_folders
from train.preparation.labelling import Proposal
from train.preparation.naming import picture_name
from train.preparation.pictures import new_directory, write_bytes
from train.preparation.problems import PreparationError, Problems

COLUMNS = ("path", "proposed", "confidence", "distance", "nearest", "label", "decision")
LABELS_FILE = "labels.csv"
TAKEN = ("accepted", "changed")
DECISIONS = ("", *TAKEN, "rejected")


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table.

    Attributes:
        path: Of the picture, relative to the pictures' directory.
        proposed: Label that the network proposes.
        confidence: 0–1.
        distance: To the nearest known picture of that label.
        nearest: That picture.
        label: What a person says; empty where nobody has.
        decision: One of `DECISIONS`; empty where nobody has looked.
    """

    path: str
    proposed: str
    confidence: float
    distance: float
    nearest: str
    label: str = ""
    decision: str = ""


def rows_of(proposals: Sequence[Proposal], directory: Path) -> list[Row]:
    """Proposals as lines nobody has looked at yet."""
    return [
        Row(
            one.path.relative_to(directory).as_posix(),
            one.label,
            round(one.confidence, 4),
            round(one.distance, 4),
            str(one.nearest.resolve()),
        )
        for one in proposals
    ]


def write_rows(path: Path, rows: Sequence[Row]) -> None:
    """Write the table.

    Raises:
        PreparationError: It cannot be written.
    """
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    writer.writerows([getattr(row, column) for column in COLUMNS] for row in rows)
    write_bytes(path, text.getvalue().encode())


def read_rows(path: Path) -> list[Row]:
    """Read the table, as written or as the review page gives it.

    Raises:
        PreparationError: It is missing, empty or not such a table.
    """
    try:
        lines = list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig"), newline="")))
        rows = [_row(line) for line in lines]
    except OSError as error:
        raise PreparationError(f"Cannot read {path}: {os.strerror(error.errno or 0)}.") from error
    except (KeyError, ValueError, TypeError, AttributeError, csv.Error) as error:
        raise PreparationError(
            f"{path} is no table of proposals: {error}.", f"Its columns are {','.join(COLUMNS)}."
        ) from error
    if not rows:
        raise PreparationError(f"{path} holds no proposal.", "Make it with `label --out`.")
    return rows


def accept(
    rows: Sequence[Row], directory: Path, out: Path, problems: Problems, sure_from: float | None = None
) -> Counter[str]:
    """Copy what was accepted to `LABEL/<id>_<image>.…` with a `labels.csv` (path,label,source,decision).

    Args:
        rows: The reviewed table.
        directory: Of the pictures.
        out: New directory.
        problems: Gets pictures that are gone.
        sure_from: Also take lines nobody looked at from this confidence on; None takes none of them.

    Returns:
        Pictures by label.

    Raises:
        PreparationError: Nothing was accepted, or `out` is in use.
    """
    taken = [(row, label) for row in rows if (label := _label(row, sure_from))]
    if not taken:
        raise PreparationError(
            f"None of {len(rows)} proposals was accepted.",
            "Review them with --review, or take the sure ones unseen with --take-sure.",
        )
    if not directory.is_dir():
        raise PreparationError(f"There is no directory {directory}.", "Give the pictures' directory.")
    new_directory(out)
    folders = label_folders(sorted({label for _, label in taken}))
    identities = {label: number for number, label in enumerate(folders, start=1)}
    counts: Counter[str] = Counter()
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["path", "label", "source", "decision"])
    for row, label in taken:
        source = directory / row.path
        try:
            content = source.read_bytes()
        except OSError as error:
            problems.add(f"{source}: {os.strerror(error.errno or 0)}")
            continue
        counts[label] += 1
        name = picture_name(identities[label], counts[label], source.suffix)
        write_bytes(out / folders[label] / name, content)
        writer.writerow([f"{folders[label]}/{name}", label, row.path, row.decision or "sure, not reviewed"])
    if not counts:
        raise PreparationError(f"None of the accepted pictures is in {directory}.", "Give their directory.")
    write_bytes(out / LABELS_FILE, text.getvalue().encode())
    return counts


def _label(row: Row, sure_from: float | None) -> str:
    """The label under which a line is taken; empty where it is not."""
    if row.decision in TAKEN:
        return row.label or row.proposed
    if row.decision == "" and sure_from is not None and row.confidence >= sure_from:
        return row.proposed
    return ""


def _row(line: dict[str, str]) -> Row:
    path = PurePosixPath(line["path"])
    if path.is_absolute() or ".." in path.parts or not path.name:
        raise ValueError(f"{line['path']} does not lie in the pictures' directory")
    decision = line["decision"].strip().lower()
    if decision not in DECISIONS:
        raise ValueError(f"{decision} is no decision; they are {', '.join(DECISIONS[1:])}")
    if decision == "changed" and not line["label"].strip():
        raise ValueError(f"{line['path']} was changed to no label")
    return Row(
        line["path"],
        line["proposed"],
        float(line["confidence"]),
        float(line["distance"]),
        line["nearest"],
        line["label"].strip(),
        decision,
    )
