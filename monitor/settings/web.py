"""What is served to browsers, as written in the file."""

from __future__ import annotations

import re
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr
from pydantic_core import PydanticCustomError

from monitor.settings.base import SettingsModel
from monitor.settings.values import Flag, PositiveDuration, Secret, split_url

_LISTEN = re.compile(
    r"(?:\[(?P<six>[0-9a-fA-F:.]+)\]|(?P<four>\d{1,3}(?:\.\d{1,3}){3}|localhost)):(?P<port>\d{1,5})"
)
_MOST_PORTS = 65_535


def _listen(value: str) -> str:
    parts = _LISTEN.fullmatch(value)
    if parts is None or not 0 < int(parts["port"]) <= _MOST_PORTS:
        raise PydanticCustomError(
            "monitor_listen", "expected an address and a port, such as 127.0.0.1:8480 or [::1]:8480"
        )
    return value


def _public_url(value: str) -> str:
    parts = split_url(value)
    if parts is None or "@" in parts.netloc or parts.query or parts.fragment:
        raise PydanticCustomError(
            "monitor_public_url", "expected an address such as https://cameras.example, without ? or #"
        )
    return value.rstrip("/")


def _link_key(value: SecretStr) -> SecretStr:
    if not re.fullmatch("[0-9a-fA-F]{64}", value.get_secret_value()):
        raise PydanticCustomError("monitor_link_key", "expected 64 hexadecimal digits (openssl rand -hex 32)")
    return value


class Web(SettingsModel):
    """The web server: pictures of incidents by their links, and signs of life."""

    enabled: Flag = Field(default=False, examples=[True])
    """Whether `monitor run` listens."""
    listen: Annotated[str, AfterValidator(_listen)] = Field(
        default="127.0.0.1:8480", examples=["0.0.0.0:8480"]
    )
    """Address and port. It speaks HTTP; for other machines put a proxy with TLS before it."""
    public_url: Annotated[str, AfterValidator(_public_url)] | None = Field(
        default=None, examples=["https://cameras.example"]
    )
    """Where people reach it; links to pictures begin with this."""
    link_lifetime_s: PositiveDuration = Field(default=7 * 86_400.0, ge=60.0, examples=["7d"])
    """How long a link to a picture works."""
    link_key: Annotated[Secret, AfterValidator(_link_key)] | None = Field(
        default=None, examples=[{"env": "MONITOR_LINK_KEY"}]
    )
    """Signs links, 64 hexadecimal digits; made and kept in `data_dir` where it is not given."""

    @property
    def address(self) -> tuple[str, int]:
        """Host and port to listen on."""
        parts = urlsplit(f"//{self.listen}")
        return parts.hostname or "", parts.port or 0


class Alerts(SettingsModel):
    """Rules for all alerts."""

    text_only: Flag = Field(default=False, examples=[True])
    """For privacy: no picture leaves, neither by a notifier nor by a link, whatever else is set."""
