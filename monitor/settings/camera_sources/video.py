"""Recorded videos, and live ones at an HTTP address, as written in the file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field, ValidationInfo, model_validator
from pydantic_core import PydanticCustomError

from monitor.settings.base import SettingsModel
from monitor.settings.camera_sources.credentials import check_account, without_credentials
from monitor.settings.reading import reading_of
from monitor.settings.values import (
    Address,
    AnchoredPath,
    Count,
    Duration,
    Flag,
    PositiveDuration,
    Secret,
    Size,
)


class VideoSource(SettingsModel):
    """A video file, or a video at an address."""

    kind: Literal["video"] = Field(examples=["video"])
    """Frames come from a video."""
    path: AnchoredPath | None = Field(default=None, examples=["/srv/recordings/gate.mp4"])
    """The file, if not `url`; relative paths start at the configuration file."""
    url: Address | None = Field(default=None, examples=["https://video.example/gate/index.m3u8"])
    """An HLS playlist or DASH manifest, live or recorded, or a video file; user:password in it is kept as a secret."""
    username: str | None = Field(default=None, min_length=1, examples=["viewer"])
    """The account at the server of `url`."""
    password: Secret | None = Field(default=None, examples=[{"env": "GATE_PASSWORD"}])
    """The account's password."""
    ca_file: AnchoredPath | None = Field(default=None, examples=["/etc/monitor/cameras-ca.pem"])
    """Certificates to trust instead of the system's."""
    verify: Flag | None = Field(default=None, examples=[True])
    """Whether certificates are checked."""
    position_s: Duration | None = Field(default=None, examples=["30s"])
    """Where the first frame is taken."""
    step_s: PositiveDuration | None = Field(default=None, examples=["1m"])
    """How far each check goes on; by as much time as has passed where it is not given."""
    at_end: Literal["loop", "stale"] | None = Field(default=None, examples=["stale"])
    """`loop` starts again; `stale` reports that nothing new comes."""
    max_bytes: Size | None = Field(default=None, examples=["20MB"])
    """Larger segments, and larger files at an address, are refused."""
    max_pixels: Count | None = Field(default=None, examples=[50_000_000])
    """Frames with more are refused."""

    @model_validator(mode="before")
    @classmethod
    def _split_credentials(cls, data: Any, info: ValidationInfo) -> Any:
        """Move user:password out of the address, so that no later message about it can show them."""
        return without_credentials(data, reading_of(info)) if isinstance(data, Mapping) else data

    @model_validator(mode="after")
    def _one_place(self) -> VideoSource:
        """A video is in one place, and what belongs to an address goes with one."""
        if (self.path is None) == (self.url is None):
            raise PydanticCustomError("monitor_video_place", "give either path or url")
        check_account(self.username, self.password)
        return self
