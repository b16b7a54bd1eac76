"""Settings and plans as plain data for people and machines, without anything secret."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from pydantic import BaseModel, SecretStr

from monitor.settings.base import key_of
from monitor.settings.values import format_duration

HIDDEN = "[secret]"


def display(value: object, secrets: frozenset[str]) -> Any:
    """Plain data with the keys of the file, durations in words, secrets hidden wherever they stand.

    Args:
        value: Settings, a plan, or any part of them.
        secrets: What to hide inside texts (`secrets_of`); secret fields are hidden in any case.
    """
    if isinstance(value, BaseModel):
        return _entries({name: inner for name, inner in value if inner is not None}, secrets)
    if is_dataclass(value):
        return _entries({field.name: getattr(value, field.name) for field in fields(value)}, secrets)
    if isinstance(value, Mapping):
        return _entries(value, secrets)
    if isinstance(value, tuple | list | frozenset):
        return [display(inner, secrets) for inner in value]
    if isinstance(value, SecretStr):
        return HIDDEN
    if isinstance(value, Enum):
        return value.value
    return _without_secrets(str(value), secrets) if isinstance(value, str | Path) else value


def _entries(entries: Mapping[Any, Any], secrets: frozenset[str]) -> dict[str, Any]:
    shown: dict[str, Any] = {}
    for name, value in entries.items():
        text = str(name.value if isinstance(name, Enum) else name)
        key = key_of(text)
        shown[key] = _durations(value) if key != text else display(value, secrets)
    return shown


def _durations(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _durations(inner) for key, inner in value.items()}
    return format_duration(value) if isinstance(value, int | float) else value


def _without_secrets(text: str, secrets: frozenset[str]) -> str:
    for secret in sorted(secrets, key=len, reverse=True):
        text = text.replace(secret, HIDDEN)
    return text
