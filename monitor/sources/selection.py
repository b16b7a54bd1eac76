"""Which files of a folder count, and how they are dated."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import translate

from monitor.sources.errors import InvalidOption
from monitor.sources.name_times import NameFormat

PICTURES = "*.jpg, *.jpeg, *.png, *.webp, *.bmp"

# What uploads in progress are called, by FTP clients, WinSCP, browsers, editors and rsync's kin.
_UNFINISHED_SUFFIXES = (".part", ".partial", ".filepart", ".tmp", ".temp", ".upload", ".crdownload", "~")
# What file servers and file systems keep for themselves: thumbnails, waste baskets, finds of a check.
_SERVERS_OWN_STARTS = (".", "@", "#", "$")
_SERVERS_OWN = frozenset({"lost+found", "system volume information"})


class TimeFrom(StrEnum):
    """Where a file's time comes from; `auto` takes the name where it tells one, else the time of writing."""

    NAME = "name"
    MTIME = "mtime"
    AUTO = "auto"


@dataclass(frozen=True, slots=True)
class Selection:
    """Which files of a folder count, and how they are dated.

    Attributes:
        pattern: What a file's name must match, in any case of letters.
        recursive: Whether sub-folders are searched; links to folders are not followed.
        time_from: Where a file's time comes from.
        form: How names tell the time.
    """

    pattern: re.Pattern[str]
    recursive: bool
    time_from: TimeFrom
    form: NameFormat

    @classmethod
    def of(
        cls, pattern: str, *, recursive: bool, time_from: str, time_format: str | None, time_zone: str
    ) -> Selection:
        """From an operator's options; `pattern` is one glob, or several separated by commas.

        Raises:
            InvalidOption: One of them cannot work.
        """
        patterns = tuple(glob.strip().lower() for glob in pattern.split(",") if glob.strip())
        if not patterns or any("/" in glob for glob in patterns):
            raise InvalidOption(
                f"The pattern {pattern!r} fits no file's name.", "Write it like *.jpg, *.png."
            )
        if time_from not in list(TimeFrom):
            raise InvalidOption(
                f"A file's time cannot come from {time_from!r}.", f"Use one of {', '.join(TimeFrom)}."
            )
        fits = re.compile("|".join(map(translate, patterns)))
        return cls(fits, recursive, TimeFrom(time_from), NameFormat.of(time_format, time_zone))

    def takes(self, name: str) -> bool:
        """Whether a file of this name counts; hidden ones and those of uploads in progress never do."""
        lower = name.lower()
        return (
            self.pattern.match(lower) is not None
            and not name.startswith(".")
            and not lower.endswith(_UNFINISHED_SUFFIXES)
        )

    def enters(self, name: str) -> bool:
        """Whether a sub-folder of this name is searched; what a server keeps for itself never is."""
        return (
            self.recursive and not name.startswith(_SERVERS_OWN_STARTS) and name.lower() not in _SERVERS_OWN
        )
