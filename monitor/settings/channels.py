"""Who is told about incidents, as written in the file: one model a kind, told apart by `kind`."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    SecretStr,
    ValidationInfo,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import PydanticCustomError

from monitor.settings.base import SettingsModel
from monitor.settings.noise import Group, Remind, Route
from monitor.settings.reading import read_file, reading_of
from monitor.settings.values import (
    KIND_KEY,
    AnchoredPath,
    Flag,
    Name,
    PositiveDuration,
    Secret,
    SecretAddress,
)

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


STANDARD = "standard"
TEMPLATES = (STANDARD, "slack", "teams", "pagerduty", "alertmanager")
"""The formats that need no template of one's own."""
# Their bodies hold a secret of the receiver's; and have no room for pictures.
_KEYED = frozenset({"pagerduty"})
_PICTURELESS = frozenset(TEMPLATES) - {STANDARD}
_HEADER = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}")


def _template(value: object, info: ValidationInfo) -> str:
    """The name of a format, or the text of the template in a file."""
    if isinstance(value, Mapping) and len(value) == 1 and isinstance(name := value.get("file"), str):
        return read_file(name, reading_of(info), "template file")[0]
    if isinstance(value, str) and value in TEMPLATES:
        return value
    raise PydanticCustomError(
        "monitor_template",
        "expected one of {names}, or {file} with a template of your own",
        {"names": ", ".join(TEMPLATES), "file": "{file: PATH}"},
    )


def _header(value: str) -> str:
    if not _HEADER.fullmatch(value):
        raise PydanticCustomError("monitor_header", "expected a header's name, such as X-Token")
    return value


_TEMPLATE_SCHEMA = {
    "anyOf": [
        {"enum": list(TEMPLATES)},
        {
            "type": "object",
            "properties": {
                "file": {
                    "type": "string",
                    "description": "A file with a template.",
                    "examples": ["templates/mattermost.json.j2"],
                }
            },
            "required": ["file"],
            "additionalProperties": False,
        },
    ],
    KIND_KEY: "format",
}
Template = Annotated[str, BeforeValidator(_template), WithJsonSchema(_TEMPLATE_SCHEMA)]
HeaderName = Annotated[str, AfterValidator(_header)]
Pictures = Literal["none", "link", "attach"]
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
    """Incidents as HTTP requests: signed ones (Standard Webhooks), or in the format of a known receiver."""

    kind: Literal["webhook"] = Field(examples=["webhook"])
    """Posts JSON to an address."""
    url: SecretAddress = Field(examples=["https://alerts.example/hooks/cameras"])
    """The receiver's address; never shown, as such addresses are often secrets themselves."""
    template: Template = Field(default=STANDARD, examples=["slack"])
    """What the body looks like: `standard` (ours, signed), `slack`, `teams`, `pagerduty`, `alertmanager`, or a
    template of your own as `{file: PATH}`.
    """
    secrets: tuple[SigningKey, ...] = Field(default=(), examples=[[{"env": "MONITOR_WEBHOOK_SECRET"}]])
    """Signing keys, newest first; several while the receiver changes over. The format `standard` needs one."""
    key: Secret | None = Field(default=None, examples=[{"env": "PAGERDUTY_ROUTING_KEY"}])
    """A secret that the format puts into the body: PagerDuty's routing key."""
    headers: Mapping[HeaderName, Secret] = Field(
        default_factory=lambda: MappingProxyType({}), examples=[{"X-Token": {"env": "RECEIVER_TOKEN"}}]
    )
    """Further headers, for receivers that ask for a token; values are secrets."""
    pictures: Pictures = Field(default="none", examples=["link"])
    """Whether pictures of incidents are left out, linked (needs `web`), or in the body (in Base64)."""
    timeout_s: PositiveDuration = Field(default=10.0, examples=["10s"])
    """Time limit for one attempt."""
    allow_private: Flag = Field(default=False, examples=[True])
    """Whether the receiver may be on this machine or in a private network."""
    ca_file: AnchoredPath | None = Field(default=None, examples=["/etc/monitor/receivers-ca.pem"])
    """Certificates to trust instead of the system's, for receivers with a private authority."""

    @model_validator(mode="after")
    def _fits_together(self) -> WebhookNotifier:
        """Refuse what the receiver would refuse."""
        if self.template == STANDARD and not self.secrets:
            raise PydanticCustomError(
                "monitor_unsigned", "the format standard needs a signing key in `secrets`"
            )
        if self.template in _KEYED and self.key is None:
            raise PydanticCustomError("monitor_keyless", "this format needs the receiver's `key`")
        if self.template in _PICTURELESS and self.pictures == "attach":
            raise PydanticCustomError(
                "monitor_pictureless", "this format has no room for pictures; use `pictures: link`"
            )
        return self


class AppriseNotifier(_Channel):
    """Incidents through Apprise: mail, Telegram, ntfy, MQTT and a hundred other services."""

    kind: Literal["apprise"] = Field(examples=["apprise"])
    """Sends through Apprise, which is to be installed with the extra `[apprise]`."""
    urls: tuple[Secret, ...] = Field(min_length=1, examples=[[{"env": "MAIL_URL"}]])
    """Apprise's addresses, such as `mailtos://user:password@mail.example?to=ops@example.com`; never shown. They are
    contacted wherever they lead.
    """
    pictures: Pictures = Field(default="none", examples=["attach"])
    """Whether pictures of incidents are left out, linked (needs `web`), or attached."""
    timeout_s: PositiveDuration = Field(default=30.0, examples=["30s"])
    """Time limit for one attempt, for all addresses together."""


NotifierSettings = Annotated[LogNotifier | WebhookNotifier | AppriseNotifier, Field(discriminator="kind")]
