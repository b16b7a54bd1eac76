"""`<id>_<image>.jpg`: names as re-identification data sets have them, and what such names are planned for.

The id stands for a label, camera or identity, the image is a running number within it: `0007_0003.jpg` is the third
picture of the seventh. Names are unique over the whole directory, and sort as people expect.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from train.preparation.problems import PreparationError

DIGITS = 4
_NAMED = re.compile(r"(\d{4,})_(\d{4,})\.[a-z]+")
_SAME_FORMAT = {".jpeg": ".jpg", ".tiff": ".tif"}


@dataclass(frozen=True, slots=True)
class Rename:
    """A file's path before and after, both relative to the directory, with forward slashes."""

    old: str
    new: str


def picture_name(identity: int, image: int, suffix: str = ".jpg") -> str:
    """`0007_0003.jpg` for 7 and 3; more than 9,999 of either take more digits.

    Raises:
        ValueError: A number is negative.
    """
    if identity < 0 or image < 0:
        raise ValueError(f"Ids and images are numbered from 0, not {identity}, {image}.")
    suffix = suffix.lower()
    return f"{identity:0{DIGITS}}_{image:0{DIGITS}}{_SAME_FORMAT.get(suffix, suffix)}"


def identities_of(files: Sequence[str], pattern: str | None) -> dict[str, str]:
    """Which identity each file belongs to: its folder, or what a pattern finds in its path.

    Args:
        files: Paths relative to the directory.
        pattern: Regular expression with a group named `id`, searched in the relative path; None for the folder.

    Raises:
        PreparationError: The pattern is none, has no such group, or does not fit a file.
    """
    if pattern is None:
        return {file: str(PurePosixPath(file).parent) for file in files}
    try:
        compiled = re.compile(pattern)
    except re.error as error:
        raise PreparationError(f"{pattern!r} is no regular expression: {error}.") from error
    if "id" not in compiled.groupindex:
        raise PreparationError(f"{pattern!r} has no group named id.", r"Write for example '(?P<id>cam\d+)'.")
    found = {file: compiled.search(file) for file in files}
    misfits = [file for file, match in found.items() if match is None or not match["id"]]
    if misfits:
        raise PreparationError(
            f"{pattern!r} finds no id in {len(misfits)} of {len(files)} files, for example {misfits[0]}.",
            "Widen the pattern, or move those files away.",
        )
    return {file: match["id"] for file, match in found.items() if match is not None}


def plan_names(directory: Path, pictures: Sequence[Path], pattern: str | None = None) -> list[Rename]:
    """What has to be renamed so that every picture has a name of its own; pictures stay in their folders.

    Pictures that are named so already keep their names, so that adding pictures later renames none of the old ones.
    Folders whose names are numbers give their number as the id; others are numbered in sorted order from 1, after the
    ids in use.

    Args:
        directory: What the names are unique in.
        pictures: Files in it or below.
        pattern: As in `identities_of`.

    Raises:
        PreparationError: As `identities_of`, or a name is taken by a file that is not to be renamed.
    """
    files = sorted(path.relative_to(directory).as_posix() for path in pictures)
    groups: dict[str, list[str]] = defaultdict(list)
    for file, identity in identities_of(files, pattern).items():
        groups[identity].append(file)
    numbers = _numbers(groups)
    renames = []
    for identity, members in sorted(groups.items(), key=lambda item: numbers[item[0]]):
        number = numbers[identity]
        kept = _kept(members, number)
        following = max(kept.values(), default=0) + 1
        for file in members:
            if file not in kept:
                path = PurePosixPath(file)
                new = path.with_name(picture_name(number, following, path.suffix))
                renames.append(Rename(file, new.as_posix()))
                following += 1
    _check_free(directory, renames)
    return renames


def check_plan(renames: Sequence[Rename]) -> None:
    """A plan must name each file once and give each name once, the new ones also where capitals make no difference.

    Raises:
        PreparationError: It does not, or a path leaves the directory.
    """
    for side in ("old", "new"):
        paths = [getattr(rename, side) for rename in renames]
        (worst, times), *_ = Counter(
            path.casefold() if side == "new" else path for path in paths
        ).most_common(1) or [("", 0)]
        if times > 1:
            raise PreparationError(f"{worst} appears {times} times as the {side} name.", "Names must differ.")
        for path in map(PurePosixPath, paths):
            if path.is_absolute() or ".." in path.parts or not path.name:
                raise PreparationError(f"{path} is not a path inside the directory.", "Correct the list.")


def _numbers(groups: Mapping[str, Sequence[str]]) -> dict[str, int]:
    """The id of each group: of pictures named already, of a folder that is a number, or the next free one."""
    numbers: dict[str, int] = {}
    for identity, members in sorted(groups.items()):
        used = Counter(int(match[1]) for file in members if (match := _match(file)))
        name = PurePosixPath(identity).name
        wanted = int(name) if name.isascii() and name.isdigit() else None
        if used and wanted is None:
            wanted = used.most_common(1)[0][0]
        if wanted is not None and wanted not in numbers.values():
            numbers[identity] = wanted
    following = max(numbers.values(), default=0) + 1
    for identity in sorted(groups):
        if identity not in numbers:
            numbers[identity] = following
            following += 1
    return numbers


def _kept(members: Sequence[str], number: int) -> dict[str, int]:
    """Members with a right name, each image number once."""
    kept: dict[str, int] = {}
    for file in members:
        match = _match(file)
        if match and int(match[1]) == number and int(match[2]) not in kept.values():
            expected = picture_name(number, int(match[2]), PurePosixPath(file).suffix)
            if PurePosixPath(file).name == expected:
                kept[file] = int(match[2])
    return kept


def _match(file: str) -> re.Match[str] | None:
    return _NAMED.fullmatch(PurePosixPath(file).name)


def _check_free(directory: Path, renames: Sequence[Rename]) -> None:
    check_plan(renames)
    leaving = {rename.old for rename in renames}
    for rename in renames:
        if rename.new not in leaving and (directory / rename.new).exists():
            raise PreparationError(
                f"{directory / rename.new} exists and is not to be renamed.", "Move it away first."
            )
