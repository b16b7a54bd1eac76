"""Reading a file that may be huge, special, locked away or gone."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import BinaryIO

from monitor.domain.errors import FrameFault, SourceDenied, SourceError, SourceUnreachable

# What the system says of network shares that vanished, and of disks that died.
_GONE = frozenset(
    {
        errno.ESTALE, errno.EIO, errno.ETIMEDOUT, errno.ENOTCONN, errno.ENODEV, errno.ENXIO, errno.EHOSTDOWN,
        errno.EHOSTUNREACH, errno.ENETDOWN, errno.ENETUNREACH, errno.ECONNREFUSED, errno.ECONNRESET,
        errno.ECONNABORTED, errno.EREMOTEIO, errno.ESHUTDOWN,
    }
)  # fmt: skip


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
            f"{printable(path)} has {max(size, len(data)):,} bytes, more than the {max_bytes:,} allowed.",
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


def explain_os_error(place: Path, error: OSError | ValueError) -> SourceError:
    """What the operating system's refusal means for the operator."""
    path = printable(place)
    match error:
        case FileNotFoundError():
            return SourceUnreachable(f"{path} does not exist.", "Check its spelling, and that it is mounted.")
        case OSError(errno=number) if number in _GONE:
            return SourceUnreachable(
                f"{path} lies on a share or disk that does not answer: {error.strerror}.",
                "See whether server, network and disk live; unmount and mount it again.",
            )
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
            return SourceUnreachable(f"{path!r} is no valid path.", "Check its spelling.")


def printable(path: Path) -> str:
    """The path as text that can be written anywhere: names need not be UTF-8, and may hold control characters."""
    text = os.fsencode(path).decode("utf-8", "backslashreplace")
    return "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in text)


def _open(path: Path) -> BinaryIO:
    # Without O_NONBLOCK, opening a named pipe that nobody writes to waits for ever.
    file = open(path, "rb", opener=lambda name, flags: os.open(name, flags | os.O_NONBLOCK))  # noqa: SIM115
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        file.close()
        raise SourceUnreachable(f"{printable(path)} is not a file.", "Name a regular file.")
    return file
