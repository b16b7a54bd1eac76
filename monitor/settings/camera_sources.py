"""Where frames come from, as written in the file: one model a kind, told apart by `kind`.

The field names are those of the options in `monitor.sources`; `None` leaves the choice to the source.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal
from urllib.parse import unquote, urlsplit, urlunsplit

from pydantic import Field, ValidationInfo, field_validator, model_validator
from pydantic_core import PydanticCustomError

from monitor.settings.base import SettingsModel
from monitor.settings.reading import Reading, dereference, reading_of
from monitor.settings.values import (
    Address,
    AnchoredPath,
    Count,
    Duration,
    Flag,
    PositiveDuration,
    Secret,
    Size,
    ZoneName,
)


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
        except ValueError:
            raise PydanticCustomError(
                "monitor_time_format", "expected strptime codes such as %Y%m%d_%H%M%S"
            ) from None
        return value


class HttpSource(SettingsModel):
    """A camera's snapshot address."""

    kind: Literal["http"] = Field(examples=["http"])
    """Frames are fetched from an HTTP or HTTPS address."""
    url: Address = Field(examples=["http://192.0.2.10/snapshot.jpg"])
    """The address of one still picture; user:password in it is taken out and kept as a secret."""
    username: str | None = Field(default=None, min_length=1, examples=["viewer"])
    """The account at the camera; one that may only look is enough."""
    password: Secret | None = Field(default=None, examples=[{"env": "GATE_PASSWORD"}])
    """The account's password."""
    auth: Literal["auto", "basic", "digest", "bearer"] | None = Field(default=None, examples=["digest"])
    """How to log in; `auto` takes the best that the camera offers, `bearer` goes with `token`."""
    token: Secret | None = Field(default=None, examples=[{"file": "/run/secrets/gate_token"}])
    """A bearer token, in place of user and password."""
    ca_file: AnchoredPath | None = Field(default=None, examples=["/etc/monitor/cameras-ca.pem"])
    """Certificates to trust instead of the system's, for cameras with a private authority."""
    pinned_key: str | None = Field(
        default=None,
        pattern=r"^sha256//[A-Za-z0-9+/]{43}=$",
        examples=["sha256//YhKJKSzoTt2b5FP18fvpHo7fJYqQCjAa3HWY3tvRMwE="],
    )
    """The camera's public key, for self-signed certificates."""
    max_bytes: Size | None = Field(default=None, examples=["10MB"])
    """Larger pictures are refused."""
    max_pixels: Count | None = Field(default=None, examples=[50_000_000])
    """Pictures with more are refused."""
    verify: Flag | None = Field(default=None, examples=[True])
    """Whether certificates are checked; prefer `pinned_key` to switching this off."""

    @model_validator(mode="before")
    @classmethod
    def _split_credentials(cls, data: Any, info: ValidationInfo) -> Any:
        """Move user:password out of the address, so that no later message about the address can show them."""
        if not isinstance(data, Mapping):
            return data
        # A token is used in one way only, which need not be said.
        implied = {"auth": "bearer"} if data.get("token") is not None and data.get("auth") is None else {}
        return {**_without_credentials(data, reading_of(info)), **implied}

    @model_validator(mode="after")
    def _one_way_in(self) -> HttpSource:
        """A password needs an account, and a token is the other way in."""
        if self.password is not None and self.username is None:
            raise PydanticCustomError("monitor_username_missing", "a password is given but no username")
        if self.token is not None and self.password is not None:
            raise PydanticCustomError("monitor_token_twice", "give either a token or username and password")
        if (self.token is None) == (self.auth == "bearer"):
            raise PydanticCustomError("monitor_bearer", "auth: bearer and token belong together")
        return self


def _without_credentials(data: Mapping[str, Any], reading: Reading) -> Mapping[str, Any]:
    try:
        url = dereference(data.get("url"), reading)
        parts = urlsplit(url) if isinstance(url, str) else None
    except (PydanticCustomError, ValueError):
        return data  # the field's own check says what is wrong, at the right place
    if parts is None or "@" not in parts.netloc:
        return data
    userinfo, _, host = parts.netloc.rpartition("@")
    username, _, password = userinfo.partition(":")
    reading.referenced.update(filter(None, (password, unquote(password))))
    if data.get("username") is not None or data.get("password") is not None:
        return data  # contradictory; the address's check refuses it
    found: dict[str, Any] = {**data, "url": urlunsplit(parts._replace(netloc=host))}
    if username:
        found["username"] = unquote(username)
    if password:
        found["password"] = unquote(password)
    return found


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


SourceSettings = Annotated[FolderSource | HttpSource | VideoSource, Field(discriminator="kind")]
