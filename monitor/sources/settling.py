"""Telling a finished file from one that somebody still writes, or that is gone by now."""

from __future__ import annotations

import errno
import stat
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path
from typing import Any

from monitor.domain.errors import SourceError
from monitor.domain.ports import Clock
from monitor.sources.files import explain_os_error, read_tail
from monitor.sources.pictures import PNG_END

_ENDINGS = (b"\xff\xd9", PNG_END)
# Of files that are being written; more at a time are hardly watched.
_REMEMBERED = 16


class Condition(Enum):
    """What can be done with a file."""

    SETTLED = auto()
    """Nobody writes to it any more."""
    UNFINISHED = auto()
    """Somebody does, or it vanished a moment ago: look again."""
    UNUSABLE = auto()
    """No file at all: a link to nowhere or in a circle, a pipe, a socket."""


@dataclass(frozen=True, slots=True)
class Mark:
    """What changes when a file is written or replaced."""

    inode: int
    size: int
    changed_ns: int

    @classmethod
    def of(cls, path: Path) -> Mark | None:
        """None if there is no such file any more.

        Raises:
            SourceError: It cannot be asked.
        """
        try:
            status = path.stat()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise explain_os_error(path, error) from error
        return cls(status.st_ino, status.st_size, status.st_mtime_ns)


class Watch:
    """Looks at files again and again, and knows since when each has not changed.

    Args:
        settle_s: For how long that must be so before a file without a proper end counts as finished.
        clock: Tells the age of files.
    """

    def __init__(self, settle_s: float, clock: Clock) -> None:
        self._settle_s = settle_s
        self._clock = clock
        self._unfinished: dict[Path, tuple[Mark, float]] = {}

    def look(self, path: Path) -> Condition:
        """Whether the file can be read now.

        Raises:
            SourceError: It cannot be asked: a share that is gone, a lock.
        """
        try:
            status = path.stat()
        except FileNotFoundError:
            return Condition.UNUSABLE if path.is_symlink() else Condition.UNFINISHED
        except OSError as error:
            if error.errno == errno.ELOOP:
                return Condition.UNUSABLE
            raise explain_os_error(path, error) from error
        if not stat.S_ISREG(status.st_mode):
            return Condition.UNUSABLE
        mark = Mark(status.st_ino, status.st_size, status.st_mtime_ns)
        return Condition.SETTLED if self._is_settled(path, mark) else Condition.UNFINISHED

    def _is_settled(self, path: Path, mark: Mark) -> bool:
        age_s = self._clock.now().timestamp() - mark.changed_ns / 1e9
        if age_s >= self._settle_s or _has_proper_end(path):
            self._unfinished.pop(path, None)
            return True
        # The writer's clock may be ahead of ours, so that its files never seem old: then time what we see.
        seen, since_s = self._unfinished.get(path, (None, 0.0))
        if seen != mark:
            self._unfinished[path] = (mark, time.monotonic())
            return self._settle_s == 0
        return time.monotonic() - since_s >= self._settle_s

    def remember(self) -> dict[str, list[float]]:
        """Since when files that may be unfinished have not changed, for JSON."""
        latest = sorted(self._unfinished.items(), key=lambda item: item[1][1])[-_REMEMBERED:]
        return {
            str(path): [mark.inode, mark.size, mark.changed_ns, since_s] for path, (mark, since_s) in latest
        }

    def recall(self, remembered: Mapping[Any, Any]) -> None:
        """Go on from what another instance remembered; what does not fit is left out."""
        self._unfinished = dict(_parse(remembered))

    def forget(self) -> None:
        """Begin anew."""
        self._unfinished.clear()


def _has_proper_end(path: Path) -> bool:
    """Whether the last bytes are those that end a JPEG or PNG."""
    try:
        tail = read_tail(path, max(len(ending) for ending in _ENDINGS))
    except SourceError:
        return False
    return tail.endswith(_ENDINGS)


def _parse(remembered: Mapping[Any, Any]) -> Iterator[tuple[Path, tuple[Mark, float]]]:
    for path, values in remembered.items():
        with suppress(TypeError, ValueError, OverflowError):
            inode, size, changed_ns, since_s = values
            yield Path(path), (Mark(int(inode), int(size), int(changed_ns)), float(since_s))
