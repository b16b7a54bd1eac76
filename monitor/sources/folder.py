"""Pictures that something else puts into a folder: a camera's FTP upload, a recorder's export, a script."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from itertools import chain
from pathlib import Path

from monitor.domain.errors import SourceError, SourceStale, SourceTimeout, SourceUnreachable
from monitor.domain.frame import Frame
from monitor.domain.ports import Clock
from monitor.sources.arrivals import overtaken_by
from monitor.sources.errors import InvalidOption
from monitor.sources.files import printable, read_bounded
from monitor.sources.listing import DatedFile, newest_first, oldest_first
from monitor.sources.memory import Memory
from monitor.sources.pictures import MAX_BYTES, MAX_PIXELS, TARGET_LONG_SIDE, decode_picture
from monitor.sources.selection import PICTURES, Selection, TimeFrom
from monitor.sources.settling import Condition, Mark, Watch

_POLL_S = 0.02


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
        self._watch = Watch(options.settle_s, clock)
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
        frame = self._attempt(deadline_s)
        while frame is None and time.monotonic() + _POLL_S <= deadline_s:
            time.sleep(_POLL_S)
            # Where no time is left to list the folder once more, the reason is still that nothing was finished.
            with suppress(SourceTimeout):
                frame = self._attempt(deadline_s)
        if frame is None:
            raise SourceTimeout(
                f"The picture in {printable(self._options.path)} was still being written after {timeout_s:g} s.",
                "Allow more time, or lower `settle`.",
            )
        return frame

    def remember(self) -> Memory:
        """The position, and since when files that may be unfinished have not changed."""
        return {"position": self.position, "unfinished": self._watch.remember()}

    def recall(self, memory: Memory) -> None:
        """Go on from what another instance remembered; what does not fit is left out."""
        position, unfinished = memory.get("position"), memory.get("unfinished")
        if isinstance(position, str):
            with suppress(InvalidOption):
                self._given = _parse_position(position)
        if isinstance(unfinished, Mapping):
            self._watch.recall(unfinished)

    def foretell(self, tell: Callable[[Memory], None]) -> None:
        """Tell the position before the file there is read: one that kills its reader is not met again."""
        self._tell = tell

    def close(self) -> None:
        """Nothing is held open between grabs."""
        self._watch.forget()

    def _attempt(self, deadline_s: float) -> Frame | None:
        """A frame, or None while the file that is to be read is being written."""
        file = self._choose(deadline_s)
        data = None if file is None else self._read(self._options.path / file.name)
        if file is None or data is None:
            return None
        return decode_picture(
            data,
            captured_at=file.taken_at,
            max_bytes=self._options.max_bytes,
            max_pixels=self._options.max_pixels,
            target_long_side=self._options.target_long_side,
        )

    def _give(self, file: DatedFile) -> DatedFile:
        self._given = (file.taken_at, file.name)
        if self._tell is not None:
            self._tell(self.remember())
        return file

    def _choose(self, deadline_s: float) -> DatedFile | None:
        """The file to read now, or None while it is still being written."""
        if self._options.mode == Mode.ALL:
            return self._choose_next(
                oldest_first(self._options.path, self._selection, deadline_s), deadline_s
            )
        return self._choose_newest(newest_first(self._options.path, self._selection, deadline_s), deadline_s)

    def _choose_newest(self, files: Iterator[DatedFile], deadline_s: float) -> DatedFile | None:
        first = next(files, None)
        if first is None:
            raise self._nothing(None)
        overtaken_by = self._overtaken_by(first, deadline_s)
        newest: DatedFile | None = None
        waiting = False
        for file in chain(overtaken_by, (first,), files):
            condition = self._watch.look(self._options.path / file.name)
            if condition is Condition.UNUSABLE:
                continue
            newest = newest or file
            if self._is_too_old(file):
                break
            if condition is Condition.SETTLED:
                return file
            waiting = True
        if waiting:
            return None
        raise self._nothing(newest)

    def _choose_next(self, files: list[DatedFile], deadline_s: float) -> DatedFile | None:
        usable = [file for file in files if not self._is_too_old(file)]
        given = self._given
        for file in usable if given is None else (file for file in usable if file.is_behind(*given)):
            condition = self._watch.look(self._options.path / file.name)
            if condition is not Condition.UNUSABLE:
                return self._give(file) if condition is Condition.SETTLED else None
        # Nothing new by the names: what arrived last, then, or the last one again.
        return self._choose_newest(reversed(files), deadline_s)

    def _nothing(self, newest: DatedFile | None) -> SourceError:
        folder = printable(self._options.path)
        if newest is None:
            return SourceUnreachable(
                f"{folder} holds no file that fits {self._options.pattern}.",
                "Check pattern, `recursive`, `time_from` and mount, and that the camera still writes there.",
            )
        name = printable(Path(newest.name))
        return SourceStale(
            f"The newest file in {folder}, {name}, is of {newest.taken_at:%Y-%m-%d %H:%M:%S} UTC, "
            f"older than {self._options.max_age_s:g} s.",
            "See why nothing arrives any more, or raise `max_age`.",
        )

    def _overtaken_by(self, newest: DatedFile, deadline_s: float) -> list[DatedFile]:
        """What arrived after the file that is the newest by its name, the last first.

        Raises:
            SourceStale: Something did, and only names may tell the time.
        """
        if self._selection.time_from is TimeFrom.MTIME:
            return []
        folder = self._options.path
        found = overtaken_by(newest, folder, self._selection, self._clock.now(), deadline_s)
        if found and self._selection.time_from is TimeFrom.NAME:
            raise SourceStale(
                f"Files arrive behind {printable(folder / newest.name)} whose names tell older times.",
                "Set the camera's clock, and clear away files of the future; or set `time_from: auto`.",
            )
        return found

    def _is_too_old(self, file: DatedFile) -> bool:
        longest_s = self._options.max_age_s
        return longest_s is not None and (self._clock.now() - file.taken_at).total_seconds() > longest_s

    def _read(self, path: Path) -> bytes | None:
        """The content, or None if the file changed or vanished under our hands."""
        before = Mark.of(path)
        try:
            data = read_bounded(path, self._options.max_bytes)
        except SourceUnreachable:
            if Mark.of(path) is None:
                return None
            raise
        return data if Mark.of(path) == before else None


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
