"""The pictures of a folder tree, and what they show by the names they have."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from train.data.manifest import read_manifest
from train.preparation.pictures import find_pictures
from train.retrieval.embed import NothingToEmbed

MANIFEST = "manifest.csv"


def label_pictures(directory: Path, paths: Sequence[Path]) -> list[str]:
    """What each picture shows, by its first sub-folder; without one by its name, `ID_IMAGE.jpg`.

    A name without an underscore stands for itself.

    Args:
        directory: The root that `paths` lie below.
        paths: Pictures.
    """
    labels = []
    for path in paths:
        parts = path.relative_to(directory).parts
        labels.append(parts[0] if len(parts) > 1 else path.stem.split("_", 1)[0])
    return labels


def labelled_pictures(directory: Path) -> tuple[list[Path], list[str]]:
    """Pictures with their labels: those of the folder's manifest by camera if it has one, else by folder or name.

    Raises:
        PreparationError: There is no such folder, or no picture in it.
        NothingToEmbed: The manifest names no picture.
        DataError: The manifest lacks a column.
    """
    if not (directory / MANIFEST).is_file():
        paths = find_pictures(directory)
        return paths, label_pictures(directory, paths)
    pictures = read_manifest(directory).pictures
    if not pictures:
        raise NothingToEmbed(
            f"{directory / MANIFEST} names no pictures.", "Rows need a path that ends in .jpg, .jpeg or .png."
        )
    return [picture.path for picture in pictures], [picture.camera or "(none)" for picture in pictures]


def thin_out(paths: Sequence[Path], labels: Sequence[str], most: int | None) -> tuple[list[Path], list[str]]:
    """At most so many pictures of each label, spread evenly over its pictures; None keeps all."""
    if most is None:
        return list(paths), list(labels)
    places: dict[str, list[int]] = {}
    for index, label in enumerate(labels):
        places.setdefault(label, []).append(index)
    kept = sorted(
        members[place * len(members) // min(most, len(members))]
        for members in places.values()
        for place in range(min(most, len(members)))
    )
    return [paths[index] for index in kept], [labels[index] for index in kept]
