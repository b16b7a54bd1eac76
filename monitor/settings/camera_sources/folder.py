"""Folders, as written in the file."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Literal

from pydantic import Field, field_validator
from pydantic_core import PydanticCustomError

from monitor.settings.base import SettingsModel
from monitor.settings.values import AnchoredPath, Count, Duration, Flag, PositiveDuration, Size, ZoneName


class FolderSource(SettingsModel):
    """Pictures that something else (a recorder, an FTP upload) writes into a folder."""

    kind: Literal["folder"] = Field(examples=["folder"])
    """Frames come from files in a folder."""
    path: AnchoredPath = Field(examples=["/srv/upload/gate"])
    """The folder; relative paths start at the configuration file."""
    pattern: str | None = Field(default=None, min_length=1, examples=["*.jpg"])
    """Which files count, as a shell pattern."""
    mode: Literal["newest", "all"] | None = Field(default=None, examples=["newest"])
    """`newest` looks at the newest file at each check; `all` at every new file, one a check."""
    time_from: Literal["auto", "mtime", "name"] | None = Field(default=None, examples=["mtime"])
    """Whether the time of capture stands in the file's name or is the time of writing; `auto` tries both."""
    time_format: str | None = Field(default=None, min_length=2, examples=["%Y%m%d_%H%M%S"])
    """How the time stands in the name, with strptime's codes; the common forms need none."""
    time_zone: ZoneName | None = Field(default=None, examples=["Europe/Berlin"])
    """The zone of times in names; the site's where it is not given."""
    settle_s: Duration | None = Field(default=None, examples=["2s"])
    """How long a file must have been left alone before it is read."""
    max_age_s: PositiveDuration | None = Field(default=None, examples=["10m"])
    """A newest file older than this means that the camera is offline."""
    recursive: Flag | None = Field(default=None, examples=[True])
    """Whether folders inside the folder are looked through too."""
    max_bytes: Size | None = Field(default=None, examples=["20MB"])
    """Larger files are refused."""
    max_pixels: Count | None = Field(default=None, examples=[50_000_000])
    """Pictures with more are refused."""

    @field_validator("time_format")
    @classmethod
    def _tells_a_time(cls, value: str | None) -> str | None:
        """Refuse formats that cannot be read back."""
        moment = datetime(2001, 2, 3, 4, 5, 6)  # noqa: DTZ001 - a format is tried, no point in time
        try:
            if value is not None:
                datetime.strptime(moment.strftime(value), value)  # noqa: DTZ007 - as above
        except (ValueError, re.error):  # the latter where a code stands twice
            raise PydanticCustomError(
                "monitor_time_format", "expected strptime codes such as %Y%m%d_%H%M%S"
            ) from None
        return value
