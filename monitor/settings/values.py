"""The kinds of values that settings are made of: durations, sizes, names, paths, secrets, addresses."""

from __future__ import annotations

import difflib
import re
from pathlib import Path
from typing import Annotated, Any, LiteralString
from urllib.parse import SplitResult, urlsplit
from zoneinfo import ZoneInfo, available_timezones

from pydantic import (
    AfterValidator,
    AllowInfNan,
    BeforeValidator,
    Field,
    SecretStr,
    Strict,
    ValidationInfo,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError

from monitor.settings.reading import dereference, reading_of

_DURATION_UNITS_S = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0, "w": 604_800.0}
_DURATION = re.compile(r"(?:\d+(?:\.\d+)?(?:ms|[smhdw]) ?)+")
_DURATION_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|[smhdw])")
_SIZE_UNITS_BYTES: dict[str, int] = {"": 1, "B": 1} | {
    f"{letter}{suffix}": base ** (power + 1)
    for power, letter in enumerate("KMGT")
    for suffix, base in (("B", 1000), ("iB", 1024))
}
_SIZE = re.compile(r"(\d+(?:\.\d+)?) ?([KMGT]i?B|B|)", re.IGNORECASE)
_NAME = re.compile(r"\w[\w.-]{0,63}")
_WEB, _STREAM = ("http", "https"), ("rtsp", "rtsps")
_NO_ADDRESS: LiteralString = "expected an address that begins with http:// or https:// and a host"
_NO_STREAM_ADDRESS: LiteralString = "expected an address that begins with rtsp:// or rtsps:// and a host"
_LONGEST_S = 100 * 365.25 * 86_400.0


def parse_duration(value: object) -> float:
    """Seconds, from `30s`, `1h30m` or a number of seconds.

    Raises:
        PydanticCustomError: It is none of these, negative, or longer than a century.
    """
    if isinstance(value, str) and _DURATION.fullmatch(value.strip()):
        parts = _DURATION_PART.findall(value)
        seconds = sum(float(amount) * _DURATION_UNITS_S[unit] for amount, unit in parts)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        seconds = float(value)
    else:
        raise PydanticCustomError(
            "monitor_duration", "expected a duration such as 30s, 5m, 1h30m, or seconds"
        )
    if not 0.0 <= seconds <= _LONGEST_S:
        raise PydanticCustomError("monitor_duration", "expected a duration between 0 and 100 years")
    return seconds


def format_duration(seconds: float) -> str:
    """The shortest text that `parse_duration` reads back as the same duration."""
    for unit in ("d", "h", "m"):
        if seconds >= _DURATION_UNITS_S[unit] and seconds % _DURATION_UNITS_S[unit] == 0:
            return f"{seconds / _DURATION_UNITS_S[unit]:.0f}{unit}"
    return f"{seconds:.10g}s"


def parse_size(value: object) -> int:
    """Bytes, from `10MB` (10⁷), `10MiB` (10·2²⁰) or a number of bytes.

    Raises:
        PydanticCustomError: It is none of these, or negative.
    """
    if isinstance(value, str) and (match := _SIZE.fullmatch(value.strip())):
        unit = match[2].upper().replace("IB", "iB")
        return round(float(match[1]) * _SIZE_UNITS_BYTES[unit])
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    raise PydanticCustomError("monitor_size", "expected a size such as 500KB, 10MB, 2GiB, or bytes")


def _positive(value: float) -> float:
    if value <= 0:
        raise PydanticCustomError("monitor_positive", "expected more than 0")
    return value


def _named(value: str) -> str:
    if not _NAME.fullmatch(value):
        raise PydanticCustomError(
            "monitor_name",
            "expected a name of at most 64 letters, digits, dots, dashes and underscores, "
            "not beginning with a dot or dash",
        )
    return value


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (KeyError, ValueError, OSError):  # unknown, malformed, a folder
        near = difflib.get_close_matches(value, available_timezones(), n=1)
        hint = f"; did you mean {near[0]}?" if near else ""
        raise PydanticCustomError(
            "monitor_zone", "expected an IANA time zone such as Europe/Berlin{hint}", {"hint": hint}
        ) from None
    return value


def _path(value: object, info: ValidationInfo) -> Path:
    if not isinstance(value, str | Path) or not str(value) or "\0" in str(value):
        raise PydanticCustomError("monitor_path", "expected a path")
    return reading_of(info).anchored(str(value))


def _bundle(value: object, info: ValidationInfo) -> Path | None:
    return None if value is None or value == "default" else _path(value, info)


def _secret(value: object, info: ValidationInfo) -> object:
    found = dereference(value, reading_of(info))
    if not isinstance(found, str | SecretStr):
        hint = "; write a number that is a secret in quotes" if isinstance(found, int | float) else ""
        raise PydanticCustomError(
            "monitor_secret",
            "expected text, {env: NAME} or {file: /path/to/secret}{hint}",
            {"hint": hint},
        )
    if found in ("", SecretStr("")):
        raise PydanticCustomError("monitor_secret", "the secret is empty")
    return found


def split_url(text: str, schemes: tuple[str, ...] = _WEB) -> SplitResult | None:
    """The parts of a URL with one of the schemes, or None where it is none (no host, bad port, blanks in it)."""
    try:
        parts = urlsplit(text)
        usable = parts.scheme in schemes and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return None
    return parts if usable and not re.search(r"[\s\x00-\x1f]", text) else None


def _address(value: object, info: ValidationInfo) -> object:
    found = dereference(value, reading_of(info))
    if not isinstance(found, str):
        raise PydanticCustomError("monitor_url", "expected an address such as http://192.0.2.10/snapshot.jpg")
    return _without_user(found, split_url(found), _NO_ADDRESS)


def _stream_address(value: object, info: ValidationInfo) -> object:
    found = dereference(value, reading_of(info))
    if not isinstance(found, str):
        raise PydanticCustomError("monitor_url", "expected an address such as rtsp://192.0.2.10/stream1")
    return _without_user(found, split_url(found, _STREAM), _NO_STREAM_ADDRESS)


def _without_user(url: str, parts: SplitResult | None, otherwise: LiteralString) -> str:
    if parts is None:
        raise PydanticCustomError("monitor_url", otherwise)
    if "@" in parts.netloc:
        raise PydanticCustomError(
            "monitor_url_twice", "credentials stand in the address and also beside it; keep one of the two"
        )
    return url


def _secret_address(value: SecretStr) -> SecretStr:
    parts = split_url(value.get_secret_value())
    if parts is None:
        raise PydanticCustomError("monitor_url", _NO_ADDRESS)
    if "@" in parts.netloc:
        raise PydanticCustomError("monitor_url_credentials", "this address cannot contain user:password@")
    return value


def _database(value: SecretStr, info: ValidationInfo) -> SecretStr:
    url = value.get_secret_value()
    scheme, separator, rest = url.partition("://")
    if not separator or scheme.partition("+")[0] not in ("sqlite", "postgresql"):
        raise PydanticCustomError(
            "monitor_database", "expected sqlite:///folder/monitor.db or postgresql://user@host/database"
        )
    is_file = (
        scheme.startswith("sqlite") and rest.startswith("/") and not rest.startswith(("/:memory:", "/file:"))
    )
    if is_file and rest != "/":
        return SecretStr(f"{scheme}:///{reading_of(info).anchored(rest[1:])}")
    return value


# Says in the schema what a text stands for, where JSON has no type for it.
KIND_KEY = "x-kind"
_SECRET_SCHEMA: dict[str, Any] = {
    "anyOf": [
        {"type": "string"},
        {
            "type": "object",
            "properties": {
                "env": {
                    "type": "string",
                    "description": "An environment variable.",
                    "examples": ["GATE_PASSWORD"],
                }
            },
            "required": ["env"],
            "additionalProperties": False,
        },
        {
            "type": "object",
            "properties": {
                "file": {"type": "string", "description": "A file's path.", "examples": ["/run/secrets/gate"]}
            },
            "required": ["file"],
            "additionalProperties": False,
        },
    ],
    KIND_KEY: "secret",
}
_DURATION_SCHEMA: dict[str, Any] = {"type": ["string", "number"], KIND_KEY: "duration"}

Flag = Annotated[bool, Strict()]
Count = Annotated[int, Strict(), Field(ge=1)]
WholeNumber = Annotated[int, Strict()]
Number = Annotated[float, Strict(), AllowInfNan(False)]
Share = Annotated[float, Strict(), Field(gt=0.0, le=1.0)]
Fraction = Annotated[float, Strict(), Field(ge=0.0, le=1.0)]
Duration = Annotated[float, BeforeValidator(parse_duration), WithJsonSchema(_DURATION_SCHEMA)]
PositiveDuration = Annotated[Duration, AfterValidator(_positive), WithJsonSchema(_DURATION_SCHEMA)]
Size = Annotated[
    int,
    BeforeValidator(parse_size),
    AfterValidator(_positive),
    WithJsonSchema({"type": ["string", "integer"], KIND_KEY: "size"}),
]
Name = Annotated[str, AfterValidator(_named)]
ZoneName = Annotated[str, AfterValidator(_zone), WithJsonSchema({"type": "string", KIND_KEY: "time zone"})]
AnchoredPath = Annotated[Path, BeforeValidator(_path), WithJsonSchema({"type": "string", KIND_KEY: "path"})]
BundlePath = Annotated[
    Path | None, BeforeValidator(_bundle), WithJsonSchema({"type": "string", KIND_KEY: "path"})
]
Secret = Annotated[SecretStr, BeforeValidator(_secret), WithJsonSchema(_SECRET_SCHEMA)]
Address = Annotated[str, BeforeValidator(_address), WithJsonSchema(_SECRET_SCHEMA | {KIND_KEY: "address"})]
StreamAddress = Annotated[
    str, BeforeValidator(_stream_address), WithJsonSchema(_SECRET_SCHEMA | {KIND_KEY: "address"})
]
SecretAddress = Annotated[
    Secret, AfterValidator(_secret_address), WithJsonSchema(_SECRET_SCHEMA | {KIND_KEY: "address"})
]
DatabaseUrl = Annotated[
    Secret, AfterValidator(_database), WithJsonSchema(_SECRET_SCHEMA | {KIND_KEY: "address"})
]
