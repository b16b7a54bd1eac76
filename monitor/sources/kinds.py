"""All kinds of sources. A new kind is one module, one line here, its settings, and a page in docs/sources."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

from monitor.domain.ports import Clock, FrameSource
from monitor.sources.errors import UnknownSourceKind
from monitor.sources.exec import ExecOptions, ExecSource
from monitor.sources.folder import FolderOptions, FolderSource
from monitor.sources.http import HttpOptions, HttpSource
from monitor.sources.mjpeg import MjpegOptions, MjpegSource
from monitor.sources.rtsp import RtspOptions, RtspSource, kept_open
from monitor.sources.usb import UsbOptions, UsbSource, keeps_device
from monitor.sources.video import VideoOptions, VideoSource, host_of


def _none(_options: Any) -> None:
    return None


def _never(_options: Any) -> bool:
    return False


def _host_in_url(options: Any) -> str | None:
    return urlsplit(str(options.url)).hostname


@dataclass(frozen=True, slots=True)
class SourceKind:
    """One kind.

    Attributes:
        options: The frozen dataclass that says everything it needs.
        open: Makes a source of its options and a clock; touches neither disk nor network. A class or function of a
            module, as grabbers import it by its name; the options are pickled for them.
        host: The machine that a grab with these options bothers, for limits by host; None where there is none.
        dedicated: Whether a source with these options keeps something open, and so needs a grabber to itself.
        one_look: Options in place of the configured ones for whoever looks once, and now.
    """

    options: type[Any]
    open: Callable[[Any, Clock], FrameSource]
    host: Callable[[Any], str | None] = _none
    dedicated: Callable[[Any], bool] = _never
    one_look: Mapping[str, Any] = field(default_factory=dict)


SOURCE_KINDS: Mapping[str, SourceKind] = MappingProxyType(
    {
        "exec": SourceKind(ExecOptions, ExecSource),
        "folder": SourceKind(FolderOptions, FolderSource, one_look={"mode": "newest"}),
        "http": SourceKind(HttpOptions, HttpSource, host=_host_in_url),
        "mjpeg": SourceKind(MjpegOptions, MjpegSource, host=_host_in_url),
        "rtsp": SourceKind(
            RtspOptions, RtspSource, host=_host_in_url, dedicated=kept_open, one_look={"mode": "on_demand"}
        ),
        "usb": SourceKind(UsbOptions, UsbSource, dedicated=keeps_device, one_look={"mode": "on_demand"}),
        "video": SourceKind(VideoOptions, VideoSource, host=host_of),
    }
)


def source_kind(name: str) -> SourceKind:
    """The kind of that name.

    Raises:
        UnknownSourceKind: There is none.
    """
    try:
        return SOURCE_KINDS[name]
    except KeyError:
        raise UnknownSourceKind(
            f"There is no kind of source {name!r}.", f"Use one of {', '.join(sorted(SOURCE_KINDS))}."
        ) from None
