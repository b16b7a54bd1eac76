"""Finding the pictures in a folder and dating them."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from fnmatch import fnmatchcase
from pathlib import Path

from monitor.domain.errors import SourceTimeout, SourceUnreachable
from monitor.sources.errors import InvalidOption, UndatedFiles
from monitor.sources.files import explain_os_error
from monitor.sources.name_times import NameFormat, time_from_name

PICTURES = "*.jpg, *.jpeg, *.png, *.webp, *.bmp"

# Sub-folders such as 2026, 06, 2026-06-01 or 20260601T14, whose names sort as their contents do.
_ORDERED_NAME = re.compile(r"\d[\dT_-]*")


class TimeFrom(StrEnum):
    """Where a file's time comes from; `auto` takes the name where it tells one, else the time of writing."""

    NAME = "name"
    MTIME = "mtime"
    AUTO = "auto"


@dataclass(frozen=True, slots=True)
class Selection:
    """Which files of a folder count, and how they are dated.

    Attributes:
        patterns: Lower-case globs; a file's name matches in any case of letters.
        recursive: Whether sub-folders are searched; links to folders are not followed.
        time_from: Where a file's time comes from.
        form: How names tell the time.
    """

    patterns: tuple[str, ...]
    recursive: bool
    time_from: TimeFrom
    form: NameFormat

    @classmethod
    def of(
        cls, pattern: str, *, recursive: bool, time_from: str, time_format: str | None, time_zone: str
    ) -> Selection:
        """From an operator's options; `pattern` is one glob, or several separated by commas.

        Raises:
            InvalidOption: One of them cannot work.
        """
        patterns = tuple(glob.strip().lower() for glob in pattern.split(",") if glob.strip())
        if not patterns or any("/" in glob for glob in patterns):
            raise InvalidOption(
                f"The pattern {pattern!r} fits no file's name.", "Write it like *.jpg, *.png."
            )
        if time_from not in list(TimeFrom):
            raise InvalidOption(
                f"A file's time cannot come from {time_from!r}.", f"Use one of {', '.join(TimeFrom)}."
            )
        return cls(patterns, recursive, TimeFrom(time_from), NameFormat.of(time_format, time_zone))

    def takes(self, name: str) -> bool:
        """Whether a file of this name counts; hidden ones never do, as uploads in progress often are."""
        lower = name.lower()
        return not name.startswith(".") and any(fnmatchcase(lower, glob) for glob in self.patterns)


@dataclass(frozen=True, slots=True, order=True)
class DatedFile:
    """A file and when it was captured; ordered by time, then by name.

    Attributes:
        taken_at: Aware UTC.
        name: Relative to the folder watched, with `/`. Text, as building ten thousand paths takes its time.
    """

    taken_at: datetime
    name: str


def newest_first(root: Path, selection: Selection, deadline_s: float) -> Iterator[DatedFile]:
    """The folder's files, newest first.

    Sub-folders that are named by date are entered from the last one back, and only as far as the caller asks:
    years of archive cost nothing.

    Args:
        root: The folder.
        selection: Which files.
        deadline_s: The `time.monotonic()` at which to give up.

    Raises:
        SourceError: The folder is missing or locked, or listing it took too long.
    """
    yield from _newest_first(root, "", selection, deadline_s)


def oldest_first(root: Path, selection: Selection, deadline_s: float) -> list[DatedFile]:
    """The folder's files, oldest first.

    Raises:
        SourceError: The folder is missing or locked, or listing it took too long.
    """
    return sorted(_dated(root, _walk(root, "", selection, deadline_s), selection))


def frames_in(
    directory: Path,
    *,
    pattern: str = PICTURES,
    time_from: str = "auto",
    time_format: str | None = None,
    time_zone: str = "UTC",
    recursive: bool = True,
) -> Iterator[tuple[datetime, Path]]:
    """Recorded pictures with their time of capture, in order of time, for replays.

    Here `auto` takes names if all of them tell a time, and times of writing if none does: half and half, the
    order would be nonsense. With `name`, files whose names tell no time are left out.

    Raises:
        UndatedFiles: Only some names tell the time.
        InvalidOption: An option cannot work.
        SourceError: The folder is missing or locked.
    """
    selection = Selection.of(
        pattern, recursive=recursive, time_from=time_from, time_format=time_format, time_zone=time_zone
    )
    names = list(_walk(directory, "", selection, float("inf")))
    if selection.time_from is TimeFrom.AUTO:
        undated = [name for name in names if time_from_name(name, selection.form) is None]
        if 0 < len(undated) < len(names):
            raise UndatedFiles(
                f"{len(undated)} of {len(names)} files in {directory} tell no time in their names, "
                f"{undated[0]} for one.",
                "Narrow the pattern, give a time format, or take the time from `name` or `mtime`.",
            )
    for file in sorted(_dated(directory, names, selection)):
        yield file.taken_at, directory / file.name


def _newest_first(root: Path, folder: str, selection: Selection, deadline_s: float) -> Iterator[DatedFile]:
    files, folders = _scan(root, folder, selection, deadline_s)
    if files or not _are_ordered(folders):
        for child in folders:
            files.extend(_walk(root, child, selection, deadline_s))
        yield from sorted(_dated(root, files, selection), reverse=True)
        return
    for child in sorted(folders, reverse=True):
        yield from _newest_first(root, child, selection, deadline_s)


def _are_ordered(folders: list[str]) -> bool:
    names = [folder.rpartition("/")[2] for folder in folders]
    return len({len(name) for name in names}) == 1 and all(_ORDERED_NAME.fullmatch(name) for name in names)


def _walk(root: Path, folder: str, selection: Selection, deadline_s: float) -> Iterator[str]:
    waiting = [folder]
    while waiting:
        files, folders = _scan(root, waiting.pop(), selection, deadline_s)
        yield from files
        waiting.extend(folders)


def _scan(root: Path, folder: str, selection: Selection, deadline_s: float) -> tuple[list[str], list[str]]:
    """The files that count and the sub-folders to search in one folder, by names relative to `root`."""
    files: list[str] = []
    folders: list[str] = []
    place = root / folder
    prefix = f"{folder}/" if folder else ""
    try:
        with os.scandir(place) as entries:
            for entry in entries:
                if time.monotonic() > deadline_s:
                    raise SourceTimeout(
                        f"Listing {place} took too long.", "Keep fewer files in it, or sort them by date."
                    )
                if entry.is_dir(follow_symlinks=False):
                    if selection.recursive and not entry.name.startswith("."):
                        folders.append(prefix + entry.name)
                elif selection.takes(entry.name):
                    files.append(prefix + entry.name)
    except NotADirectoryError as error:
        raise SourceUnreachable(f"{place} is not a folder.", "Name the folder of the pictures.") from error
    except (OSError, ValueError) as error:
        raise explain_os_error(place, error) from error
    return files, folders


def _dated(root: Path, names: Iterable[str], selection: Selection) -> Iterator[DatedFile]:
    """Leaves out files that vanished meanwhile, and those whose names should tell a time and do not."""
    by_name_only = selection.time_from is TimeFrom.NAME
    for name in names:
        moment = None
        if selection.time_from is not TimeFrom.MTIME:
            moment = time_from_name(name, selection.form, day_is_enough=by_name_only)
        if moment is None and not by_name_only:
            try:
                moment = datetime.fromtimestamp((root / name).stat().st_mtime, UTC)
            except (OSError, ValueError, OverflowError):
                continue
        if moment is not None:
            yield DatedFile(moment, name)
