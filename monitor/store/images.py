"""Pictures as files named by their SHA-256: written once, whole or not at all, never changed."""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from monitor.store.errors import ImageMissing
from monitor.store.faults import named_file_fault

_SUFFIXES = {b"\xff\xd8\xff": ".jpg", b"\x89PNG\r\n\x1a\n": ".png"}
_DIGEST = re.compile(r"[0-9a-f]{64}")
_UNFINISHED = ".unfinished-"


class ImageStore:
    """A folder of pictures, `ab/cd/<sha256>.jpg|png|bin`; safe for several threads and processes.

    Args:
        folder: Made when it is missing.

    Raises:
        StoreUnavailable: The folder can neither be found nor made.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder.absolute()
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise named_file_fault(error, self._folder) from error

    def put(self, content: bytes) -> str:
        """Keep a picture; the same bytes are kept once.

        Returns:
            Its digest, 64 hexadecimal digits.

        Raises:
            DiskFull: No space is left; nothing of it remains.
            StoreUnavailable: The folder is gone or not writable.
        """
        digest = hashlib.sha256(content).hexdigest()
        path = self._target(digest, _suffix(content))
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            # The lock keeps a pruning process from removing a picture between our look and our touch.
            with self._locked():
                if path.exists():
                    os.utime(path)
                    return digest
            self._write(path, content)
        except OSError as error:
            raise named_file_fault(error, path) from error
        return digest

    def get(self, digest: str) -> bytes:
        """The picture's bytes.

        Raises:
            ImageMissing: It is not here.
            StoreUnavailable: It cannot be read.
        """
        path = self.path(digest)
        try:
            return path.read_bytes()
        except FileNotFoundError:
            raise _missing(digest) from None
        except OSError as error:
            raise named_file_fault(error, path) from error

    def path(self, digest: str) -> Path:
        """Where the picture lies.

        Raises:
            ImageMissing: It is not here, or this is no digest.
        """
        if _DIGEST.fullmatch(digest):
            for suffix in (*_SUFFIXES.values(), ".bin"):
                path = self._target(digest, suffix)
                if path.exists():
                    return path
        raise _missing(digest)

    def older_than(self, age_s: float) -> Iterator[tuple[Path, str | None]]:
        """Every file that was not touched for `age_s` seconds, with its digest (None for an unfinished
        one).
        """
        for path in sorted(self._folder.glob("??/??/*")):
            if _age_s(path) > age_s:
                yield path, path.stem if _DIGEST.fullmatch(path.stem) else None

    def remove(self, path: Path, age_s: float) -> int:
        """Delete one file unless it was touched meanwhile.

        Returns:
            How many bytes this freed.

        Raises:
            StoreUnavailable: It may not be deleted.
        """
        try:
            with self._locked():
                if _age_s(path) <= age_s:
                    return 0
                size = path.stat().st_size
                path.unlink()
                return size
        except FileNotFoundError:
            return 0
        except OSError as error:
            raise named_file_fault(error, path) from error

    def _target(self, digest: str, suffix: str) -> Path:
        return self._folder / digest[:2] / digest[2:4] / (digest + suffix)

    def _write(self, path: Path, content: bytes) -> None:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=_UNFINISHED)
        unfinished = Path(name)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            unfinished.chmod(0o640)
            unfinished.replace(path)
        except BaseException:
            with suppress(OSError):
                unfinished.unlink()
            raise
        _sync_folder(path.parent)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        # Opened anew each time: flock belongs to the open file, so this excludes threads as well.
        with (self._folder / ".lock").open("ab") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


def _suffix(content: bytes) -> str:
    return next((suffix for magic, suffix in _SUFFIXES.items() if content.startswith(magic)), ".bin")


def _age_s(path: Path) -> float:
    # File times are the system's, so they are compared with its clock, not with an injected one.
    try:
        return time.time() - path.stat().st_mtime
    except FileNotFoundError:
        return -1.0


def _sync_folder(folder: Path) -> None:
    # Without this a power cut may forget the rename, while the database remembers the digest.
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _missing(digest: str) -> ImageMissing:
    return ImageMissing(
        f"The picture {digest[:12]}… is not in the image store.", "It may have been pruned by age."
    )
