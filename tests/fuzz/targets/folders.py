"""Names of files in a folder: `OPTIONS NUL NAME NUL NAME …`, of which the options are one byte."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from pathlib import Path

from monitor.domain.errors import SourceError
from monitor.sources.folder import FolderOptions, FolderSource
from tests.fuzz.target import Broken, Target
from tests.sources.conftest import ManualClock
from tests.sources.drawing import draw, encode

PICTURE = encode(draw(32, 24))
MOST_FILES = 6
LIMIT_S = 10.0


def check(data: bytes) -> object:
    choice, names = data[0] if data else 0, _file_names(data[1:])
    root = Path(tempfile.mkdtemp(dir=PLACE))
    try:
        for name in names:
            descriptor = os.open(os.fsencode(root) + b"/" + name, os.O_WRONLY | os.O_CREAT, 0o600)
            os.write(descriptor, PICTURE)
            os.utime(descriptor, (1_700_000_000, 1_700_000_000))
            os.close(descriptor)
        options = FolderOptions(
            root,
            mode=("newest", "all")[choice & 1],
            time_from=("auto", "name", "mtime", "auto")[choice >> 1 & 3],
            time_format=(None, "%Y%m%d_%H%M%S")[choice >> 3 & 1],
            pattern=("*.jpg", "*")[choice >> 4 & 1],
        )
        source = FolderSource(options, ManualClock())
        try:
            frame = source.grab(LIMIT_S)
        except SourceError as error:
            return str(error).replace(str(root), "")
        if source.position is not None:
            # What was given is kept by its position; one that cannot be read back gives the same file for ever.
            again = FolderSource(options, ManualClock(), source.position)
            if again.position != source.position:
                raise Broken(f"{source.position!r} comes back as {again.position!r}")
        return frame.captured_at
    finally:
        shutil.rmtree(root)


def _file_names(data: bytes) -> list[bytes]:
    names = {name[:200].replace(b"/", b"_") for name in data.split(b"\0")[:MOST_FILES]}
    return sorted(names - {b"", b".", b".."})


def seeds() -> list[bytes]:
    names = b"20260601_140000.jpg\x0020260601_140100.jpg\x00x.jpg\0.hidden.jpg\x00caf\xe9 1.JPG"
    return [bytes([choice]) + names for choice in range(32)]


# Memory rather than a disk, where there is such a place.
PLACE = tempfile.mkdtemp(prefix="fuzz-folders-", dir="/dev/shm" if Path("/dev/shm").is_dir() else None)
atexit.register(shutil.rmtree, PLACE, ignore_errors=True)

TARGET = Target(
    promise="A frame or a SourceError, whatever files are called; and its position can be read back.",
    check=check,
    seeds=seeds,
    words=(b".jpg", b"2026", b"0601", b"_14", b"\xff", b"\xed\xa0\x80", b"%", b"[", b"\n"),
    longest=400,
)
