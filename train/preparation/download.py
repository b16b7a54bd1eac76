"""Brings a file here in one piece, over a connection that may break.

`requests` speaks HTTP; what it lacks, and pooch and torchvision's downloaders lack too, is here: going on after a
break, a bound on the size, and proof that both halves are of the same file.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit
from urllib.request import url2pathname

import requests

from train.preparation.addresses import shown
from train.preparation.pictures import write_bytes
from train.preparation.problems import PreparationError

_CHUNK_BYTES = 1 << 16
_TIMEOUT_S = (15.0, 60.0)
_FAILED_TRIES_AT_MOST = 4
_LARGEST_REDIRECTS = 5
Report = Callable[[int, int | None], None]


class DownloadError(PreparationError):
    """A file cannot be fetched, or is not what it should be."""


class _Broken(Exception):
    """The connection broke; worth another try, from the start where what is here cannot be gone on with."""

    def __init__(self, reason: str, restart: bool = False) -> None:
        super().__init__(reason)
        self.restart = restart


@dataclass(frozen=True, slots=True)
class _Opened:
    """A body about to be read.

    Attributes:
        chunks: What comes.
        start: At which byte of the file it starts.
        size: Of the whole file, or None where the server does not say.
        validator: Strong ETag or date by which the file is recognised later; may be empty.
    """

    chunks: Iterator[bytes]
    start: int
    size: int | None
    validator: str


def download(
    url: str,
    target: Path,
    sha256: str | None = None,
    largest_bytes: int = 50_000_000_000,
    report: Report = lambda done, total: None,
    pause_s: float = 1.0,
) -> str:
    """Fetch a file; goes on where an earlier call was broken off.

    The bytes are collected in `target.part`; `target.part.json` says of which version of the file they are. If the
    server has another version by now, or cannot send the rest alone, it starts afresh.

    Args:
        url: http, https or file.
        target: The file to be written; replaced if it is there.
        sha256: Hex digest that the file must have, or None to take what comes.
        largest_bytes: Refused beyond.
        report: Called with bytes done and in all.
        pause_s: Before the second try after a break; doubled for each next one.

    Returns:
        The SHA-256 of the file.

    Raises:
        DownloadError: It cannot be had, is too large, or has another checksum (it is removed then).
    """
    part = target.with_name(target.name + ".part")
    target.parent.mkdir(parents=True, exist_ok=True)
    failed = 0
    while True:
        before = _size(part)
        try:
            _transfer(url, part, sha256 is not None, largest_bytes, report)
            break
        except _Broken as error:
            # A try that brought something counts as none: large files over bad lines arrive in the end.
            failed = 1 if _size(part) > before else failed + 1
            if error.restart:
                part.unlink(missing_ok=True)
            if failed >= _FAILED_TRIES_AT_MOST:
                raise DownloadError(
                    f"{shown(url)} cannot be fetched, {_size(part)} bytes are here: {error}.",
                    "Check address and connection, and run the same command again: it goes on from there.",
                ) from error
            time.sleep(pause_s * 2 ** (failed - 1))
        except OSError as error:
            raise DownloadError(
                f"Cannot write {part}: {os.strerror(error.errno or 0)}.", "Is there room?"
            ) from error
    digest = file_digest(part)
    if sha256 is not None and digest != sha256.strip().lower():
        part.unlink()
        _note(part).unlink(missing_ok=True)
        raise DownloadError(
            f"{shown(url)} has the SHA-256 {digest}, not {sha256}; the file was removed.",
            "It was changed or damaged on its way, or the checksum is of another version: do not use it unchecked.",
        )
    part.replace(target)
    _note(part).unlink(missing_ok=True)
    return digest


def file_digest(path: Path) -> str:
    """Hex SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _transfer(url: str, part: Path, checked: bool, largest_bytes: int, report: Report) -> None:
    """One try: appends to `part`, or starts it afresh.

    Raises:
        _Broken: It may go better next time.
        DownloadError: It will not.
    """
    with _open(url, _size(part), _validator(part), checked) as opened:
        _check_size(url, opened.size, opened.start, largest_bytes, part)
        write_bytes(_note(part), json.dumps({"url": shown(url), "validator": opened.validator}).encode())
        done = opened.start
        with part.open("r+b" if part.exists() else "wb") as file:
            file.truncate(done)
            file.seek(done)
            for chunk in opened.chunks:
                done += len(chunk)
                if done > largest_bytes:
                    raise _too_large(url, largest_bytes)
                file.write(chunk)
                report(done, opened.size)
        if opened.size is not None and done < opened.size:
            raise _Broken(f"{opened.size - done} of {opened.size} bytes are missing")


@contextmanager
def _open(url: str, have: int, validator: str, checked: bool) -> Iterator[_Opened]:
    scheme = urlsplit(url).scheme
    if scheme == "file":
        with _open_local(url) as (file, size):
            yield _Opened(iter(lambda: file.read(_CHUNK_BYTES), b""), 0, size, "")
        return
    if scheme not in ("http", "https"):
        raise DownloadError(f"{shown(url)} is no address to fetch from.", "Give an http, https or file URL.")
    # Compressed on the way, the byte counts and offsets would be of something else.
    headers = {"Accept-Encoding": "identity"}
    if have and (validator or checked):
        headers["Range"] = f"bytes={have}-"
        if validator:
            headers["If-Range"] = validator
    try:
        with requests.Session() as session:
            session.max_redirects = _LARGEST_REDIRECTS
            with session.get(url, headers=headers, stream=True, timeout=_TIMEOUT_S) as answer:
                yield _judge(url, answer, have if "Range" in headers else 0, validator)
    except (requests.exceptions.InvalidURL, requests.exceptions.TooManyRedirects) as error:
        raise DownloadError(f"{shown(url)} cannot be fetched: {type(error).__name__}.") from error
    except requests.exceptions.SSLError as error:
        raise DownloadError(
            f"{shown(url)} cannot be trusted: its certificate does not hold.",
            "Check address, clock and proxy.",
        ) from error
    except requests.exceptions.RequestException as error:
        # Its text repeats the address with all its secrets; the kind says enough.
        raise _Broken(type(error).__name__) from error


def _judge(url: str, answer: requests.Response, asked_from: int, expected: str) -> _Opened:
    """What an answer means, before its body is read."""
    if urlsplit(url).scheme == "https" and urlsplit(answer.url).scheme != "https":
        raise DownloadError(f"{shown(url)} leads to an unencrypted address.", "Ask its owner for another.")
    length = answer.headers.get("Content-Length", "")
    size = int(length) if length.isdigit() else None
    validator = answer.headers.get("ETag", "")
    if not validator or validator.startswith("W/"):
        validator = answer.headers.get("Last-Modified", "")
    chunks = answer.iter_content(_CHUNK_BYTES)
    if answer.status_code == 200:
        return _Opened(chunks, 0, size, validator)
    if answer.status_code == 206 and asked_from:
        span, _, whole = answer.headers.get("Content-Range", "").removeprefix("bytes ").partition("/")
        changed = bool(expected and validator and expected != validator)
        if span.partition("-")[0] == str(asked_from) and not changed:
            return _Opened(chunks, asked_from, int(whole) if whole.isdigit() else None, validator)
        raise _Broken("the server sent another part than it was asked for", restart=True)
    if answer.status_code == 416 and asked_from:
        _, _, whole = answer.headers.get("Content-Range", "").partition("/")
        if whole == str(asked_from):
            return _Opened(iter(()), asked_from, asked_from, validator)
        raise _Broken("the file is shorter than what is here", restart=True)
    if answer.status_code in (408, 429) or answer.status_code >= 500:
        raise _Broken(f"the server answers {answer.status_code}")
    raise DownloadError(
        f"{shown(url)} cannot be fetched: the server answers {answer.status_code} {answer.reason}.",
        "Check the address; open it in a browser.",
    )


@contextmanager
def _open_local(url: str) -> Iterator[tuple[IO[bytes], int]]:
    path = Path(url2pathname(urlsplit(url).path))
    try:
        file = path.open("rb")
    except OSError as error:
        raise DownloadError(f"Cannot read {path}: {os.strerror(error.errno or 0)}.") from error
    with file:
        yield file, path.stat().st_size


def _check_size(url: str, size: int | None, start: int, largest_bytes: int, part: Path) -> None:
    if size is None:
        return
    if size > largest_bytes:
        raise _too_large(url, largest_bytes)
    free = shutil.disk_usage(part.parent).free
    if size - start > free:
        raise DownloadError(
            f"{shown(url)} needs {(size - start) / 1e9:.1f} GB, and {free / 1e9:.1f} GB are free.",
            "Make room.",
        )


def _too_large(url: str, largest_bytes: int) -> DownloadError:
    return DownloadError(
        f"{shown(url)} is larger than {largest_bytes / 1e9:g} GB.", "Raise --largest-gb to allow it."
    )


def _note(part: Path) -> Path:
    return part.with_name(part.name + ".json")


def _validator(part: Path) -> str:
    try:
        return str(json.loads(_note(part).read_text())["validator"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
