"""Where frames come from, as written in the file: one model and one module a kind, told apart by `kind`.

The field names are those of the options in `monitor.sources`; `None` leaves the choice to the source.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from monitor.settings.camera_sources.exec import ExecSource
from monitor.settings.camera_sources.folder import FolderSource
from monitor.settings.camera_sources.http import HttpSource
from monitor.settings.camera_sources.mjpeg import MjpegSource
from monitor.settings.camera_sources.rtsp import RtspSource
from monitor.settings.camera_sources.usb import UsbSource
from monitor.settings.camera_sources.video import VideoSource
from monitor.settings.camera_sources.web import WebSource

SourceSettings = Annotated[
    ExecSource | FolderSource | HttpSource | MjpegSource | RtspSource | UsbSource | VideoSource,
    Field(discriminator="kind"),
]

__all__ = [
    "ExecSource",
    "FolderSource",
    "HttpSource",
    "MjpegSource",
    "RtspSource",
    "SourceSettings",
    "UsbSource",
    "VideoSource",
    "WebSource",
]
