"""What all cameras with a web server have in common, as written in the file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field, ValidationInfo, model_validator
from pydantic_core import PydanticCustomError

from monitor.settings.base import SettingsModel
from monitor.settings.camera_sources.credentials import without_credentials
from monitor.settings.reading import reading_of
from monitor.settings.values import Address, AnchoredPath, Count, Flag, Secret, Size, ZoneName


class WebSource(SettingsModel):
    """An address at a camera, and how to get in."""

    kind: str = Field(examples=["http"])
    """Which kind of address it is."""
    url: Address = Field(examples=["http://192.0.2.10/snapshot.jpg"])
    """The address; user:password in it is taken out and kept as a secret."""
    username: str | None = Field(default=None, min_length=1, examples=["viewer"])
    """The account at the camera; one that may only look is enough."""
    password: Secret | None = Field(default=None, examples=[{"env": "GATE_PASSWORD"}])
    """The account's password."""
    auth: Literal["auto", "basic", "digest", "bearer"] | None = Field(default=None, examples=["digest"])
    """How to log in; `auto` takes the best that the camera offers, `bearer` goes with `token`."""
    token: Secret | None = Field(default=None, examples=[{"file": "/run/secrets/gate_token"}])
    """A bearer token, in place of user and password."""
    ca_file: AnchoredPath | None = Field(default=None, examples=["/etc/monitor/cameras-ca.pem"])
    """Certificates to trust instead of the system's: a private authority's, or the camera's own."""
    pinned_key: str | None = Field(
        default=None,
        pattern=r"^sha256//[A-Za-z0-9+/]{43}=(;sha256//[A-Za-z0-9+/]{43}=)*$",
        examples=["sha256//YhKJKSzoTt2b5FP18fvpHo7fJYqQCjAa3HWY3tvRMwE="],
    )
    """The camera's public key, for self-signed certificates; several joined by `;`, while it changes."""
    max_bytes: Size | None = Field(default=None, examples=["10MB"])
    """Larger pictures are refused."""
    max_pixels: Count | None = Field(default=None, examples=[50_000_000])
    """Pictures with more are refused."""
    time_zone: ZoneName | None = Field(default=None, examples=["Europe/Berlin"])
    """The zone of the camera's clock, for times in pictures that do not say; the site's where it is not given."""
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
        return {**without_credentials(data, reading_of(info)), **implied}

    @model_validator(mode="after")
    def _one_way_in(self) -> WebSource:
        """A password needs an account, and a token is the other way in."""
        if self.password is not None and self.username is None:
            raise PydanticCustomError("monitor_username_missing", "a password is given but no username")
        if self.token is not None and self.password is not None:
            raise PydanticCustomError("monitor_token_twice", "give either a token or username and password")
        if (self.token is None) == (self.auth == "bearer"):
            raise PydanticCustomError("monitor_bearer", "auth: bearer and token belong together")
        return self
