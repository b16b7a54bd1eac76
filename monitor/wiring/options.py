"""Options of the adapters, made from those of the settings."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any, TypeVar, get_args, get_type_hints

from pydantic import SecretStr

T = TypeVar("T")


def build_options(kind: type[T], values: Mapping[str, Any]) -> T:
    """The adapter's options dataclass from settings of the same names.

    Where the adapter takes a plain string, or a mapping to such, secrets are uncovered; where it takes one of several
    words, the word is looked up; options left open keep the adapter's defaults.
    """
    hints = get_type_hints(kind)
    given = {name: value for name, value in values.items() if value is not None and name in hints}
    return kind(**{name: _fitting(value, hints[name]) for name, value in given.items()})


def _fitting(value: Any, hint: Any) -> Any:
    if hint == SecretStr or SecretStr in get_args(hint):
        return value
    if isinstance(hint, type) and issubclass(hint, Enum):
        return hint(value)
    return _uncovered(value)


def _uncovered(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _uncovered(inner) for name, inner in value.items()}
    return value.get_secret_value() if isinstance(value, SecretStr) else value
