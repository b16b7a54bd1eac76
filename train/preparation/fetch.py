"""A published data set, from an address to a directory."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

from train.preparation.addresses import shown
from train.preparation.archives import Bounds, is_archive, unpack
from train.preparation.download import Report, download
from train.preparation.pictures import write_bytes
from train.preparation.problems import PreparationError

RECORD_FILE = ".fetched.json"
_SHA256 = re.compile(r"[0-9a-fA-F]{64}")


@dataclass(frozen=True, slots=True)
class Fetched:
    """What a directory was fetched from.

    Attributes:
        url: Without user, password and query.
        sha256: Of the file that came.
        files: Files in the directory.
    """

    url: str
    sha256: str
    files: int


def fetch(
    url: str,
    directory: Path,
    sha256: str | None = None,
    bounds: Bounds | None = None,
    report: Report = lambda done, total: None,
    say: Callable[[str], None] = lambda line: None,
) -> Fetched:
    """Fetch a file, check it, unpack it if it is an archive; does nothing where that was done before.

    The download is kept beside the directory, in `DIRECTORY.download`, until the directory is complete.

    Args:
        url: http, https or file.
        directory: Made by this, in one piece.
        sha256: Hex digest of the file, or None to take what comes.
        bounds: Upper limits of the download (`total_bytes`) and of what is unpacked.
        report: Called with bytes done and in all.
        say: Told what happens.

    Raises:
        PreparationError: The directory holds something else, the checksum is none, or as `download` and `unpack`.
    """
    bounds = bounds or Bounds()
    if sha256 is not None and not _SHA256.fullmatch(sha256.strip()):
        raise PreparationError(f"{sha256} is no SHA-256.", "It has 64 hexadecimal digits.")
    present = _present(directory)
    if present is not None:
        if present.url == shown(url) and (sha256 is None or sha256.strip().lower() == present.sha256):
            say(f"{directory} is there already, fetched from {present.url}")
            return present
        raise PreparationError(
            f"{directory} holds {present.url} with SHA-256 {present.sha256}, not what is asked for.",
            "Give another directory, or remove this one.",
        )
    kept = directory.with_name(directory.name + ".download")
    archive = kept / _file_name(url)
    digest = download(url, archive, sha256, bounds.total_bytes, report)
    if sha256 is None:
        say(f"no --sha256 was given, so nothing was checked; note this one: {digest}")
    files = _place(archive, directory, bounds, Fetched(shown(url), digest, 1))
    shutil.rmtree(kept)
    return files


def _place(archive: Path, directory: Path, bounds: Bounds, fetched: Fetched) -> Fetched:
    """Fill a directory beside the real one, note its origin in it, and give it its name."""
    filled = directory.with_name(directory.name + ".filled")
    shutil.rmtree(filled, ignore_errors=True)
    if directory.exists():
        directory.rmdir()  # empty, as `_present` made sure
    if is_archive(archive):
        fetched = Fetched(fetched.url, fetched.sha256, unpack(archive, filled, bounds))
    else:
        filled.mkdir(parents=True)
        archive.replace(filled / archive.name)
    write_bytes(filled / RECORD_FILE, json.dumps(asdict(fetched), indent=1).encode())
    try:
        filled.replace(directory)
    except OSError as error:
        raise PreparationError(f"Cannot make {directory}: {os.strerror(error.errno or 0)}.") from error
    return fetched


def _present(directory: Path) -> Fetched | None:
    """What is there already; None where nothing is."""
    if not directory.exists() or (directory.is_dir() and not any(directory.iterdir())):
        return None
    try:
        return Fetched(**json.loads((directory / RECORD_FILE).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise PreparationError(
            f"{directory} exists and was not made by this command.", "Give a new directory."
        ) from error


def _file_name(url: str) -> str:
    """The last part of an address's path, fit to be a file name."""
    name = PurePosixPath(unquote(urlsplit(url).path)).name
    return re.sub(r"[^\w.\- ]", "_", name).lstrip(".")[-100:] or "download"
