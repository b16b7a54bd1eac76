"""Who is told about incidents, as written in the file: one model a kind, told apart by `kind`."""

from __future__ import annotations

import base64
import binascii
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, SecretStr
from pydantic_core import PydanticCustomError

from monitor.settings.base import SettingsModel
from monitor.settings.noise import Group, Remind, Route
from monitor.settings.values import AnchoredPath, Flag, Name, PositiveDuration, Secret, SecretAddress

_SIGNING_KEY_BYTES = (24, 64)


def _signing_key(value: SecretStr) -> SecretStr:
    """Accept only what receivers of Standard Webhooks can verify."""
    prefix, _, encoded = value.get_secret_value().partition("_")
    try:
        length = len(base64.b64decode(encoded, validate=True))
    except binascii.Error:
        length = 0
    least, most = _SIGNING_KEY_BYTES
    if prefix != "whsec" or not least <= length <= most:
        raise PydanticCustomError(
            "monitor_signing_key", "expected whsec_ followed by 24 to 64 random bytes in base64"
        )
    return value


SigningKey = Annotated[Secret, AfterValidator(_signing_key)]


class _Channel(SettingsModel):
    name: Name = Field(examples=["control-room"])
    """Unique name; deliveries are counted by it."""
    enabled: Flag = Field(default=True, examples=[False])
    """Whether anything is sent."""
    routes: tuple[Route, ...] = Field(default=(), examples=[[{"tags": ["critical"]}]])
    """Which incidents it hears of: those that any of these routes lets through; all where there are none."""
    group: Group | None = Field(default=None, examples=[{"by": ["site", "cause"], "wait": "30s"}])
    """Which alerts go out as one message; each by itself where it is not given."""
    remind: Remind | None = Field(default=None, examples=[{"every": "4h", "at_most": 3}])
    """Reminders of incidents that are open and that nobody has acknowledged; none where it is not given."""


class LogNotifier(_Channel):
    """Incidents as lines of the service's log."""

    kind: Literal["log"] = Field(examples=["log"])
    """Writes to the log."""
    level: Literal["info", "warning", "error"] = Field(default="warning", examples=["error"])
    """Level of the lines."""


class WebhookNotifier(_Channel):
    """Incidents as signed HTTP requests (Standard Webhooks)."""

    kind: Literal["webhook"] = Field(examples=["webhook"])
    """Posts JSON to an address."""
    url: SecretAddress = Field(examples=["https://alerts.example/hooks/cameras"])
    """The receiver's address; never shown, as such addresses are often secrets themselves."""
    secrets: tuple[SigningKey, ...] = Field(min_length=1, examples=[[{"env": "MONITOR_WEBHOOK_SECRET"}]])
    """Signing keys, newest first; several while the receiver changes over."""
    timeout_s: PositiveDuration = Field(default=10.0, examples=["10s"])
    """Time limit for one attempt."""
    allow_private: Flag = Field(default=False, examples=[True])
    """Whether the receiver may be on this machine or in a private network."""
    ca_file: AnchoredPath | None = Field(default=None, examples=["/etc/monitor/receivers-ca.pem"])
    """Certificates to trust instead of the system's, for receivers with a private authority."""


NotifierSettings = Annotated[LogNotifier | WebhookNotifier, Field(discriminator="kind")]
