"""Unpacks archives that nobody vouches for.

Only plain files are ever written, under names that stay inside the directory on every system. Links are refused or
become copies of what they point to inside the archive; devices, pipes, encrypted and absurdly compressed members are
refused. Sizes are counted as bytes are written, never believed. `zipfile` and `tarfile` do the reading; their
`extractall` is not used: before Python 3.11.4 tar has no filter at all, and the filters of several later versions let
links lead out of the directory.
"""

from __future__ import annotations

import lzma
import shutil
import stat
import tarfile
import unicodedata
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from typing import IO

from train.preparation.problems import PreparationError

_CHUNK_BYTES = 1 << 20
_LONGEST_NAME_BYTES = 255
_RESERVED = frozenset(
    {"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(10))}
)


class ArchiveRefused(PreparationError):
    """An archive is damaged, too large, or holds what must not be unpacked."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """What an archive may hold at most.

    Attributes:
        total_bytes: Of all its files together, unpacked.
        files: Number of members.
        ratio: How many times larger than the archive the files together may be: pictures hardly shrink, tables to a
            twentieth, and zip reaches a thousandth.
        ratio_from_bytes: Below, the ratio does not matter.
    """

    total_bytes: int = 50_000_000_000
    files: int = 2_000_000
    ratio: int = 200
    ratio_from_bytes: int = 1_000_000_000


@dataclass(frozen=True, slots=True)
class _Member:
    name: str
    open: Callable[[], IO[bytes] | None]


def is_archive(path: Path) -> bool:
    """Whether a file is a zip or tar archive, by its content; a picture or a table is not."""
    return zipfile.is_zipfile(path) or _is_tar(path)


def unpack(archive: Path, directory: Path, bounds: Bounds | None = None) -> int:
    """Unpack a zip or tar (plain, gzip, bzip2, xz) into a new directory, all or nothing.

    Of names that differ in capitals or Unicode form only, the second gets `~2` before its suffix, so that no file
    overwrites another on a system that does not tell them apart.

    Args:
        archive: The file.
        directory: Made by this; the content is collected beside it in `.part` and appears in one piece.
        bounds: Upper limits.

    Returns:
        Number of files written.

    Raises:
        ArchiveRefused: It is none, is damaged, or holds what must not be unpacked; nothing is left behind.
    """
    bounds = bounds or Bounds()
    unfinished = directory.with_name(directory.name + ".part")
    shutil.rmtree(unfinished, ignore_errors=True)
    try:
        unfinished.mkdir(parents=True)
        files = _unpack_into(archive, unfinished, bounds)
        unfinished.replace(directory)
    except (zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError, EOFError) as error:
        raise ArchiveRefused(f"{archive.name} is damaged: {error}.", "Fetch it again.") from error
    except (NotImplementedError, RuntimeError) as error:
        raise ArchiveRefused(
            f"{archive.name} cannot be unpacked: {error}.", "Encrypted archives must be unpacked by hand."
        ) from error
    except OSError as error:
        raise ArchiveRefused(
            f"{archive.name} cannot be unpacked into {directory}: {error.strerror or error}.",
            "Is there room, is the directory new, and is the archive whole?",
        ) from error
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return files


def _unpack_into(archive: Path, directory: Path, bounds: Bounds) -> int:
    names = _Names(archive.name)
    size = archive.stat().st_size
    files = written = 0
    for member in _members(archive):
        files += 1
        if files > bounds.files:
            raise ArchiveRefused(
                f"{archive.name} holds more than {bounds.files} files.", "Raise --most-files to allow it."
            )
        target = directory.joinpath(*names.place(member.name).parts)
        target.parent.mkdir(parents=True, exist_ok=True)
        content = member.open()
        if content is None:
            raise ArchiveRefused(f"{archive.name} holds a link that leads out: {member.name}.")
        with content, target.open("xb") as file:
            while chunk := content.read(_CHUNK_BYTES):
                written += len(chunk)
                if written > bounds.total_bytes:
                    raise ArchiveRefused(
                        f"{archive.name} unpacks to more than {bounds.total_bytes / 1e9:g} GB.",
                        "Raise --largest-gb to allow it.",
                    )
                if written > max(bounds.ratio_from_bytes, bounds.ratio * size):
                    raise ArchiveRefused(
                        f"{archive.name} unpacks to more than {bounds.ratio} times its size.",
                        "This is how archives are built that fill disks; unpack it by hand if you trust it.",
                    )
                file.write(chunk)
    if files == 0:
        raise ArchiveRefused(f"{archive.name} holds no file.", "Is it the right archive?")
    return files


class _Names:
    """Turns names in an archive into places in a directory, no two of which are the same anywhere."""

    def __init__(self, archive: str) -> None:
        self._archive = archive
        self._files: set[str] = set()
        self._folders: set[str] = set()
        self._spelling: dict[str, str] = {}

    def place(self, name: str) -> PurePosixPath:
        """Where a file goes, relative to the directory."""
        if "\\" in name or ":" in name or any(ord(letter) < 32 for letter in name):
            raise self._refused(name)
        path = PurePosixPath(name)
        if path.is_absolute() or not path.parts:
            raise self._refused(name)
        for part in path.parts:
            reserved = part.split(".")[0].casefold() in _RESERVED
            if part == ".." or reserved or part != part.rstrip(" ."):
                raise self._refused(name)
            if len(part.encode("utf-8", "surrogatepass")) > _LONGEST_NAME_BYTES:
                raise self._refused(name)
        # Folders that differ in capitals only become one, spelled as the first.
        folder = PurePosixPath()
        for part in path.parts[:-1]:
            folder /= part
            key = _folded(folder)
            folder = PurePosixPath(self._spelling.setdefault(key, str(folder)))
            if key in self._files:
                raise self._refused(name)
            self._folders.add(key)
        place, number = folder / path.name, 1
        while _folded(place) in self._files | self._folders if number == 1 else _folded(place) in self._files:
            number += 1
            place = folder / f"{path.stem}~{number}{path.suffix}"
        self._files.add(_folded(place))
        return place

    def _refused(self, name: str) -> ArchiveRefused:
        return ArchiveRefused(
            f"{self._archive} holds a file with an unsafe name: {name!r}.", "Nothing was unpacked."
        )


def _folded(path: PurePosixPath) -> str:
    return unicodedata.normalize("NFC", str(path)).casefold()


def _members(archive: Path) -> Iterator[_Member]:
    return _in_tar(archive) if _is_tar(archive) else _in_zip(archive)


def _in_zip(archive: Path) -> Iterator[_Member]:
    with zipfile.ZipFile(archive) as opened:
        for entry in opened.infolist():
            kind = stat.S_IFMT(entry.external_attr >> 16)
            if entry.is_dir() or kind == stat.S_IFDIR:
                continue
            if kind not in (0, stat.S_IFREG):
                raise ArchiveRefused(f"{archive.name} holds a link or a device: {entry.filename}.")
            yield _Member(entry.filename, partial(opened.open, entry))


def _in_tar(archive: Path) -> Iterator[_Member]:
    with tarfile.open(archive, "r:*") as opened:
        for entry in opened:
            if entry.isdir():
                continue
            if not (entry.isreg() or entry.issym() or entry.islnk()):
                raise ArchiveRefused(f"{archive.name} holds a device or a pipe: {entry.name}.")
            yield _Member(entry.name, partial(_open_in_tar, opened, entry))


def _open_in_tar(opened: tarfile.TarFile, entry: tarfile.TarInfo) -> IO[bytes] | None:
    """The content of a file, or of what a link points to inside the archive; None where it points elsewhere."""
    try:
        return opened.extractfile(entry)
    except (KeyError, RecursionError):
        return None


def _is_tar(path: Path) -> bool:
    try:
        return tarfile.is_tarfile(path)
    except (OSError, EOFError, zlib.error, lzma.LZMAError):
        return False
