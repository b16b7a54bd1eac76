"""Pictures that something else puts into a folder: a camera's FTP upload, a recorder's export, a script."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from monitor.domain.errors import SourceError, SourceStale, SourceTimeout, SourceUnreachable
from monitor.domain.frame import Frame
from monitor.domain.ports import Clock
from monitor.sources.errors import InvalidOption
from monitor.sources.files import explain_os_error, read_bounded, read_tail
from monitor.sources.listing import PICTURES, DatedFile, Selection, newest_first, oldest_first
from monitor.sources.memory import Memory
from monitor.sources.pictures import MAX_BYTES, MAX_PIXELS, PNG_END, TARGET_LONG_SIDE, decode_picture

_POLL_S = 0.02
_ENDINGS = (b"\xff\xd9", PNG_END)
# Of files that are being written; more at a time are hardly watched.
_REMEMBERED_UNFINISHED = 16


class Mode(StrEnum):
    """What a grab gives: the newest file, or all of them one after another."""

    NEWEST = "newest"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class FolderOptions:
    """Where the pictures are and how they are dated.

    Attributes:
        path: The folder.
        pattern: Globs on the file's name, separated by commas, in any case of letters.
        mode: `newest` gives the newest file; `all` the oldest one not given yet, so that no burst is lost.
        time_from: `name`, `mtime`, or `auto`: the name where it tells a time, else the time of writing.
        time_format: A `strptime` format for the name without suffix; None recognises the common forms.
        time_zone: IANA zone of the times in names that do not say.
        settle_s: A file without a proper end is left alone until it has not changed for this long.
        max_age_s: Older files do not count; with None, all do.
        recursive: Whether sub-folders are searched.
        max_bytes: Of a file.
        max_pixels: Of a picture.
        target_long_side: Pictures are decoded at 1/2, 1/4 or 1/8 while their long side keeps so many pixels.

    Raises:
        InvalidOption: One of them cannot work.
    """

    path: Path
    pattern: str = PICTURES
    mode: str = "newest"
    time_from: str = "auto"
    time_format: str | None = None
    time_zone: str = "UTC"
    settle_s: float = 2.0
    max_age_s: float | None = None
    recursive: bool = False
    max_bytes: int = MAX_BYTES
    max_pixels: int = MAX_PIXELS
    target_long_side: int = TARGET_LONG_SIDE

    def __post_init__(self) -> None:
        self.selection()
        if self.mode not in list(Mode):
            raise InvalidOption(f"There is no mode {self.mode!r}.", f"Use one of {', '.join(Mode)}.")
        if not self.settle_s >= 0 or (self.max_age_s is not None and not self.max_age_s > 0):
            raise InvalidOption("`settle` or `max_age` is out of range.", "Give positive seconds.")

    def selection(self) -> Selection:
        """The options that say which files count, checked and ready for use."""
        return Selection.of(
            self.pattern,
            recursive=self.recursive,
            time_from=self.time_from,
            time_format=self.time_format,
            time_zone=self.time_zone,
        )


class FolderSource:
    """Gives the frames of one folder.

    Args:
        options: Which folder, and how.
        clock: Tells the age of files.
        position: In mode `all`, where to go on: the `position` of an earlier instance, or None to start at
            the oldest file.
    """

    def __init__(self, options: FolderOptions, clock: Clock, position: str | None = None) -> None:
        self._options = options
        self._selection = options.selection()
        self._clock = clock
        self._given = _parse_position(position)
        self._unfinished: dict[Path, tuple[_Mark, float]] = {}
        self._tell: Callable[[Memory], None] | None = None

    @property
    def position(self) -> str | None:
        """Time and name of the last file given in mode `all`, as text to be kept; None before the first."""
        return None if self._given is None else f"{self._given[0].isoformat()} {self._given[1]}"

    def grab(self, timeout_s: float) -> Frame:
        """The newest frame, or in mode `all` the oldest one not given yet (without any, the last one again).

        Raises:
            SourceUnreachable: No folder, or no file in it that counts.
            SourceDenied: The folder or file may not be read.
            SourceStale: All files are older than they may be.
            SourceTimeout: The only new file was still being written when the time was over.
            FrameFault: The file is no usable picture; in mode `all` the next grab goes on behind it.
        """
        deadline_s = time.monotonic() + timeout_s
        while True:
            file = self._choose(deadline_s)
            if file is not None:
                if self._options.mode == Mode.ALL:
                    self._give(file)
                data = self._read(self._options.path / file.name)
                if data is not None:
                    return decode_picture(
                        data,
                        captured_at=file.taken_at,
                        max_bytes=self._options.max_bytes,
                        max_pixels=self._options.max_pixels,
                        target_long_side=self._options.target_long_side,
                    )
            if time.monotonic() + _POLL_S > deadline_s:
                raise SourceTimeout(
                    f"The picture in {self._options.path} was still being written after {timeout_s:g} s.",
                    "Allow more time, or lower `settle`.",
                )
            time.sleep(_POLL_S)

    def remember(self) -> Memory:
        """The position, and since when files that may be unfinished have not changed."""
        latest = sorted(self._unfinished.items(), key=lambda item: item[1][1])[-_REMEMBERED_UNFINISHED:]
        return {
            "position": self.position,
            "unfinished": {str(path): [*mark.as_list(), since_s] for path, (mark, since_s) in latest},
        }

    def recall(self, memory: Memory) -> None:
        """Go on from what another instance remembered; what does not fit is left out."""
        position, unfinished = memory.get("position"), memory.get("unfinished")
        if isinstance(position, str):
            with suppress(InvalidOption):
                self._given = _parse_position(position)
        if isinstance(unfinished, Mapping):
            self._unfinished = dict(_parse_unfinished(unfinished))

    def foretell(self, tell: Callable[[Memory], None]) -> None:
        """Tell the position before the file there is read: one that kills its reader is not met again."""
        self._tell = tell

    def close(self) -> None:
        """Nothing is held open between grabs."""
        self._unfinished.clear()

    def _give(self, file: DatedFile) -> None:
        is_new = self._given != (file.taken_at, file.name)
        self._given = (file.taken_at, file.name)
        if is_new and self._tell is not None:
            self._tell(self.remember())

    def _choose(self, deadline_s: float) -> DatedFile | None:
        """The file to read now, or None while it is still being written."""
        if self._options.mode == Mode.ALL:
            return self._choose_next(oldest_first(self._options.path, self._selection, deadline_s))
        return self._choose_newest(newest_first(self._options.path, self._selection, deadline_s))

    def _choose_newest(self, files: Iterator[DatedFile]) -> DatedFile | None:
        newest: DatedFile | None = None
        waiting = False
        for file in files:
            newest = newest or file
            if self._is_too_old(file):
                break
            if self._is_settled(self._options.path / file.name):
                return file
            waiting = True
        if waiting:
            return None
        raise self._nothing(newest)

    def _choose_next(self, files: list[DatedFile]) -> DatedFile | None:
        usable = [file for file in files if not self._is_too_old(file)]
        if not usable:
            raise self._nothing(files[-1] if files else None)
        given = self._given
        not_given = (file for file in usable if given is None or (file.taken_at, file.name) > given)
        file = next(not_given, usable[-1])
        return file if self._is_settled(self._options.path / file.name) else None

    def _nothing(self, newest: DatedFile | None) -> SourceError:
        folder = self._options.path
        if newest is None:
            return SourceUnreachable(
                f"{folder} holds no file that fits {self._options.pattern}.",
                "Check pattern, `recursive` and `time_from`, and that the camera still writes there.",
            )
        return SourceStale(
            f"The newest file in {folder}, {newest.name}, is of {newest.taken_at:%Y-%m-%d %H:%M:%S} UTC, "
            f"older than {self._options.max_age_s:g} s.",
            "See why nothing arrives any more, or raise `max_age`.",
        )

    def _is_too_old(self, file: DatedFile) -> bool:
        longest_s = self._options.max_age_s
        return longest_s is not None and (self._clock.now() - file.taken_at).total_seconds() > longest_s

    def _is_settled(self, path: Path) -> bool:
        """Whether nobody writes to the file any more, as far as one can tell: by its end, or by waiting."""
        mark = _Mark.of(path)
        if mark is None:
            return False
        age_s = self._clock.now().timestamp() - mark.changed_ns / 1e9
        if age_s >= self._options.settle_s or _has_proper_end(path):
            self._unfinished.pop(path, None)
            return True
        # The writer's clock may be ahead of ours, so that its files never seem old: then time what we see.
        seen, since_s = self._unfinished.get(path, (None, 0.0))
        if seen != mark:
            self._unfinished[path] = (mark, time.monotonic())
            return self._options.settle_s == 0
        return time.monotonic() - since_s >= self._options.settle_s

    def _read(self, path: Path) -> bytes | None:
        """The content, or None if the file changed or vanished under our hands."""
        before = _Mark.of(path)
        try:
            data = read_bounded(path, self._options.max_bytes)
        except SourceUnreachable:
            if _Mark.of(path) is None:
                return None
            raise
        return data if _Mark.of(path) == before else None


@dataclass(frozen=True, slots=True)
class _Mark:
    """What changes when a file is written or replaced."""

    inode: int
    size: int
    changed_ns: int

    @classmethod
    def of(cls, path: Path) -> _Mark | None:
        """None if there is no such file any more."""
        try:
            status = path.stat()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise explain_os_error(path, error) from error
        return cls(status.st_ino, status.st_size, status.st_mtime_ns)

    def as_list(self) -> list[int]:
        """For JSON."""
        return [self.inode, self.size, self.changed_ns]


def _has_proper_end(path: Path) -> bool:
    """Whether the last bytes are those that end a JPEG or PNG."""
    try:
        tail = read_tail(path, max(len(ending) for ending in _ENDINGS))
    except SourceError:
        return False
    return tail.endswith(_ENDINGS)


def _parse_position(position: str | None) -> tuple[datetime, str] | None:
    if position is None:
        return None
    moment, _, name = position.partition(" ")
    try:
        return datetime.fromisoformat(moment).astimezone(UTC), name
    except (ValueError, OverflowError) as error:
        raise InvalidOption(
            f"{position!r} is no position in a folder.", "Leave it out to start anew."
        ) from error


def _parse_unfinished(unfinished: Mapping[Any, Any]) -> Iterator[tuple[Path, tuple[_Mark, float]]]:
    for path, values in unfinished.items():
        with suppress(TypeError, ValueError, OverflowError):
            inode, size, changed_ns, since_s = values
            yield Path(path), (_Mark(int(inode), int(size), int(changed_ns)), float(since_s))
