"""Reading a file that may be huge, special, locked away or gone."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import BinaryIO

from monitor.domain.errors import FrameFault, SourceDenied, SourceError, SourceUnreachable


def read_bounded(path: Path, max_bytes: int) -> bytes:
    """The content of a regular file.

    Raises:
        SourceUnreachable: It is missing, or no regular file.
        SourceDenied: It may not be read.
        FrameFault: It is larger than `max_bytes`.
    """
    try:
        with _open(path) as file:
            size = os.fstat(file.fileno()).st_size
            data = file.read(max_bytes + 1)
    except (OSError, ValueError) as error:
        raise explain_os_error(path, error) from error
    if len(data) > max_bytes:
        raise FrameFault(
            f"{path} has {max(size, len(data)):,} bytes, more than the {max_bytes:,} allowed.",
            "Lower the camera's quality or resolution, or raise `max_bytes`.",
        )
    return data


def check_regular(path: Path) -> None:
    """Make sure that a library that is to open the file by its name will find one, and may.

    Raises:
        SourceUnreachable: It is missing, or no regular file.
        SourceDenied: It may not be read.
    """
    read_tail(path, 1)


def read_tail(path: Path, count: int) -> bytes:
    """The last `count` bytes of a file, or all of them if it has fewer.

    Raises:
        SourceError: It cannot be read.
    """
    try:
        with _open(path) as file:
            size = os.fstat(file.fileno()).st_size
            file.seek(max(0, size - count))
            return file.read(count)
    except (OSError, ValueError) as error:
        raise explain_os_error(path, error) from error


def explain_os_error(path: Path, error: OSError | ValueError) -> SourceError:
    """What the operating system's refusal means for the operator."""
    match error:
        case FileNotFoundError():
            return SourceUnreachable(f"{path} does not exist.", "Check its spelling, and that it is mounted.")
        case PermissionError():
            return SourceDenied(f"{path} may not be read.", "Give this program's user the right to read it.")
        case IsADirectoryError():
            return SourceUnreachable(f"{path} is a folder.", "Name a picture file.")
        case NotADirectoryError():
            return SourceUnreachable(f"{path} is not in a folder.", "A part of its path is a file.")
        case OSError():
            reason = error.strerror or type(error).__name__
            return SourceUnreachable(f"{path} cannot be read: {reason}.", "Check the disk or mount.")
        case _:
            return SourceUnreachable(f"{str(path)!r} is no valid path.", "Check its spelling.")


def _open(path: Path) -> BinaryIO:
    # Without O_NONBLOCK, opening a named pipe that nobody writes to waits for ever.
    file = open(path, "rb", opener=lambda name, flags: os.open(name, flags | os.O_NONBLOCK))  # noqa: SIM115
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        file.close()
        raise SourceUnreachable(f"{path} is not a file.", "Name a regular file.")
    return file
