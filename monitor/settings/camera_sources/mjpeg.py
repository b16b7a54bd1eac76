"""M-JPEG streams, as written in the file."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, Strict

from monitor.settings.camera_sources.web import WebSource
from monitor.settings.values import Address


class MjpegSource(WebSource):
    """A camera's M-JPEG stream."""

    kind: Literal["mjpeg"] = Field(examples=["mjpeg"])
    """Frames are taken out of an M-JPEG stream over HTTP or HTTPS."""
    url: Address = Field(examples=["http://192.0.2.10/stream.mjpg"])
    """The stream's address; user:password in it is taken out and kept as a secret."""
    skip: Annotated[int, Strict(), Field(ge=0, le=100)] | None = Field(default=None, examples=[1])
    """So many pictures at the stream's beginning are passed over, as they may come from a buffer."""
