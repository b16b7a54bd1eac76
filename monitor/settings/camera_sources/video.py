"""Recorded videos, as written in the file."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from monitor.settings.base import SettingsModel
from monitor.settings.values import AnchoredPath, Count, Duration, PositiveDuration


class VideoSource(SettingsModel):
    """A recorded video file."""

    kind: Literal["video"] = Field(examples=["video"])
    """Frames come from a video file."""
    path: AnchoredPath = Field(examples=["/srv/recordings/gate.mp4"])
    """The file; relative paths start at the configuration file."""
    position_s: Duration | None = Field(default=None, examples=["30s"])
    """Where the first frame is taken."""
    step_s: PositiveDuration | None = Field(default=None, examples=["1m"])
    """How far each check goes on; by as much time as has passed where it is not given."""
    at_end: Literal["loop", "stale"] | None = Field(default=None, examples=["stale"])
    """`loop` starts again; `stale` reports that nothing new comes."""
    max_pixels: Count | None = Field(default=None, examples=[50_000_000])
    """Frames with more are refused."""
