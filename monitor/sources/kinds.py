"""All kinds of sources. A new kind is one module, one line here and one section in docs/sources.md."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from monitor.domain.ports import Clock, FrameSource
from monitor.sources.errors import UnknownSourceKind
from monitor.sources.folder import FolderSource
from monitor.sources.http import HttpSource
from monitor.sources.video import VideoSource

# Each opener takes its kind's options and a clock. Opening touches neither disk nor network.
Opener = Callable[[Any, Clock], FrameSource]

SOURCE_KINDS: Mapping[str, Opener] = MappingProxyType(
    {
        "folder": FolderSource,
        "http": HttpSource,
        "video": VideoSource,
    }
)


def open_source(kind: str, options: Any, clock: Clock) -> FrameSource:
    """A source of that kind; nothing is contacted before the first grab.

    Raises:
        UnknownSourceKind: There is no such kind.
    """
    try:
        opener = SOURCE_KINDS[kind]
    except KeyError:
        raise UnknownSourceKind(
            f"There is no kind of source {kind!r}.", f"Use one of {', '.join(sorted(SOURCE_KINDS))}."
        ) from None
    return opener(options, clock)
