"""Snapshot addresses, as written in the file."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from monitor.settings.camera_sources.web import WebSource
from monitor.settings.values import Address, PositiveDuration


class HttpSource(WebSource):
    """A camera's snapshot address."""

    kind: Literal["http"] = Field(examples=["http"])
    """Frames are fetched as single pictures from an HTTP or HTTPS address."""
    url: Address = Field(examples=["http://192.0.2.10/snapshot.jpg"])
    """The address of one still picture; user:password in it is taken out and kept as a secret."""
    conditional: Literal["auto", "off"] | None = Field(default=None, examples=["off"])
    """`auto` fetches a picture only if it is another one, from cameras whose word on that can be believed."""
    max_age_s: PositiveDuration | None = Field(default=None, examples=["10m"])
    """A picture older than this, by the camera's own word or because the same one keeps coming, means offline."""
