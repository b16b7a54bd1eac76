"""Finding the pictures in a folder and dating them."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from operator import attrgetter
from pathlib import Path

from monitor.domain.errors import SourceTimeout, SourceUnreachable
from monitor.sources.errors import UndatedFiles
from monitor.sources.files import explain_os_error, printable
from monitor.sources.name_times import time_from_name
from monitor.sources.selection import PICTURES, Selection, TimeFrom

# Sub-folders such as 2026, 06, 2026-06-01 or 20260601T14, whose names sort as their contents do.
_ORDERED_NAME = re.compile(r"\d[\dT_-]*")


_NUMBER = re.compile(r"(\d+)")


@dataclass(frozen=True, slots=True)
class DatedFile:
    """A file and when it was captured.

    Attributes:
        taken_at: Aware UTC.
        name: Relative to the folder watched, with `/`. Text, as building ten thousand paths takes its time.
    """

    taken_at: datetime
    name: str

    def is_behind(self, taken_at: datetime, name: str) -> bool:
        """Whether it comes later than another: by time, then by name, numbers in names by their value."""
        if self.taken_at != taken_at:
            return self.taken_at > taken_at
        return _by_numbers(self.name) > _by_numbers(name)


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
    return _in_order(_dated(root, _walk(root, "", selection, deadline_s), selection))


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
    for file in _in_order(_dated(directory, names, selection)):
        yield file.taken_at, directory / file.name


def _newest_first(root: Path, folder: str, selection: Selection, deadline_s: float) -> Iterator[DatedFile]:
    files, folders = scan(root, folder, selection, deadline_s)
    if files or not _are_ordered(folders):
        for child in folders:
            files.extend(_walk(root, child, selection, deadline_s))
        yield from reversed(_in_order(_dated(root, files, selection)))
        return
    for child in sorted(folders, reverse=True):
        yield from _newest_first(root, child, selection, deadline_s)


def _are_ordered(folders: list[str]) -> bool:
    names = [folder.rpartition("/")[2] for folder in folders]
    return len({len(name) for name in names}) == 1 and all(_ORDERED_NAME.fullmatch(name) for name in names)


def _walk(root: Path, folder: str, selection: Selection, deadline_s: float) -> Iterator[str]:
    waiting = [folder]
    while waiting:
        files, folders = scan(root, waiting.pop(), selection, deadline_s)
        yield from files
        waiting.extend(folders)


def scan(root: Path, folder: str, selection: Selection, deadline_s: float) -> tuple[list[str], list[str]]:
    """The files that count and the sub-folders to search in one folder, by names relative to `root`.

    Raises:
        SourceError: The folder cannot be listed, or that took too long.
    """
    files: list[str] = []
    folders: list[str] = []
    place = root / folder
    prefix = f"{folder}/" if folder else ""
    try:
        with os.scandir(place) as entries:
            for entry in entries:
                if time.monotonic() > deadline_s:
                    raise SourceTimeout(
                        f"Listing {printable(place)} took too long.",
                        "Keep fewer files in it, or sort them by date.",
                    )
                if entry.is_dir(follow_symlinks=False):
                    if selection.enters(entry.name):
                        folders.append(prefix + entry.name)
                elif selection.takes(entry.name):
                    files.append(prefix + entry.name)
    except NotADirectoryError as error:
        raise SourceUnreachable(
            f"{printable(place)} is not a folder.", "Name the folder of the pictures."
        ) from error
    except FileNotFoundError as error:
        if not folder:
            raise explain_os_error(place, error) from error
        # A sub-folder that was cleared away since its parent was listed.
    except (OSError, ValueError) as error:
        raise explain_os_error(place, error) from error
    return files, folders


def _in_order(files: Iterable[DatedFile]) -> list[DatedFile]:
    """By time, and among files of one moment by name: 9 before 10, and a first before its `(1)` or `_1`."""
    found = sorted(files, key=attrgetter("taken_at"))
    ordered: list[DatedFile] = []
    for _, moment in groupby(found, key=attrgetter("taken_at")):
        group = list(moment)
        ordered += group if len(group) == 1 else sorted(group, key=lambda file: _by_numbers(file.name))
    return ordered


def _by_numbers(name: str) -> tuple[list[str | int], str]:
    stem = name.rpartition(".")[0] or name
    # Texts and numbers take turns, so that like is compared with like.
    return [int(part) if at % 2 else part for at, part in enumerate(_NUMBER.split(stem))], name


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
