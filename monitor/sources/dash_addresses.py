"""How an MPEG-DASH manifest addresses segments: by template, by list, or as ranges of one file."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urljoin

from monitor.sources.dash_times import Run, runs_of_equal, runs_of_timeline
from monitor.sources.playlist import Part

_NAMES = re.compile(r"\$(?:(RepresentationID|Bandwidth|Number|Time)(?:%0(\d{1,2})d)?)?\$")
Attributes = Mapping[str, str]


def fill(template: str, values: Mapping[str, str | int]) -> str:
    """Put values into a template such as `$RepresentationID$/$Number%05d$.m4s`; `$$` is a dollar.

    Raises:
        ValueError: A width is asked for of what is no number.
    """

    def value(found: re.Match[str]) -> str:
        name, width = found.groups()
        if name is None:
            return "$"
        return str(values[name]) if width is None else f"{int(values[name]):0{int(width)}d}"

    return _NAMES.sub(value, template)


@dataclass(frozen=True, slots=True)
class Scheme:
    """How segments are addressed; what a level leaves out, it has from the level above.

    Attributes:
        media_template: Of segments; empty where there is none.
        head_template: Of what stands before them.
        listed: Addresses and ranges of a list.
        head_url: Of what stands before them, where it is no template; the file itself where it is empty.
        head_range: Its bytes, as `first-last`; empty for all.
        index_range: Where a single file says what it consists of.
        start_number: Of the first segment.
        timescale: Ticks a second.
        duration: Of each segment in ticks; 0 where a timeline says it, or nothing.
        timeline: Entries of a timeline, or None.
    """

    media_template: str = field(default="", repr=False)
    head_template: str = field(default="", repr=False)
    listed: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    head_url: str = field(default="", repr=False)
    head_range: str = ""
    index_range: str = ""
    start_number: int = 1
    timescale: int = 1
    duration: int = 0
    timeline: tuple[Attributes, ...] | None = None

    @classmethod
    def of(cls, element: Any, above: Scheme | None = None) -> Scheme:
        """That of a period, a group or a representation.

        Raises:
            ValueError: Something is no number, or the timescale is not positive.
        """
        scheme = above or cls()
        for name in ("SegmentBase", "SegmentList", "SegmentTemplate"):
            found = element.find(f"{{*}}{name}")
            if found is not None:
                scheme = scheme._with(found)
        if scheme.timescale <= 0:
            raise ValueError("a timescale that is not positive")
        return scheme

    def _with(self, found: Any) -> Scheme:
        known = found.attrib
        changes: dict[str, Any] = {
            ours: kind(known[theirs])
            for theirs, ours, kind in (
                ("media", "media_template", str),
                ("initialization", "head_template", str),
                ("indexRange", "index_range", str),
                ("startNumber", "start_number", int),
                ("timescale", "timescale", int),
                ("duration", "duration", int),
            )
            if theirs in known
        }
        timeline = found.find("{*}SegmentTimeline")
        if timeline is not None:
            changes["timeline"] = tuple(entry.attrib for entry in timeline.findall("{*}S"))
        head = found.find("{*}Initialization")
        if head is not None:
            changes |= {
                "head_url": head.attrib.get("sourceURL", ""),
                "head_range": head.attrib.get("range", ""),
            }
        listed = found.findall("{*}SegmentURL")
        if listed:
            changes["listed"] = tuple(
                (each.attrib.get("media", ""), each.attrib.get("mediaRange", "")) for each in listed
            )
        return replace(self, **changes)

    def runs(self, length_s: float | None, *, whole: bool = False) -> list[Run]:
        """The segments by their times.

        Args:
            length_s: Of the period; None where it is not known.
            whole: Whether only those count that are over by then.

        Raises:
            ValueError: Nobody could say how many there are.
        """
        end_time = None if length_s is None else int(length_s * self.timescale)
        if self.timeline is not None:
            return runs_of_timeline(self.timeline, self.start_number, end_time)
        return runs_of_equal(self.duration, self.start_number, end_time, whole=whole)

    def head(self, base: str) -> Part | None:
        """What stands before the segments, where it has an address or a range."""
        if not self.head_url and not self.head_range:
            return None
        return part_of(urljoin(base, self.head_url), self.head_range)

    def parts(self, base: str) -> Iterator[Part]:
        """What is listed."""
        return (part_of(urljoin(base, url), span) for url, span in self.listed)

    def index(self, base: str) -> Part | None:
        """Where a single file says what it consists of."""
        return part_of(base, self.index_range) if self.index_range else None


def part_of(url: str, span: str) -> Part:
    """A file, or the bytes `first-last` of it.

    Raises:
        ValueError: These are no bytes.
    """
    if not span:
        return Part(url)
    first, last = (int(text) for text in span.split("-"))
    if not 0 <= first <= last:
        raise ValueError("a range of no bytes")
    return Part(url, first, last - first + 1)
