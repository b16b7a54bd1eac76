"""Live streams, as written in the file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field, ValidationInfo, model_validator
from pydantic_core import PydanticCustomError

from monitor.settings.base import SettingsModel
from monitor.settings.camera_sources.credentials import without_credentials
from monitor.settings.reading import reading_of
from monitor.settings.values import (
    AnchoredPath,
    Count,
    Flag,
    PositiveDuration,
    Secret,
    Size,
    StreamAddress,
)


class RtspSource(SettingsModel):
    """A camera's live stream."""

    kind: Literal["rtsp"] = Field(examples=["rtsp"])
    """Frames are key frames of a stream."""
    url: StreamAddress = Field(examples=["rtsp://192.0.2.10/stream1"])
    """The address of the stream, rtsp or rtsps; user:password in it is taken out and kept as a secret."""
    substream_url: StreamAddress | None = Field(default=None, examples=["rtsp://192.0.2.10/stream2"])
    """A smaller stream of the same camera, which is enough and costs less; `url` serves where it fails."""
    username: str | None = Field(default=None, min_length=1, examples=["viewer"])
    """The account at the camera; one that may only look is enough."""
    password: Secret | None = Field(default=None, examples=[{"env": "GATE_PASSWORD"}])
    """The account's password."""
    transport: Literal["auto", "tcp", "udp"] | None = Field(default=None, examples=["tcp"])
    """How packets travel; `auto` takes TCP, and UDP where the camera refuses that."""
    mode: Literal["on_demand", "open"] | None = Field(default=None, examples=["open"])
    """`on_demand` opens the stream for each check; `open` keeps it open, for streams with rare key frames."""
    max_age_s: PositiveDuration | None = Field(default=None, examples=["1m"])
    """With `mode: open`, how old the newest key frame may be."""
    ca_file: AnchoredPath | None = Field(default=None, examples=["/etc/monitor/cameras-ca.pem"])
    """Certificates to trust instead of the system's, for cameras with a private authority."""
    pinned_key: str | None = Field(
        default=None,
        pattern=r"^sha256//[A-Za-z0-9+/]{43}=(;sha256//[A-Za-z0-9+/]{43}=)*$",
        examples=["sha256//YhKJKSzoTt2b5FP18fvpHo7fJYqQCjAa3HWY3tvRMwE="],
    )
    """The camera's public key, for self-signed certificates, several joined by `;`; goes with `verify: false`."""
    verify: Flag | None = Field(default=None, examples=[True])
    """Whether certificates are checked; a `pinned_key` is checked either way."""
    max_bytes: Size | None = Field(default=None, examples=["10MB"])
    """Larger encoded pictures are refused."""
    max_pixels: Count | None = Field(default=None, examples=[50_000_000])
    """Pictures with more are refused."""

    @model_validator(mode="before")
    @classmethod
    def _split_credentials(cls, data: Any, info: ValidationInfo) -> Any:
        """Move user:password out of the addresses, so that no later message about them can show them."""
        if not isinstance(data, Mapping):
            return data
        reading = reading_of(info)
        return without_credentials(without_credentials(data, reading), reading, "substream_url")

    @model_validator(mode="after")
    def _one_account(self) -> RtspSource:
        """A password needs an account."""
        if self.password is not None and self.username is None:
            raise PydanticCustomError("monitor_username_missing", "a password is given but no username")
        return self
